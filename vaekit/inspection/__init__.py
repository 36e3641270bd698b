"""Displays: arrays first, pictures second. They ask any fitted object for its public methods."""

from vaekit.inspection._latent_space import LatentSpaceDisplay
from vaekit.inspection._loss_curve import LossCurveDisplay
from vaekit.inspection._reconstruction import ReconstructionDisplay
from vaekit.inspection._samples import SamplesDisplay
from vaekit.inspection._traversal import TraversalDisplay

__all__ = [
    "LatentSpaceDisplay",
    "LossCurveDisplay",
    "ReconstructionDisplay",
    "SamplesDisplay",
    "TraversalDisplay",
]
