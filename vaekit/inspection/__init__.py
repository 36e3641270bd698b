"""Displays, arrays first and pictures second, and ways through latent space: of any fitted object's public methods."""

from vaekit.inspection._latent_space import LatentSpaceDisplay
from vaekit.inspection._loss_curve import LossCurveDisplay
from vaekit.inspection._outliers import OutlierDisplay
from vaekit.inspection._reconstruction import ReconstructionDisplay
from vaekit.inspection._samples import SamplesDisplay
from vaekit.inspection._traversal import TraversalDisplay
from vaekit.inspection._walks import attribute_vector, latent_walk, lerp, slerp

__all__ = [
    "LatentSpaceDisplay",
    "LossCurveDisplay",
    "OutlierDisplay",
    "ReconstructionDisplay",
    "SamplesDisplay",
    "TraversalDisplay",
    "attribute_vector",
    "latent_walk",
    "lerp",
    "slerp",
]
