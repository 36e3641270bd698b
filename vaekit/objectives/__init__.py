"""What is minimised: named terms of a model output."""

from vaekit.objectives._base import Objective
from vaekit.objectives._elbo import ELBO

__all__ = ["ELBO", "Objective"]
