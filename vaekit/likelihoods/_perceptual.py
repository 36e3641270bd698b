"""Distances in a feature map, beside a distance of values or in its place."""

import copy
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.likelihoods._bernoulli import Bernoulli
from vaekit.likelihoods._power import Laplace, Normal, SquaredError
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Vocabulary, spec, with_fresh_specs
from vaekit.utils._stored import Fingerprint, Stored, deep_copy

__all__ = ["Perceptual"]

PIXELS = Vocabulary(
    "pixels",
    LikelihoodSpec,
    {"squared_error": SquaredError, "normal": Normal, "laplace": Laplace, "bernoulli": Bernoulli},
)


@spec
class Perceptual(LikelihoodSpec):
    """The cost -log p(x | z) + weight sum_k (f_k(x) - f_k(m))^2, m the decoded mean and f features of a row.

    The second term is a cost of training alone, as that of `SquaredError` is. The model that results has the density of
    `pixels`, or without one the Normal of the errors that are left: `score_samples`, `log_likelihood`, early stopping
    and draws are those of it, and say nothing of the features. No weights are shipped: any network will do whose layers
    know what matters in a row, one trained to classify such images, say, cut off before its last layers.

    Parameters
    ----------
    features : nn.Module or callable
        Takes rows in the units of X, a tensor (batch, *event_shape) of float32, (batch, channels, height, width) for
        images, to a tensor with a row for each, or to several (a list, a tuple, a dictionary), whose distances add up.
        A module is copied, put into evaluation and never trained; it moves with the model from device to device. A
        gradient must pass it.
    weight : float, default=1
        Weight of the features' squared distance, in nats for a unit of it: what is right depends on the features' own
        scale, and on how many there are.
    pixels : {"squared_error", "normal", "laplace", "bernoulli"}, spec of `vaekit.likelihoods` or None, \
default="squared_error"
        The likelihood beside it; None trains by the features alone, of which the decoder must then know all by itself
        what a row is.

    Notes
    -----
    Steps call the features twice, without a gradient for the data. They run eagerly: what a function of yours does
    cannot be written down once. `vaekit.persistence.save` leaves the word out, and `load(path, likelihood=...)` is
    handed it.

    References
    ----------
    J. Johnson, A. Alahi, L. Fei-Fei, "Perceptual Losses for Real-Time Style Transfer and Super-Resolution", ECCV 2016,
    https://arxiv.org/abs/1603.08155, eq. 2 (whose mean over features is a sum here). X. Hou et al., "Deep Feature
    Consistent Variational Autoencoder", WACV 2017, https://arxiv.org/abs/1610.00291, eq. 4.

    Examples
    --------
    >>> import torch
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Perceptual
    >>> def differences(images):
    ...     return [images.diff(dim=-1), images.diff(dim=-2)]
    >>> images = torch.rand(40, 6, 6, generator=torch.Generator().manual_seed(0)).numpy()
    >>> model = VAE(likelihood=Perceptual(features=differences, weight=0.1), n_components=2, max_epochs=5)
    >>> model.fit(images).score_samples(images).shape
    (40,)
    """

    features: Any
    weight: float = 1.0
    pixels: str | LikelihoodSpec | None = "squared_error"

    _parameter_constraints: ClassVar[dict] = {
        "features": [nn.Module, Callable],
        "weight": [Interval(Real, 0, None, closed="left")],
        "pixels": [*PIXELS.constraint(), None],
    }

    is_foreign = True

    @property
    def _pixels(self):
        """The likelihood beside the features, or what stands for it after training."""
        if self.pixels is None:
            return SquaredError()
        return PIXELS.fresh(self.pixels) if isinstance(self.pixels, str) else self.pixels

    @property
    def support(self):
        """That of the pixels."""
        return self._pixels.support

    def decoded_shape(self, event_shape):
        """That of the pixels."""
        return self._pixels.decoded_shape(event_shape)

    def set_params(self, **params: Any):
        """Set parameters; `pixels__name` on pixels that are a string first turns it into a fresh spec."""
        return super().set_params(**with_fresh_specs(self, [PIXELS], params))

    def build(self, setting):
        """Return the likelihood module."""
        features = self.features
        if isinstance(features, nn.Module):
            features = deep_copy(features, {}).cpu().float().eval().requires_grad_(False)
        return PerceptualLikelihood(
            setting, features, self.weight, self._pixels.build(setting), self.pixels is not None
        )

    # ------------------------------------------------------------------ copies, pickles, comparisons

    def settings(self):
        """Parameters; features are the same if their weights are, functions if they are made of the same words."""
        return self.get_params(deep=False) | {"features": Fingerprint(self.features)}

    def __deepcopy__(self, memo):
        return type(self)(**copy.deepcopy(self.get_params(deep=False), memo))

    def __getstate__(self):
        state = dict(super().__getstate__())
        stored = Stored({"features": state.pop("features")}, type(self).__name__)
        return state | {"stored": stored}

    def __setstate__(self, state):
        state = dict(state)
        super().__setstate__(state.pop("stored").restored() | state)


class PerceptualLikelihood(Likelihood):
    """A likelihood of values, in training with the features' distance as a further cost.

    Parameters
    ----------
    setting : Setting
    features : callable
    weight : float
    pixels : Likelihood
    trains_pixels : bool
        Whether its density has a part in training, too.
    """

    def __init__(self, setting, features, weight, pixels, trains_pixels):
        super().__init__(setting.event_shape)
        self.event_shape, self.pixels, self.trains_pixels = setting.event_shape, pixels, trains_pixels
        self._held = (features,)  # in a tuple it is no part of this one: neither trained nor kept with the weights
        for name, value in {"weight": weight, "unit": setting.unit, "offset": setting.offset}.items():
            self.register_buffer(name, torch.from_numpy(np.array(value, dtype=np.float32)), persistent=False)

    def _apply(self, fn, recurse=True):
        """Take the features along to another type or device."""
        if isinstance(self._held[0], nn.Module):
            self._held[0]._apply(fn)
        return super()._apply(fn, recurse)

    def log_prob(self, decoded, x):
        """Log density of the pixels per row, in nats, in training less the cost of the features."""
        if not self.training:
            return self.pixels.log_prob(decoded, x)
        cost = self.weight * self.distance(self.pixels.mean(decoded), x)
        if self.trains_pixels:
            return self.pixels.log_prob(decoded, x) - cost
        self.pixels.observed = self.pixels.statistics(decoded.detach(), x)
        return -cost

    def distance(self, mean, x):
        """sum_k (f_k(x) - f_k(m))^2 of rows (batch, *event) and means (..., batch, *event), per row."""
        seen = self._maps(mean.reshape(-1, *self.event_shape))
        with torch.no_grad():
            wanted = self._maps(x)
        leading = mean.shape[: mean.ndim - len(self.event_shape)]
        errors = [a.reshape(*leading, -1) - b.reshape(len(b), -1) for a, b in zip(seen, wanted, strict=True)]
        return sum(error.square().sum(-1) for error in errors)

    def _maps(self, rows):
        """The features of rows (n_rows, *event), as a list of tensors."""
        maps = _several(self._held[0](self.unit * rows + self.offset))
        for features in maps:
            if not _is_of_rows(features, len(rows)):
                raise ValueError(
                    "The 'features' parameter of Perceptual must give a floating-point tensor with a row for every row "
                    f"of the batch, or several of them. Got {_described(features)} for {len(rows)} rows instead."
                )
        if rows.requires_grad and not any(features.requires_grad for features in maps):
            raise ValueError(
                "The 'features' parameter of Perceptual must let a gradient pass from what it gives to its rows; call "
                "it without torch.no_grad and without NumPy."
            )
        return maps

    def mean(self, decoded):
        """That of the pixels."""
        return self.pixels.mean(decoded)

    def sample(self, decoded, noise):
        """Draws of the pixels."""
        return self.pixels.sample(decoded, noise)

    def statistics(self, decoded, x):
        """What the pixels need to know."""
        return self.pixels.statistics(decoded, x)

    def take_observed(self):
        """What the pixels saw."""
        return self.pixels.take_observed()

    def settle(self, average):
        """Let the pixels take what has a closed form."""
        self.pixels.settle(average)

    @property
    def log_scale(self):
        """That of the pixels, where they have one."""
        return self.pixels.log_scale


def _several(given):
    """A list of what was given one by one or in a collection."""
    if isinstance(given, Mapping):
        return list(given.values())
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _is_of_rows(value, n_rows):
    return isinstance(value, torch.Tensor) and value.is_floating_point() and value.shape[:1] == (n_rows,)


def _described(value):
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)} and type {value.dtype}"
    return f"a {type(value).__name__}"
