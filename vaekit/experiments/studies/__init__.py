"""The studies that are here: a file each."""

STUDIES = (
    "thesis",
    "dpvae",
    "decoupled",
    "learned_priors",
    "demystifying",
    "mnist_likelihood",
    "beta_tcvae_dsprites",
    "positions",
    "sprites",
    "priors",
    "defaults",
    "tables",
    "imputation",
    "outliers",
)

__all__ = ["STUDIES"]
