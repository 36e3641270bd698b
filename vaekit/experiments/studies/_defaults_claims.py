"""What is asked of defaults."""

import vaekit.estimators
from vaekit.experiments._claims import Claim, Finding
from vaekit.experiments._tables import Table
from vaekit.experiments._words import spread

AWKWARD = ("wide", "offset")
FAMILY = [name for name in vaekit.estimators.__all__ if name not in ("AVB", "ConditionalVAE", "PCL", "SlowVAE")]


def not_below_pca(world):
    """Test that the held-out density of VAE() is at least that of principal components, in the mean."""

    def test(frame):
        rows = frame[(frame.question == "density") & (frame.world == world)]
        ours, theirs = (rows[rows.model == model].get("density") for model in ("VAE", "PCA"))
        if ours is None or ours.empty or theirs.empty:
            return None
        said = f"{spread(ours)} beside {spread(theirs)} ({rows.seed.nunique()} seeds, 3 folds)"
        return Finding(bool(ours.mean() >= theirs.mean()), said)

    return test


def survives(world):
    """Test that no estimator explains less than .85 of the column that fares worst; .9 can be explained."""

    def test(frame):
        rows = frame[(frame.question == "columns") & (frame.world == world) & frame.model.isin(FAMILY)]
        if rows.model.nunique() < len(FAMILY):
            return None
        worst = rows.groupby("model").worst_column.min()
        said = f"least {worst.min():.3f}, of {worst.idxmin()} ({rows.seed.nunique()} seeds)"
        return Finding(bool(worst.min() >= 0.85), said)

    return test


CLAIMS = [
    *(Claim(f"{world}: the held-out density of VAE() is at least that of as many principal components",
            "docs/defaults.md", not_below_pca(world))
      for world in ("iris", "wine", "breast cancer", "diabetes", "digits")),
    *(Claim(f"{world} columns: every estimator's defaults explain at least .85 of each", "docs/defaults.md",
            survives(world)) for world in AWKWARD),
]  # fmt: skip
SHOWN = [
    Table("Held-out nats per row", ["world", "model"], {"density": "density:.2f"}, only={"question": "density"}),
    Table("Active latents of ten, two moons", ["model"], {"active": "active:.1f"}, only={"question": "active"}),
    Table("Share explained of the column that fares worst", ["world", "model"], {"worst_column": "share"},
          only={"question": "columns"}),
    Table("Accuracy of trees on ten codes of digits", ["model"], {"accuracy": "accuracy"},
          only={"question": "codes"}),
]  # fmt: skip
