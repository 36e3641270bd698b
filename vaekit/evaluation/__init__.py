"""Numbers from any fitted object that has the public methods."""

from vaekit.evaluation._aggregate_posterior import AggregatePosterior, KLParts
from vaekit.evaluation._collapse import CollapseReport, collapse_report, over_pruned
from vaekit.evaluation._diversity import Diversity, sample_diversity
from vaekit.evaluation._estimate import Estimate
from vaekit.evaluation._generation import (
    LowPosteriorFrechet,
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_kernel_distance,
    sample_precision_recall,
)
from vaekit.evaluation._kl import SymmetricKL, kl_decomposition, symmetric_kl
from vaekit.evaluation._leakage import LeakageCurve, leakage_curve, standard_normal_thresholds
from vaekit.evaluation._likelihood import ImportanceNLL, ReconstructionError, importance_nll, reconstruction_error
from vaekit.evaluation._mixture_density import aggregate_posterior_log_density
from vaekit.evaluation._neighbours import NearestRows, nearest_neighbours
from vaekit.evaluation._pockets import (
    HighPosteriorSamples,
    LowPosteriorSamples,
    high_posterior_samples,
    low_posterior_samples,
)
from vaekit.evaluation._rate_distortion import (
    RateDistortion,
    RateDistortionCurve,
    rate_distortion,
    rate_distortion_curve,
)
from vaekit.evaluation._report import GenerationReport, generation_report
from vaekit.evaluation._report_parts import ReportRow
from vaekit.evaluation._robustness import Robustness, robustness
from vaekit.evaluation._scorers import get_unsupervised_scorer, get_unsupervised_scorer_names
from vaekit.evaluation._table_report import TableReport, TableReportRow, table_report
from vaekit.features._features import ClassifierFeatures, inception_score
from vaekit.features._perceptual import InceptionFeatures, lpips_distance

__all__ = [
    "AggregatePosterior",
    "ClassifierFeatures",
    "CollapseReport",
    "Diversity",
    "Estimate",
    "GenerationReport",
    "HighPosteriorSamples",
    "ImportanceNLL",
    "InceptionFeatures",
    "KLParts",
    "LeakageCurve",
    "LowPosteriorFrechet",
    "LowPosteriorSamples",
    "NearestRows",
    "RateDistortion",
    "RateDistortionCurve",
    "ReconstructionError",
    "ReportRow",
    "Robustness",
    "SymmetricKL",
    "TableReport",
    "TableReportRow",
    "aggregate_posterior_log_density",
    "collapse_report",
    "generation_report",
    "get_unsupervised_scorer",
    "get_unsupervised_scorer_names",
    "high_posterior_samples",
    "importance_nll",
    "inception_score",
    "kl_decomposition",
    "leakage_curve",
    "low_posterior_frechet_distance",
    "low_posterior_samples",
    "lpips_distance",
    "nearest_neighbours",
    "over_pruned",
    "rate_distortion",
    "rate_distortion_curve",
    "reconstruction_error",
    "robustness",
    "sample_diversity",
    "sample_frechet_distance",
    "sample_kernel_distance",
    "sample_precision_recall",
    "standard_normal_thresholds",
    "symmetric_kl",
    "table_report",
]
