"""What the paper on inductive biases says, its tables and a figure."""

from vaekit.experiments._claims import Claim, Finding
from vaekit.experiments._tables import Table
from vaekit.experiments.studies._figures import compared

VAES = ("BetaVAE", "FactorVAE", "BetaTCVAE", "SlowVAE")
METRICS = {"dci_disentanglement": "DCI:.2f", "factor_vae": "FactorVAE:.2f", "sap": "SAP:.2f"}
VERSIONS = ("original", "modified", "noise")


def means_by_version(frame, data, methods):
    """Means and deviations over seeds, (method, metric) by version; None where some are missing."""
    rows = frame[(frame.data == data) & frame.method.isin(methods)]
    if len(set(zip(rows.method, rows.version))) < len(methods) * len(VERSIONS):
        return None
    groups = rows.groupby(["version", "method"])[list(METRICS)]
    return groups.mean(), groups.std(), rows.seed.nunique()


def lowers(data, other="original"):
    """Test that the modification lowers every metric of every VAE, beside another version."""

    def test(frame):
        found = means_by_version(frame, data, VAES)
        if found is None:
            return None
        means, _, n_seeds = found
        gaps = means.loc[other] - means.loc["modified"]
        said = "; ".join(f"{m} {', '.join(f'{gap:.2f}' for gap in gaps.loc[m])}" for m in VAES)
        return Finding(bool((gaps > 0).all(axis=None)), f"DCI, FactorVAE, SAP fall by {said} ({n_seeds} seeds)")

    return test


def leaves_pcl(data):
    """Test that PCL's DCI and FactorVAE metric stay within a deviation over seeds."""

    def test(frame):
        found = means_by_version(frame, data, ("PCL",))
        if found is None or found[2] < 2:
            return None
        means, deviations, n_seeds = found
        metrics = ["dci_disentanglement", "factor_vae"]
        gaps = (means.loc["original"] - means.loc["modified"]).loc["PCL", metrics]
        within = deviations.loc["original"].loc["PCL", metrics]
        said = ", ".join(f"{METRICS[m].partition(':')[0]} {gaps[m]:.3f} of {within[m]:.3f}" for m in metrics)
        return Finding(bool((gaps.abs() <= within).all()), f"falls by {said} ({n_seeds} seeds)")

    return test


PUBLISHED = """
BetaVAE   .11±.03 .08±.11 .14±.07 .73±.14 .43±.06 .56±.06 .47±.07 .38±.13 .50±.10 .80±.17 .54±.10 .71±.06 .04 .02 .03 .16 .03 .09
FactorVAE .37±.10 .27±.11 .24±.09 .39±.18 .25±.08 .57±.20 .67±.11 .62±.14 .60±.11 .63±.15 .48±.05 .71±.15 .07 .06 .08 .07 .04 .08
BetaTCVAE .34±.06 .19±.10 .27±.03 .67±.08 .41±.05 .59±.09 .68±.09 .53±.15 .60±.12 .76±.07 .57±.07 .71±.06 .08 .06 .05 .08 .04 .06
SlowVAE   .47±.07 .40±.07 .47±.08 .65±.10 .33±.08 .73±.09 .77±.03 .77±.04 .76±.07 .87±.10 .62±.06 .85±.08 .08 .07 .07 .09 .04 .09
PCL       .28±.03 .30±.03 .29±.06 .70±.06 .67±.09 .71±.07 .77±.09 .82±.05 .77±.08 .80±.06 .77±.07 .80±.06 .07 .10 .10 .07 .07 .07
"""  # noqa: E501 - DCI of dSprites and Shapes3D, then FactorVAE, then SAP; original, modified, noise of each


def published_tables():
    """Tables 2 to 4 by data, method and version."""
    table = {}
    for method, *numbers in map(str.split, PUBLISHED.strip().splitlines()):
        places = [(data, version, m) for m in METRICS for data in ("dsprites", "shapes3d") for version in VERSIONS]
        for (data, version, metric), number in zip(places, numbers):
            table.setdefault((data, method, version), {})[metric] = number
    return table


def draw_metrics(frame):
    """Metrics of every run of each method, on each version of the images."""
    names = {metric: told.partition(":")[0] for metric, told in METRICS.items()}
    ways = dict.fromkeys(names.values(), "higher")
    by_method = frame.iloc[frame.method.map((*VAES, "PCL").index).argsort(kind="stable")]
    return compared(by_method.rename(columns=names), ["method", "version"], ways, "data")


CLAIMS = [
    *(Claim(f"{data}: the modification lowers DCI, FactorVAE metric and SAP of all four VAEs", "tables 2 to 4",
            lowers(data)) for data in ("shapes3d", "dsprites", "squares")),
    *(Claim(f"{data}: they are lower than with as much noise, too", "tables 2 to 4", lowers(data, "noise"))
      for data in ("shapes3d", "dsprites", "squares")),
    *(Claim(f"{data}: PCL keeps its DCI and FactorVAE metric within one deviation over seeds", "tables 2 and 3",
            leaves_pcl(data)) for data in ("shapes3d", "dsprites", "squares")),
]  # fmt: skip
SHOWN = [Table("Tables 2 to 4", ["data", "method", "version"], METRICS, published_tables())]  # fmt: skip
