"""p(z): normal, decoupled, flows, mixtures, values on a grid, whatever is fitted to codes, a generator."""

from vaekit.priors._autoregressive import MaskedAutoregressive, NeuralSpline
from vaekit.priors._base import Prior, PriorSpec
from vaekit.priors._conditional import ConditionalFlow, ConditionalNormal
from vaekit.priors._decoupled import Decoupled
from vaekit.priors._elementwise_flow import ElementwiseFlow
from vaekit.priors._flow import FlowPrior
from vaekit.priors._flow_matching import FlowMatching
from vaekit.priors._generator import Generator
from vaekit.priors._grid import Grid
from vaekit.priors._mixture import MixtureOfNormals
from vaekit.priors._moment_matching import MomentMatching
from vaekit.priors._post_hoc import PostHoc
from vaekit.priors._standard_normal import StandardNormal
from vaekit.priors._vamp import VampPrior

__all__ = [
    "ConditionalFlow",
    "ConditionalNormal",
    "Decoupled",
    "ElementwiseFlow",
    "FlowMatching",
    "FlowPrior",
    "Generator",
    "Grid",
    "MaskedAutoregressive",
    "MixtureOfNormals",
    "MomentMatching",
    "NeuralSpline",
    "PostHoc",
    "Prior",
    "PriorSpec",
    "StandardNormal",
    "VampPrior",
]
