"""What the first rows decide: the blueprint of a model, and its untrained net."""

from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import torch

from vaekit.engine import Plan, count_batches
from vaekit.fitted._blueprint import Blueprint, build_net
from vaekit.fitted._job import split
from vaekit.fitted._known import NOTHING
from vaekit.fitted._model import TrainedModel
from vaekit.fitted._parts import preprocessing_of
from vaekit.fitted._preprocessing import choose_likelihood
from vaekit.fitted._rows import network_rows, some_rows
from vaekit.likelihoods import Product
from vaekit.utils._sparse_rows import SparseRows

__all__ = ["Sentence", "begin", "scale_of_pixels"]

MAX_FIRST_ROWS, MAX_FIRST_VALUES = 512, 2**21  # rows that the words may start from


class Sentence(NamedTuple):
    """What a model is said to be before it has seen a row.

    Attributes
    ----------
    network, posterior, prior, likelihood, objective : Spec or None
        Its words; None for a likelihood that the rows decide.
    n_components : int
    standardize : {"auto", "common", "column"} or None
    conditioned : tuple of str
        Which of "encoder" and "decoder" are told of what is known about a row, in a conditional model.
    columns : Columns or None
        What the columns of a table of several kinds are.
    has_gaps : bool
        Whether values of rows may be missing.
    """

    network: Any
    posterior: Any
    prior: Any
    likelihood: Any
    objective: Any
    n_components: int
    standardize: str | None
    conditioned: tuple = ()
    columns: Any = None
    has_gaps: bool = False


def begin(sentence, X, image_shape, *, n_planned, warmup, training, device, random_state, known=NOTHING):
    """Decide everything that the first rows decide, and return an untrained model.

    Parameters
    ----------
    sentence : Sentence
    X : ndarray of shape (n_rows, n_features)
        Validated rows.
    image_shape : tuple of int or None
    n_planned : int
        Rows of a pass, as far as schedules are concerned.
    warmup : float or int
        Fraction of the planned steps, or a number of steps.
    training : Training
        What the first call of fit asks for; its passes are the planned ones.
    device : str or torch.device
    random_state : RandomState
    known : Known
        What is known about the rows.

    Returns
    -------
    model : TrainedModel
    """
    init_seed, train_seed = (int(seed) for seed in random_state.randint(2**31 - 1, size=2))
    objective, are_windows = sentence.objective, sentence.network.are_windows
    event_shape, is_image = _event_shape(X, image_shape, are_windows), image_shape is not None and not are_windows
    likelihood = sentence.likelihood or choose_likelihood(X, is_image, objective.is_bound)
    likelihood = likelihood_of_gaps(likelihood, X.shape[1], image_shape) if sentence.has_gaps else likelihood
    preprocessing, deviation = preprocessing_of(
        X,
        likelihood,
        standardize=sentence.standardize,
        is_image=is_image,
        n_channels=event_shape[0] if are_windows else None,
        weight=known.weight,
        has_gaps=sentence.has_gaps,
    )
    train = split(len(X), training.validation_fraction, train_seed)[0]
    n_rows = len(train) if known.follows is None else known.of(train).follows.shape[1]
    n_steps = _planned_steps(round(n_rows * n_planned / len(X)), training)
    blueprint = Blueprint(
        network=sentence.network,
        posterior=sentence.posterior,
        prior=sentence.prior,
        likelihood=likelihood,
        objective=objective,
        event_shape=event_shape,
        image_shape=image_shape,
        n_components=sentence.n_components,
        condition_width=None if known.given is None else known.given.shape[1],
        conditioned=sentence.conditioned,
        preprocessing=preprocessing,
        deviation=deviation,
        pixels=_pixels(X, likelihood, is_image),
        plan=Plan(n_steps, _warmup_steps(warmup, n_steps, objective), sentence.n_components),
        init_seed=init_seed,
        train_seed=train_seed,
        columns=sentence.columns,
        has_gaps=sentence.has_gaps,
    )
    few = some_rows(X, known.typical(train, _most_first_rows(X)))
    rows = torch.from_numpy(network_rows(blueprint, few)(slice(None)))
    rows = rows.nan_to_num(nan=0.0) if sentence.has_gaps else rows
    how = {"learning_rate": training.learning_rate, "batch_size": training.batch_size}
    return TrainedModel(blueprint, build_net(blueprint, device=device, rows=rows, **how))


def _most_first_rows(X):
    """Of a wide sparse matrix fewer: they are dense."""
    return max(2, min(MAX_FIRST_ROWS, MAX_FIRST_VALUES // X.shape[1])) if isinstance(X, SparseRows) else MAX_FIRST_ROWS


def _event_shape(X, image_shape, are_windows):
    """Shape of a row as the network sees it: (channels, height, width), (channels, time), or (n_features,)."""
    if are_windows:
        return image_shape or (1, X.shape[1])
    return X.shape[1:] if image_shape is None else (*(1,) * (3 - len(image_shape)), *image_shape)


def likelihood_of_gaps(likelihood, n_features, image_shape):
    """A likelihood that knows no gaps, and says one number for all values of a row, is asked about each by itself."""
    if likelihood.knows_gaps or image_shape is not None:
        return likelihood
    return Product(parts=tuple((likelihood, (number,)) for number in range(n_features)))


def _planned_steps(n_rows, training):
    n_steps = training.n_epochs * count_batches(n_rows, training.batch_size)
    return n_steps if training.max_steps is None else min(n_steps, training.max_steps)


def _warmup_steps(warmup, n_steps, objective):
    n_warm = warmup if isinstance(warmup, Integral) else warmup * n_steps
    return n_warm if objective.uses_warmup else 0


def _pixels(X, likelihood, is_image):
    are_pixels = is_image or (likelihood.support == "unit_interval" and X.dtype == np.uint8)
    return scale_of_pixels(X, X.min(), X.max()) if are_pixels else None


def scale_of_pixels(X, low, high):
    """Which of two habits images follow: "bytes" up to 255, "shares" of 1, or None where the values tell neither."""
    if X.dtype == np.uint8:
        return "shares" if high == 1 else "bytes"
    return "shares" if X.dtype == bool or (low >= 0 and 0 < high <= 1) else None
