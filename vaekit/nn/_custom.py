"""The user's own encoder and decoder."""

import copy
import math
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import nn

from vaekit.nn._base import Network
from vaekit.utils._spec import spec
from vaekit.utils._torch import SeededRandomness

__all__ = ["Custom"]


def _fresh(name, given, *sizes):
    """Return a copy of a module (so that the user's own is never trained), or what a factory makes of the sizes."""
    module = copy.deepcopy(given) if isinstance(given, nn.Module) else given(*sizes)
    if not isinstance(module, nn.Module):
        raise TypeError(f"The {name!r} parameter of Custom must be or return a torch module. Got {module!r} instead.")
    return module


@spec
class Custom(Network):
    """Networks supplied by the user.

    Parameters
    ----------
    encoder_module : nn.Module or callable
        Takes (batch, *event_shape) to anything that flattens to (batch, n_features); a linear layer to the posterior's
        parameters is added behind it. A callable is called as `encoder_module(event_shape)` and returns the module,
        newly initialised for every fit (and then decided by `random_state`). A module is copied: its weights are the
        starting point, and it is itself never trained.
    decoder_module : nn.Module or callable
        Takes (batch, n_components) to anything that reshapes to (batch, *event_shape), without a last nonlinearity
        (logits for a Bernoulli likelihood). A callable is called as `decoder_module(n_components, event_shape)`.

    Notes
    -----
    Tables have `event_shape=(n_features,)`, images (channels, height, width). Dropout is decided by `random_state`,
    except alpha dropout, and inside fused attention and recurrent kernels. Batch normalisation makes rows of a batch
    depend on each other in training, and on nothing but the row afterwards.

    Examples
    --------
    >>> from torch import nn
    >>> from vaekit import VAE
    >>> from vaekit.nn import Custom
    >>> def encoder(event_shape):
    ...     return nn.Sequential(nn.Linear(*event_shape, 16), nn.ReLU())
    >>> def decoder(n_components, event_shape):
    ...     return nn.Sequential(nn.Linear(n_components, 16), nn.ReLU(), nn.Linear(16, *event_shape))
    >>> model = VAE(n_components=2, network=Custom(encoder_module=encoder, decoder_module=decoder))
    """

    encoder_module: Any = None
    decoder_module: Any = None

    _parameter_constraints: ClassVar[dict] = {
        "encoder_module": [nn.Module, Callable],
        "decoder_module": [nn.Module, Callable],
    }

    inference_rows = decoded_rows = 128
    is_foreign = True

    def encoder(self, event_shape, generator):
        """Return the encoder module and its number of output features."""
        with SeededRandomness(generator):
            module = nn.Sequential(_fresh("encoder_module", self.encoder_module, event_shape), nn.Flatten())
        return module, self._probe(module, "encoder_module", (2, *event_shape))[0]

    def decoder(self, n_components, event_shape, generator):
        """Return the decoder module."""
        with SeededRandomness(generator):
            module = _fresh("decoder_module", self.decoder_module, n_components, event_shape)
        shape = self._probe(module, "decoder_module", (2, n_components))
        if math.prod(shape) != math.prod(event_shape):
            raise ValueError(
                f"The 'decoder_module' parameter of Custom must give {event_shape} values per row. Got {shape} instead."
            )
        return nn.Sequential(module, nn.Flatten(), nn.Unflatten(1, tuple(event_shape)))

    def _probe(self, module, name, shape):
        """Run two rows of zeros through a module, without a trace in its state, to learn the shape it gives a row."""
        probe = copy.deepcopy(module).eval()
        try:
            with torch.no_grad():
                return tuple(probe(torch.zeros(shape)).shape[1:])
        except Exception as error:
            raise ValueError(
                f"The {name!r} parameter of Custom must take a batch of shape {shape}, but it raised: {error}"
            ) from error
