"""p(x | z) of tables of mixed columns: a product over columns, each with a likelihood of its own."""

import math
from dataclasses import replace
from numbers import Integral
from typing import ClassVar

import numpy as np
import torch
from torch import nn

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.likelihoods._gaps import build_likelihood
from vaekit.utils._spec import spec

__all__ = ["Product"]


@spec
class Product(LikelihoodSpec):
    """Independent parts of a row, each with a likelihood of its own.

    -log p(x | z) = sum_parts -log p_part(x_part | z), in nats

    Estimators make one of a table with columns of several kinds.

    Parameters
    ----------
    parts : tuple of (spec, tuple of int)
        A likelihood, and the numbers of a row that it is of. Every number of a row belongs to one part.

    References
    ----------
    A. Nazabal, P. Olmos, Z. Ghahramani, I. Valera, "Handling Incomplete Heterogeneous Data using VAEs", Pattern
    Recognition 2020, https://arxiv.org/abs/1807.03653, eq. 4.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Normal, Poisson, Product
    >>> model = VAE(likelihood=Product(parts=((Normal(), (0, 2)), (Poisson(), (1,)))))
    """

    parts: tuple

    _parameter_constraints: ClassVar[dict] = {"parts": ["array-like"]}

    support = "parts"
    knows_gaps = True

    def validated(self):
        """Return this spec, or raise ValueError if its parts are not all of a row."""
        super().validated()
        if not all(map(_is_part, self.parts)):
            raise ValueError(
                f"The 'parts' of a Product must be pairs of a likelihood and numbers of a row. "
                f"Got {self.parts!r} instead."
            )
        numbers = sorted(number for _, own in self.parts for number in own)
        if numbers != list(range(len(numbers))) or not numbers:
            raise ValueError(f"The 'parts' of a Product must hold every number of a row once. Got {numbers} instead.")
        for word, _ in self.parts:
            word.validated()
        return self

    @property
    def is_foreign(self):
        """Whether a part calls a function of the user's."""
        return any(part[0].is_foreign for part in self.parts if _is_part(part))

    def settings(self):
        """Parameters, as values that can be compared with those of another fit."""
        return {"parts": tuple((type(word).__name__, repr(word), tuple(own)) for word, own in self.parts)}

    def decoded_shape(self, event_shape):
        """What all parts want, side by side.

        Raises
        ------
        IncompatibleChoiceError
            If rows are images or windows.
        """
        if len(event_shape) != 1:
            raise IncompatibleChoiceError(
                f"Columns with likelihoods of their own are those of a table, and this 'network' reads rows of shape "
                f"{event_shape}; choose network='mlp', or one 'likelihood' for all numbers."
            )
        return (sum(self._widths()),)

    def _widths(self):
        return [math.prod(word.decoded_shape((len(own),))) for word, own in self.parts]

    def build(self, setting):
        """Return the likelihood module."""
        modules = [build_likelihood(word, _setting_of_part(setting, word, list(own))) for word, own in self.parts]
        shapes = [word.decoded_shape((len(own),)) for word, own in self.parts]
        return ProductLikelihood(setting.event_shape, modules, [list(own) for _, own in self.parts], shapes)


def _setting_of_part(setting, word, own):
    unit = np.asarray(setting.unit)
    return replace(
        setting,
        event_shape=(len(own),),
        decoded_shape=word.decoded_shape((len(own),)),
        unit=unit[own] if unit.ndim else setting.unit,
        rows=None if setting.rows is None else setting.rows[:, own],
    )


def _is_part(part):
    """Whether it is a likelihood and whole numbers."""
    is_pair = isinstance(part, (tuple, list)) and len(part) == 2 and isinstance(part[1], (tuple, list))
    return is_pair and isinstance(part[0], LikelihoodSpec) and all(isinstance(n, Integral) for n in part[1])


class ProductLikelihood(Likelihood):
    """Likelihoods side by side; what a part sees of its rows for a closed form stands beside that of the others."""

    def __init__(self, event_shape, modules, numbers, decoded_shapes):
        super().__init__(event_shape)
        self.parts = nn.ModuleList(modules)
        self.decoded_shapes, self.widths = decoded_shapes, [math.prod(shape) for shape in decoded_shapes]
        for place, own in enumerate(numbers):
            self.register_buffer(f"numbers_{place}", torch.tensor(own), persistent=False)
        order = torch.tensor([number for own in numbers for number in own])
        self.register_buffer("place_of_number", order.argsort(), persistent=False)
        self.shapes_seen = [self._shape_seen(*part) for part in zip(modules, numbers, decoded_shapes)]

    @staticmethod
    def _shape_seen(module, own, decoded_shape):
        """Shape of what a part looks at; None where it looks at nothing."""
        seen = module.statistics(torch.zeros(2, *decoded_shape), torch.zeros(2, len(own)))
        return None if seen is None else seen.shape

    def extra_repr(self):
        """Size of a row."""
        return f"n_features={self.n_features}, n_parts={len(self.parts)}"

    def _of_parts(self, decoded, x=None):
        """Each part with its decoded numbers, and its rows."""
        pieces = decoded.split(self.widths, -1)
        for place, (part, piece, shape) in enumerate(zip(self.parts, pieces, self.decoded_shapes)):
            own = None if x is None else x.index_select(-1, getattr(self, f"numbers_{place}"))
            yield part, piece if len(shape) == 1 else piece.reshape(*piece.shape[:-1], *shape), own

    def seen(self, x):
        """Each part's rows as the encoder sees them."""
        if all(type(part).seen is Likelihood.seen for part in self.parts):
            return x
        seen = [
            part.seen(x.index_select(-1, getattr(self, f"numbers_{place}"))) for place, part in enumerate(self.parts)
        ]
        return torch.cat(seen, -1).index_select(-1, self.place_of_number)

    def log_prob(self, decoded, x):
        """Log density per row, in nats."""
        return sum(part.log_prob(own, rows) for part, own, rows in self._of_parts(decoded, x))

    def mean(self, decoded):
        """Means of the parts, in the order of a row."""
        means = [part.mean(own) for part, own, _ in self._of_parts(decoded)]
        return torch.cat(means, -1).index_select(-1, self.place_of_number)

    def sample(self, decoded, noise):
        """Draws of the parts, in the order of a row."""
        drawn = [part.sample(own, rows) for part, own, rows in self._of_parts(decoded, noise)]
        return torch.cat(drawn, -1).index_select(-1, self.place_of_number)

    def statistics(self, decoded, x):
        """What the parts that look at anything need to know, one after the other."""
        return _joined([part.statistics(own, rows) for part, own, rows in self._of_parts(decoded, x)])

    def take_observed(self):
        """What the parts saw of the last training batch."""
        return _joined([part.take_observed() for part in self.parts])

    def settle(self, average):
        """Let the parts fix their numbers."""
        looking = [(part, shape) for part, shape in zip(self.parts, self.shapes_seen) if shape is not None]
        for (part, shape), own in zip(looking, average.split([shape.numel() for _, shape in looking])):
            part.settle(own.reshape(shape))


def _joined(seen):
    known = [own.flatten() for own in seen if own is not None]
    return torch.cat(known) if known else None
