"""What a word is told when it is built: the one argument of every `build`."""

from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["Setting"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """The model that a piece will stand in, as far as it is decided: every word takes of it what it needs.

    Attributes
    ----------
    event_shape : tuple of int
        Shape of one row as the network sees it.
    n_components : int
        Number of latents.
    generator : torch.Generator
        Draws every weight, in the order of the parts; a piece draws from nothing else.
    n_features : int or None
        What the encoder gives for each row; None while the encoder is built.
    condition_shape : tuple of int or None
        Shape of what a conditional model is told about each row; None if it is told nothing.
    unit : float or ndarray of shape (*event_shape,)
        How many units of X one unit of the network's data is.
    offset : float or ndarray of shape (*event_shape,)
        What is 0 in the network's data, in units of X: a row of X is `unit * x + offset`.
    deviation : float
        Standard deviation of the data as the network sees them.
    rows : Tensor of shape (n_rows, *event_shape) or None
        A few of the training rows as the network sees them, to start from. None where a trained model is built again
        and its weights follow: no shape may depend on them.
    network : Network or None
        The word for encoder and decoder, for pieces that want a network of the same kind.
    decoded_shape : tuple of int
        Shape of what the decoder gives for one row, as the likelihood wants it; `event_shape` if nothing else is said.
    has_gaps : bool
        Whether values of rows may be missing: NaN for the likelihood, 0 for the encoder and in `rows`.
    """

    event_shape: tuple[int, ...]
    n_components: int
    generator: torch.Generator
    n_features: int | None = None
    condition_shape: tuple[int, ...] | None = None
    unit: Any = 1.0
    offset: Any = 0.0
    deviation: float = 1.0
    rows: torch.Tensor | None = None
    network: Any = None
    decoded_shape: tuple[int, ...] = ()
    has_gaps: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "decoded_shape", tuple(self.decoded_shape or self.event_shape))
