"""p(z): standard normal, decoupled, elementwise flow."""

from vaekit.priors._base import Prior, PriorSpec
from vaekit.priors._decoupled import Decoupled
from vaekit.priors._elementwise_flow import ElementwiseFlow
from vaekit.priors._standard_normal import StandardNormal

__all__ = ["Decoupled", "ElementwiseFlow", "Prior", "PriorSpec", "StandardNormal"]
