"""The studies that are here: a file each."""

STUDIES = (
    "thesis",
    "dpvae",
    "decoupled",
    "learned_priors",
    "demystifying",
    "manipulation",
    "mnist_likelihood",
    "beta_tcvae_dsprites",
    "positions",
    "sprites",
    "priors",
    "identifiable",
    "conditional",
    "target_kl",
    "defaults",
    "tables",
    "imputation",
    "outliers",
)

__all__ = ["STUDIES"]
