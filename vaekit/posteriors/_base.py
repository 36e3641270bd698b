"""q(z | x): from the encoder's features to a distribution over latents."""

from abc import ABC, abstractmethod

import torch
from torch import nn

from vaekit.utils._spec import Spec

__all__ = ["PosteriorSpec"]


class PosteriorSpec(Spec, ABC):
    """The word for a posterior family."""

    @abstractmethod
    def build(self, n_features: int, n_components: int, generator: torch.Generator) -> nn.Module:
        """Return the module that takes features (batch, n_features) to the parameters of q(z | x)."""
