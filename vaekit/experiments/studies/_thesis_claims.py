"""What the thesis says of its runs."""

import numpy as np

from vaekit.experiments._claims import Claim, Finding, is_lower
from vaekit.experiments.studies._images import rises, told
from vaekit.experiments.studies._thesis_tables import METHODS, METRICS, at_best_strength
from vaekit.metrics import rank_correlation, udr_scores

SOURCE = "Mushom, master's thesis"
FIGURE_5_16 = {  # Spearman correlations over all runs
    "elbo": {"beta_vae": -0.14, "factor_vae": -0.22, "mig": 0.10},
    "reconstruction": {"beta_vae": 0.23, "factor_vae": 0.16, "mig": 0.44},
    "kl": {"beta_vae": -0.33, "factor_vae": -0.28, "mig": -0.50},
}
BETWEEN = (0.05, 0.5)
BETWEEN_SAID = f"{BETWEEN[0]} and {BETWEEN[1]} nats"


def is_extreme(method, metrics, best):
    """Test that a method is the best, or the worst, of the four in metrics, each at its best strength."""

    def test(frame):
        of_methods = at_best_strength(frame).groupby("method")
        means = of_methods[list(metrics)].mean()
        if len(means) < len(METHODS):
            return None
        holds = ((means.idxmax() if best else means.idxmin()) == method).all()
        said = "; ".join(f"{METRICS[metric]}: {told(dict(iter(of_methods[metric])))}" for metric in metrics)
        return Finding(bool(holds), f"{said} ({frame.seed.nunique()} seeds)")

    return test


def has_signs(term):
    """Test that a term of the loss and the metrics are correlated with the signs of figure 5.16."""

    def test(frame):
        if len(frame) < 3 or frame.method.nunique() < len(METHODS):
            return None
        of_term = rank_correlation(frame[[term, *METRICS]].dropna())[term]
        holds = all(of_term[metric] * published > 0 for metric, published in FIGURE_5_16[term].items())
        said = (f"{METRICS[m]} {of_term[m]:.2f} beside {published}" for m, published in FIGURE_5_16[term].items())
        return Finding(holds, f"{', '.join(said)} ({len(frame)} runs)")

    return test


def metrics_agree(frame):
    """Every two are positively correlated over runs."""
    table = rank_correlation(frame[list(METRICS)]) if len(frame) >= 3 else None
    if table is None:
        return None
    pairs = [("beta_vae", "factor_vae"), ("beta_vae", "mig"), ("factor_vae", "mig")]
    said = {f"{METRICS[a]} and {METRICS[b]}": table[a][b] for a, b in pairs}
    return Finding(all(value > 0 for value in said.values()), f"{told(said, '.2f')} ({len(frame)} runs)")


def seeds_matter(frame):
    """Deviation over seeds of one setting, mean over settings, beside that of the methods' means."""
    if frame.method.nunique() < len(METHODS) or frame.seed.nunique() < 2:
        return None
    of_seeds = {m: frame.groupby(["method", "strength"])[m].std().mean() for m in METRICS}
    of_methods = {m: frame.groupby("method")[m].mean().std() for m in METRICS}
    said = "; ".join(f"{METRICS[m]} {of_seeds[m]:.3f} beside {of_methods[m]:.3f}" for m in METRICS)
    return Finding(all(of_seeds[m] >= of_methods[m] for m in METRICS), f"{said} ({frame.seed.nunique()} seeds)")


def latents_are_active_or_not(frame):
    """Share of latents whose KL is neither near 0 nor that of a code, at betas above 1: at most a tenth."""
    ours = frame[(frame.method == "BetaVAE") & (frame.strength > 1)]
    if ours.empty:
        return None
    kl = np.concatenate(list(ours.kl_per_component))
    between = np.mean((kl > BETWEEN[0]) & (kl < BETWEEN[1]))
    said = f"{between:.0%} of {len(kl)} latents lie between ({ours.seed.nunique()} seeds)"
    return Finding(bool(between <= 0.1), said)


def selects_without_labels(frame):
    """UDR of the beta-VAEs, correlated with each metric over runs."""
    ours = frame[frame.method == "BetaVAE"]
    if len(ours) < 3 or ours.seed.nunique() < 2:
        return None
    agreement = udr_scores([np.array(c) for c in ours.codes], kl_per_component=list(ours.kl_per_component))
    table = rank_correlation({"udr": agreement, **{metric: ours[metric] for metric in METRICS}})["udr"]
    said = {METRICS[metric]: table[metric] for metric in METRICS}
    return Finding(bool(table["factor_vae"] > 0 and table["mig"] > 0), f"{told(said, '.2f')} ({len(ours)} runs)")


CLAIMS = [
    Claim("FactorVAE has the highest FactorVAE metric and MIG", "table 5.6",
          is_extreme("FactorVAE", ("factor_vae", "mig"), best=True)),
    Claim("DIP-VAE is the lowest in every metric", "table 5.6", is_extreme("DIPVAE", METRICS, best=False)),
    Claim("reconstruction error of the beta-VAE rises with beta", "table 5.3, figure 5.5",
          rises("reconstruction", "strength", method="BetaVAE")),
    Claim("its FactorVAE metric is higher at beta = 3 than at 10", "table 5.3",
          is_lower("factor_vae", {"method": "BetaVAE", "strength": 10}, {"method": "BetaVAE", "strength": 3})),
    *(Claim(f"correlations of {term} with metrics have the published signs", "figure 5.16", has_signs(term))
      for term in FIGURE_5_16),
    Claim("seeds matter as much as methods: the spread over seeds is at least that of methods' means",
          "figures 5.5 to 5.8", seeds_matter),
    Claim("latents of a beta-VAE are active or passive: hardly any KL is between " + BETWEEN_SAID,
          "chapter 5, KL of each latent", latents_are_active_or_not),
    Claim("the three metrics agree on which runs are good", "figure 5.15", metrics_agree),
    Claim("agreement between models ranks beta-VAEs as FactorVAE metric and MIG do, without labels",
          "Duan et al., ICLR 2020, https://arxiv.org/abs/1905.12614, figure 3", selects_without_labels),
]  # fmt: skip
