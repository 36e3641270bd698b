"""Displays, arrays first and pictures second, and ways through latent space: of any fitted object's public methods."""

from vaekit.inspection._active_latents import ActiveLatentsDisplay
from vaekit.inspection._aggregate_latents import AggregatePosteriorDisplay
from vaekit.inspection._attributes import AttributeDisplay
from vaekit.inspection._comparison import ComparisonDisplay
from vaekit.inspection._factor_codes import FactorCodeDisplay
from vaekit.inspection._interpolation import InterpolationDisplay
from vaekit.inspection._latent_map import LatentMap
from vaekit.inspection._latent_space import LatentSpaceDisplay
from vaekit.inspection._leakage import LeakageDisplay
from vaekit.inspection._loss_curve import LossCurveDisplay
from vaekit.inspection._metric_distributions import MetricDistributionDisplay
from vaekit.inspection._outlier_scores import OutlierScoresDisplay
from vaekit.inspection._outliers import OutlierDisplay
from vaekit.inspection._rank_correlations import RankCorrelationDisplay
from vaekit.inspection._rate_distortion import RateDistortionDisplay
from vaekit.inspection._reconstruction import ReconstructionDisplay
from vaekit.inspection._samples import SamplesDisplay
from vaekit.inspection._table_samples import TableSamplesDisplay
from vaekit.inspection._traversal import TraversalDisplay
from vaekit.inspection._walks import attribute_vector, latent_walk, lerp, slerp

__all__ = [
    "ActiveLatentsDisplay",
    "AggregatePosteriorDisplay",
    "AttributeDisplay",
    "ComparisonDisplay",
    "FactorCodeDisplay",
    "InterpolationDisplay",
    "LatentMap",
    "LatentSpaceDisplay",
    "LeakageDisplay",
    "LossCurveDisplay",
    "MetricDistributionDisplay",
    "OutlierDisplay",
    "OutlierScoresDisplay",
    "RankCorrelationDisplay",
    "RateDistortionDisplay",
    "ReconstructionDisplay",
    "SamplesDisplay",
    "TableSamplesDisplay",
    "TraversalDisplay",
    "attribute_vector",
    "latent_walk",
    "lerp",
    "slerp",
]
