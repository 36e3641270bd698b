"""What was seen of TVAE, and what is asked of draws of tables."""

from vaekit.experiments._claims import Claim, Finding, is_lower
from vaekit.experiments._tables import Table
from vaekit.experiments._words import spread

WORLDS = ("wine", "breast cancer", "mixed")


def draws_beat_means(table):
    """Test that decoded means are told from real rows more easily."""

    def test(frame):
        rows = frame[(frame.table == table) & (frame.method == "VAE")]
        if rows.empty:
            return None
        gain = rows.detection_auc_of_means - rows.detection_auc
        said = f"{spread(rows.detection_auc)} beside {spread(rows.detection_auc_of_means)}"
        return Finding(bool((gain > 0).all()), f"{said}; lower in {int((gain > 0).sum())} of {len(rows)} seeds")

    return test


def at_most(method, table, area):
    """Test the mean over seeds."""

    def test(frame):
        areas = frame[(frame.table == table) & (frame.method == method)].detection_auc
        if areas.empty:
            return None
        return Finding(bool(areas.mean() <= area), f"{', '.join(f'{one:.3f}' for one in areas)} ({len(areas)} seeds)")

    return test


def beats_tvae(method, table):
    """Test a method beside TVAE."""
    return is_lower("detection_auc", {"table": table, "method": method}, {"table": table, "method": "TVAE"})


TRIED = "a trial of one seed, with ctgan 0.12.1"
BEFORE = {
    ("wine", "VAE"): {"detection_auc": ".702", "detection_auc_of_means": ".944"},
    ("wine", "DPVAE"): {"detection_auc": ".627"},
    ("wine", "TVAE"): {"detection_auc": ".850"},
    ("wine", "GaussianMixture(5)"): {"detection_auc": ".562"},
    ("breast cancer", "VAE"): {"detection_auc": ".819", "detection_auc_of_means": ".928"},
    ("breast cancer", "DPVAE"): {"detection_auc": ".788"},
    ("breast cancer", "TVAE"): {"detection_auc": ".905"},
    ("breast cancer", "GaussianMixture(5)"): {"detection_auc": ".477"},
}


CLAIMS = [
    *(Claim(f"{table}: drawn rows are told from real ones less easily than decoded means", TRIED,
            draws_beat_means(table)) for table in WORLDS),
    *(Claim(f"{table}: rows of {method} are told less easily than TVAE's of that trial, {area}", TRIED,
            at_most(method, table, area))
      for table, area in (("wine", 0.850), ("breast cancer", 0.905)) for method in ("VAE", "DPVAE")),
    *(Claim(f"{table}: than TVAE's here", TRIED, beats_tvae("DPVAE", table), "its runs are not there")
      for table in WORLDS),
]  # fmt: skip
SHOWN = [
    Table("A forest's area under the curve, .5 is perfect", ["table", "method"],
          {"detection_auc": "drawn", "detection_auc_of_means": "decoded means",
           "detection_auc_holdout": "training rows"}, BEFORE),
    Table("The other numbers", ["table", "method"],
          {"column_distance": "columns", "column_distance_holdout": "training rows",
           "association_distance": "associations", "association_distance_holdout": "training rows",
           "closest_record": "closest record", "closest_record_holdout": "of held-out rows",
           "share_closer": "share closer", "copies": "copies"}),
]  # fmt: skip
