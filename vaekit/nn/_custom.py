"""The user's own encoder and decoder."""

from collections.abc import Callable
from typing import Any, ClassVar

from torch import nn

from vaekit.nn._base import Network
from vaekit.nn._foreign import ForeignPair, copied_together
from vaekit.utils._spec import spec
from vaekit.utils._stored import Fingerprint, Stored

__all__ = ["Custom"]


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
        (logits for a Bernoulli likelihood). A callable is called as `decoder_module(n_components, event_shape)`. A
        likelihood that wants several numbers for a value has its `decoded_shape` in the place of `event_shape`.

    Notes
    -----
    Tables have `event_shape=(n_features,)`, images (channels, height, width). Modules are handed copies of rows and
    codes, and may write into them. Weights that encoder and decoder share stay shared. Lazy layers take their sizes
    from the data. Batch normalisation makes rows of a batch depend on each other in training, and on nothing but the
    row afterwards.

    Dropout is decided by `random_state`, except alpha dropout, and inside fused attention, recurrent kernels, and
    compiled or scripted modules.

    Models are pickled, and found again by `joblib.Memory`, by the values of their modules. A module that cannot be
    pickled (parametrized, say) is refused then: pass a function that builds it, best one that a file of yours defines,
    which is the same in every process.

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

    def for_one_model(self):
        """Return encoder and decoder copied together: what they share stays shared."""
        return ForeignPair(self.encoder_module, self.decoder_module)

    def encoder(self, setting):
        """Return the encoder module and its number of output features."""
        return self.for_one_model().encoder(setting)

    def decoder(self, setting):
        """Return the decoder module."""
        return self.for_one_model().decoder(setting)

    def settings(self):
        """Parameters; modules are the same if their weights are, functions if they are made of the same words."""
        return {name: Fingerprint(value) for name, value in self.get_params(deep=False).items()}

    def __sklearn_clone__(self):
        return type(self)(**copied_together(self.get_params(deep=False)))

    def __deepcopy__(self, memo):
        return type(self)(**copied_together(self.get_params(deep=False), memo))

    def __getstate__(self):
        given = self.get_params(deep=False)
        others = {name: value for name, value in super().__getstate__().items() if name not in given}
        return others | {"stored": Stored(given)}

    def __setstate__(self, state):
        state = dict(state)
        super().__setstate__(state.pop("stored").restored() | state)
