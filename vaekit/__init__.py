"""Variational autoencoders with decoupled priors, as scikit-learn estimators."""

import importlib
from typing import TYPE_CHECKING

from vaekit.utils._version import __version__  # noqa: F401

# those that fit X alone, and sample
ESTIMATORS = [
    "AAE",
    "AVB",
    "AnnealedDPVAE",
    "AnnealedVAE",
    "BetaDPVAE",
    "BetaTCDPVAE",
    "BetaTCVAE",
    "BetaVAE",
    "DIPDPVAE",
    "DIPVAE",
    "DPVAE",
    "DecoupledBetaVAE",
    "FactorDPVAE",
    "FactorVAE",
    "FlowPriorVAE",
    "GMMNAE",
    "IWAE",
    "InfoDPVAE",
    "InfoVAE",
    "LearnedPriorAAE",
    "SlowVAE",
    "TripodVAE",
    "VAE",
    "WAE",
]
APART = ["ConditionalVAE", "PCL"]  # one that is told y, and an encoder without a way back
BATCHING = ["batched_fits", "data_parallel", "fit_many"]
FOLDERS = [
    "batching",
    "datasets",
    "estimators",
    "evaluation",
    "exceptions",
    "experiments",
    "functional",
    "impute",
    "inspection",
    "likelihoods",
    "metrics",
    "model",
    "model_selection",
    "nn",
    "objectives",
    "outlier",
    "persistence",
    "posteriors",
    "presets",
    "priors",
    "words",
]

__all__ = [*ESTIMATORS, *APART, *BATCHING, *FOLDERS]

if TYPE_CHECKING:  # what __getattr__ finds, as imports, so that editors know it and misspelt names are errors
    from vaekit.batching import *  # noqa: F403
    from vaekit.estimators import *  # noqa: F403

    from . import (  # noqa: F401
        batching,
        datasets,
        estimators,
        evaluation,
        exceptions,
        experiments,
        functional,
        impute,
        inspection,
        likelihoods,
        metrics,
        model,
        model_selection,
        nn,
        objectives,
        outlier,
        persistence,
        posteriors,
        presets,
        priors,
        words,
    )

else:

    def __getattr__(name):
        # Importing torch takes seconds: it waits for the first estimator (PEP 562).
        if name in ESTIMATORS or name in APART:
            return getattr(importlib.import_module("vaekit.estimators"), name)
        if name in BATCHING:
            return getattr(importlib.import_module("vaekit.batching"), name)
        if name in FOLDERS:
            return importlib.import_module(f"vaekit.{name}")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *(name for name in globals() if name.startswith("__"))])
