"""The thesis' tables beside what it published, and its figures."""

import numpy as np

from vaekit.experiments._tables import Table
from vaekit.experiments.studies._figures import compared
from vaekit.inspection import MetricDistributionDisplay, RankCorrelationDisplay, ReconstructionDisplay

METHODS = ("BetaVAE", "FactorVAE", "BetaTCVAE", "DIPVAE")
METRICS = {"beta_vae": "beta-VAE metric", "factor_vae": "FactorVAE metric", "mig": "MIG"}
TERMS = {"elbo": "ELBO", "reconstruction": "reconstruction", "kl": "KL"}
SHARE = "sample_efficiency"
TREES = {"accuracy": "accuracy of trees", SHARE: "few / many labels"}
OTHER_SCORES = {
    "dci_disentanglement": "DCI D", "dci_completeness": "DCI C", "sap": "SAP", "info_modularity": "InfoM",
    "info_compactness": "InfoC", "info_explicitness": "InfoE",
}  # fmt: skip
PUBLISHED_5_3 = {
    (1,): {"beta_vae": ".867 ± .079", "factor_vae": ".696 ± .065", "mig": ".201 ± .070"},
    (3,): {"beta_vae": ".860 ± .055", "factor_vae": ".737 ± .031", "mig": ".269 ± .028"},
    (10,): {"beta_vae": ".762 ± .038", "factor_vae": ".666 ± .018", "mig": ".270 ± .013"},
    (30,): {"beta_vae": ".729 ± .006", "factor_vae": ".658 ± .014", "mig": ".269 ± .013"},
}
PUBLISHED_5_6 = {
    ("BetaVAE",): {"beta_vae": ".867 (1)", "factor_vae": ".737 (3)", "mig": ".270 (10)"},
    ("FactorVAE",): {"beta_vae": ".894 ± .033 (10)", "factor_vae": ".758 ± .054 (10)", "mig": ".297 ± .061 (25)"},
    ("BetaTCVAE",): {"beta_vae": ".884 ± .049 (1)", "factor_vae": ".736 ± .028 (1)", "mig": ".285 ± .060 (1)"},
    ("DIPVAE",): {"beta_vae": ".612 ± .041 (1)", "factor_vae": ".479 ± .038 (1)", "mig": ".039 ± .011 (1)"},
}


def at_best_strength(frame):
    """A row per method and seed, each metric at the strength whose mean is best."""
    rows = {}
    for metric in METRICS:
        means = frame.groupby(["method", "strength"])[metric].mean()
        best = dict(means.groupby("method").idxmax().tolist())
        for method, strength in ((method, best[method]) for method in METHODS if method in best):
            chosen = frame[(frame.method == method) & (frame.strength == strength)]
            for seed, value in zip(chosen.seed, chosen[metric]):
                row = rows.setdefault((method, seed), {"method": method, "seed": seed})
                row |= {metric: value, f"{metric}_at": strength}
    return frame.__class__(list(rows.values()))


def draw_metrics(frame):
    """Figures 5.6 to 5.8: metrics of all runs of each method."""
    return MetricDistributionDisplay.from_frame(
        frame[["method", "seed", *METRICS]].rename(columns=METRICS), model="method"
    )


def draw_settings(frame):
    """Tables 5.3 to 5.6, figures 5.5 and 5.19: every run at every strength, and what trees make of few of its codes."""
    ways = dict.fromkeys(METRICS.values(), "higher") | {TERMS["reconstruction"]: "lower", TREES[SHARE]: "higher"}
    return compared(frame.rename(columns=METRICS | TERMS | TREES), ["method", "strength"], ways)


def draw_correlations(frame):
    """Figures 5.15 and 5.16: rank correlations of metrics, terms of the loss, and trees on codes, over all runs."""
    numbers = METRICS | TERMS | TREES
    return RankCorrelationDisplay.from_frame(frame[[*numbers]].rename(columns=numbers))


def draw_unlike(frame):
    """Images as trained on, with flipped pixels, inverted, two in one; and what a beta-VAE makes of them."""
    of_seed = frame[(frame.method == "BetaVAE") & frame.pictures.notna()].iloc[0]
    images, back = np.array(of_seed.pictures)
    return ReconstructionDisplay(X=images, reconstructions=back)


SHOWN = [
    Table("Table 5.3: the beta-VAE by beta", ["strength"], METRICS | {"reconstruction": "reconstruction:.1f",
          "kl": "KL:.1f"}, PUBLISHED_5_3, {"method": "BetaVAE"}),
    Table("Table 5.6: each method at its best strength", ["method"], METRICS, PUBLISHED_5_6, of=at_best_strength),
    Table("Every setting", ["method", "strength"], METRICS | OTHER_SCORES),
    Table("Trees on codes", ["method"], {"accuracy": "accuracy, many labels", "accuracy_few": "few labels",
          "sample_efficiency": "few / many"}, {("FactorVAE",): {"accuracy": ".72", "sample_efficiency": ".58"}}),
    Table("Images unlike those of training: root mean squared error, and the share of codes that is kept (below 0 "
          "they move further than codes differ)",
          ["method", "strength"], {"error": "as trained", "error_noisy": "a tenth flipped",
          "error_inverted": "inverted", "error_two": "two sprites", "codes_kept_noisy": "kept, flipped",
          "codes_kept_inverted": "kept, inverted"}),
]  # fmt: skip
FIGURES = {
    "metrics": draw_metrics,
    "settings": draw_settings,
    "correlations": draw_correlations,
    "unlike": draw_unlike,
}
