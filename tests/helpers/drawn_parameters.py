"""Parameters drawn from the tables that admit them: boundaries, NumPy's numbers, tiny, enormous and wrong values."""

import inspect
import math
from fractions import Fraction
from numbers import Integral

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from vaekit import likelihoods, nn, objectives, posteriors, priors
from vaekit.estimators._words import VOCABULARIES
from vaekit.utils._spec import Spec

# what decides how long a case takes stays small; what is as long as one asks for stays short
ALWAYS = {"hidden_layer_sizes": (8,), "n_components": 2, "max_epochs": 1, "batch_size": 8, "random_state": 0}
LONG_AS_ASKED = {"n_couplings", "n_transforms", "n_hidden_layers", "n_steps", "n_samples", "n_bins", "max_epochs"}
SIZES = [(), (1,), [5], (3, 2), np.array([4, 3]), (np.int64(4),), np.array([4], dtype=np.uint8), np.array(5), 6,
         (4.0,), (0,), (-1,), "ab", [[8]], (2**40,), (2**70,), (None,), (True,), {"a": 8}, np.array([])]  # fmt: skip
ELSEWHERE = {  # chosen here, for they name files, devices and long work
    "device": ["auto", "cpu"] * 4 + ["gpu", "cuda:7", "meta", ""],
    "compile": [False],
    "checkpoint": [None],
    "callbacks": [None, None, [], [], [], ["progress"], 3],
    "verbose": [0],
    "network": ["auto", "auto", "mlp", "mlp", nn.MLP, nn.MLP, nn.ConvNet, "conv"],
    "estimator": [GaussianMixture(2, random_state=0), KernelDensity(), GaussianMixture(30), 3],
    "random_state": [0, np.int64(3), 2**32 - 1, None, np.random.RandomState] * 3
    + [-1, 2**40, "seed", np.random.default_rng],
}
ROOMS = (likelihoods, nn, objectives, posteriors, priors)
PUBLIC = [getattr(room, name) for room in ROOMS for name in room.__all__]
WORDS = [kind for kind in PUBLIC if inspect.isclass(kind) and issubclass(kind, Spec) and not inspect.isabstract(kind)]
MADE_OF_OTHERS = (nn.Custom, likelihoods.LocationScaleSpec, likelihoods.Perceptual, likelihoods.Product)
WORDS = [kind for kind in WORDS if kind not in MADE_OF_OTHERS]
WRONG = [None, "nonsense", -1, math.nan, math.inf, [], {}, 0.5, 1j, b"x", object]


def draw_parameters(rng, kind):
    """Return parameters for a class with a table of constraints; a few differ from a small and fast model's."""
    table = kind._parameter_constraints
    drawn = {name: value for name, value in ALWAYS.items() if name in table}
    for name in rng.sample(sorted(table), min(len(table), rng.choice([0, 1, 1, 2, 2, 3, 5]))):
        drawn[name] = draw_value(rng, kind, name)
    return drawn


def draw_value(rng, kind, name):
    """Return a value for one parameter: one that the table admits, or (rarely) one that it does not."""
    if rng.random() < 0.04 and name != "checkpoint":  # any text names a folder
        return rng.choice(WRONG)
    if name in VOCABULARIES and rng.random() < 0.5:
        return draw_word(rng, VOCABULARIES[name])
    if name in ELSEWHERE:
        value = rng.choice(ELSEWHERE[name])
        return draw_instance(rng, value) if inspect.isclass(value) and issubclass(value, Spec) else seeded(value)
    return draw_admitted(rng, rng.choice(kind._parameter_constraints[name]), name)


def seeded(value):
    """Return a generator for its class, anything else as it is."""
    return value(5) if callable(value) and not isinstance(value, BaseEstimator) else value


def draw_admitted(rng, constraint, name):
    """Return a value that one line of a table admits."""
    if constraint == "array-like":
        return rng.choice(SIZES)
    if constraint == "boolean":
        return rng.choice([True, False, True, False, np.bool_(True), np.bool_(False), True, 1])
    if constraint is None:
        return None
    if hasattr(constraint, "left"):
        return draw_number(rng, constraint, name)
    if hasattr(constraint, "options") and constraint.options:
        return rng.choice(sorted(constraint.options, key=repr))
    return draw_instance(rng, constraint.type) if hasattr(constraint, "type") else torch.tanh  # of plain functions


def draw_number(rng, interval, name):
    """Return a number of an interval, its ends among them, as Python's or NumPy's, or as a fraction."""
    if issubclass(interval.type, Integral):
        return draw_integer(rng, -(10**9) if interval.left is None else int(interval.left), name)
    low, high = interval.left, interval.right
    low, high = -1e300 if low is None else low, 1e300 if high is None else high
    values = [
        *([low, high] if rng.random() < 0.3 else []),
        (low + min(high, low + 1)) / 2,
        low + 1e-300,
        low + 5e-324,
        1e-3,
        1.0,
        10.0,
        1e10,
        high / 2,
    ]
    value = rng.choice([value for value in values if interval.left in (None,) or value >= low])
    convert = rng.choice([float, float, np.float64, np.float32, Fraction] if abs(value) < 1e30 else [float])
    return convert(value)


def draw_integer(rng, low, name):
    largest = [] if name in LONG_AS_ASKED else [2**40, 2**63, 10**30]
    value = rng.choice([low, low, low + 1, low + 2, low + 5, low + 5, *largest])
    convert = rng.choice([int, int, np.int64, np.uint8, np.int32])
    return convert(value) if value < 100 else value


def draw_instance(rng, family):
    """Return a word of a family, with parameters of its own."""
    if family is objectives.Warmup:
        return objectives.Warmup(value=rng.choice([0.0, 1, 1e10]), steps=rng.choice([1, 0.5, 10**9]))
    kind = rng.choice([kind for kind in WORDS if issubclass(kind, family)])
    return kind(**draw_parameters(rng, kind))


def draw_word(rng, vocabulary):
    """Return a word of a vocabulary with parameters of its own."""
    kind = vocabulary.words[rng.choice(sorted(vocabulary.words))]
    return kind(**draw_parameters(rng, kind))
