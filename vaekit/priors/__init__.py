"""p(z): standard normal, decoupled, elementwise flow, generator."""

from vaekit.priors._base import Prior, PriorSpec
from vaekit.priors._decoupled import Decoupled
from vaekit.priors._elementwise_flow import ElementwiseFlow
from vaekit.priors._flow import FlowPrior
from vaekit.priors._generator import Generator
from vaekit.priors._standard_normal import StandardNormal

__all__ = ["Decoupled", "ElementwiseFlow", "FlowPrior", "Generator", "Prior", "PriorSpec", "StandardNormal"]
