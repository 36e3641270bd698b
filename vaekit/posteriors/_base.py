"""q(z | x): from the encoder's features to a distribution over latents."""

from abc import ABC, abstractmethod

from torch import nn

from vaekit._setting import Setting
from vaekit.utils._spec import Spec

__all__ = ["PosteriorSpec"]


class PosteriorSpec(Spec, ABC):
    """The word for a posterior family."""

    @abstractmethod
    def build(self, setting: Setting) -> nn.Module:
        """Return the module that takes features (batch, n_features) to the parameters of q(z | x)."""
