"""Calls of a fitted model's methods, with arguments that nobody would pass, drawn by a generator."""

import inspect
import pickle
import random
from pathlib import Path

import numpy as np
from sklearn.base import clone

from tests.helpers.awkward_containers import RARE
from tests.helpers.drawn_worlds import CONDITIONS, GROUPS, N_ROWS, ODD, OTHERS, WEIGHTS
from vaekit.persistence import load, save

COUNTS = [1, 2, 3, 3, np.int64(2), np.uint8(2), 0, -1, 2.5, None, "3", True, np.array(2), np.nan, 1j, [2], 10**30]
SEEDS = [None, 0, np.int64(3), 2**32 - 1, -1, 2**32, "seed", 1.5, np.random.RandomState(0), np.random.default_rng(0)]
CODES = {
    "codes": lambda rng, n: rng.normal(size=(n, 2)),
    "draws": lambda rng, n: rng.normal(size=(3, n, 2)),
    "far": lambda rng, n: rng.normal(size=(n, 2)) * 1e14,
    "too far": lambda rng, n: rng.normal(size=(n, 2)) * 1e300,
    "tiny": lambda rng, n: np.full((n, 2), 5e-324),
    "integers": lambda rng, n: np.ones((n, 2), dtype=int),
    "halves": lambda rng, n: np.full((n, 2), 6e4, dtype=np.float16),
    "lists": lambda rng, n: rng.normal(size=(n, 2)).tolist(),
    "NaN": lambda rng, n: np.full((n, 2), np.nan),
    "infinite": lambda rng, n: np.full((n, 2), np.inf),
    "wide": lambda rng, n: np.ones((n, 3)),
    "none": lambda rng, n: np.ones((0, 2)),
    "no width": lambda rng, n: np.ones((n, 0)),
    "a vector": lambda rng, n: np.ones(2),
    "text": lambda rng, n: np.full((n, 2), "a"),
    "None": lambda rng, n: None,
    "complex": lambda rng, n: np.ones((n, 2)) * 1j,
    "objects": lambda rng, n: np.full((n, 2), None),
    "one": lambda rng, n: np.ones((1, 2)),
    "truths": lambda rng, n: np.ones((n, 2), dtype=bool),
    **{name: lambda rng, n, make=make: make(rng.normal(size=(n, 2))) for name, make in RARE.items()},
}
COMMON_CODES = [name for name in CODES if name not in RARE]
GIVEN = [
    *[None] * 3, {}, {"y": 1}, {"amount": 3.0}, {"town": "north"}, {"town": "nowhere"}, {"town": ["north"]}, {0: 2.0},
    {1: 3}, {-1: 1.0}, {0: 1e300}, {0: None}, {0: -5.5}, {99: 1}, {(0, 1): 1}, {None: 1}, {True: 1}, {"amount": np.nan},
    {"amount": "x"}, {"paid": True}, {"paid": 3}, {"day": "2024-05-05"}, {"day": "no day"}, [0], "town",
]  # fmt: skip
NONSENSE = [("n_components", 3), ("n_components", -1), ("prior", "decoupled"), ("hidden_layer_sizes", (3,)),
            ("learning_rate", -1), ("learning_rate", 1e30), ("batch_size", 2**40), ("max_epochs", 0), ("warm_start", 1),
            ("likelihood", "bernoulli"), ("missing_values", "mask"), ("missing_values", "drop"), ("column_bounds", 3),
            ("categorical_features", [9]), ("column_likelihoods", {"x": "normal"}), ("handle_unknown", "missing"),
            ("network", None), ("device", "cuda:9"), ("device", 3), ("nothing", 1), ("prior__nothing", 1),
            ("random_state", "x"), ("callbacks", 3), ("checkpoint", 3), ("estimator", 3), ("verbose", -3),
            ("n_importance_samples", -1), ("tol", None), ("precision", "f8"), ("compile", "yes")]  # fmt: skip


class Speaker:
    """Calls methods of a model, with arguments drawn by a generator."""

    def __init__(self, talk, model, rows, folder):
        self.talk, self.model, self.rows, self.folder = talk, model, rows, folder
        self.said, self.arguments = "", {}

    def __str__(self):
        return f"{self.said}: {self.arguments}"

    def say(self, method, seed):
        """Return what a call gives."""
        self.said, self.arguments = f"{method}, {seed}", {}
        self.rng, self.numbers = random.Random(seed), np.random.default_rng(seed)
        function = getattr(self, f"_{method}", None)
        return function() if function is not None else self._called(method)

    def _called(self, method):
        """Call a method of the model with something for each of its parameters, or leave those to their defaults."""
        if not callable(getattr(self.model, method, None)):  # a parameter may have the name of a method of others
            return None
        bound = getattr(self.model, method)
        parameters = inspect.signature(bound).parameters
        arguments = {}
        for name, parameter in parameters.items():
            if name in DRAWN and (parameter.default is parameter.empty or self.rng.random() < 0.5):
                arguments[name] = DRAWN[name](self)
        self.arguments = {name: repr(value)[:60] for name, value in arguments.items()}
        return bound(**arguments)

    def other_rows(self):
        name = "the same" if self.rng.random() < 0.5 else self.rng.choice([*OTHERS] * 4 + [*RARE])
        return OTHERS[name](self.rows) if name in OTHERS else RARE[name](self.numbers.normal(size=(N_ROWS, 4)))

    def codes(self):
        names = COMMON_CODES if self.rng.random() < 0.8 else list(RARE)
        return CODES["codes" if self.rng.random() < 0.3 else self.rng.choice(names)](self.numbers, N_ROWS)

    def told(self, table):
        names = list(table) if self.rng.random() < 0.8 else list(ODD)
        return {**ODD, **table}[self.rng.choice(names)](N_ROWS)

    def _inverse_transform(self):
        if not hasattr(self.model, "inverse_transform"):
            return None
        codes = self.codes()
        self.arguments = {"X": repr(codes)[:60]}
        return self.model.inverse_transform(codes)

    def _set_params(self):
        """Set nonsense, train, and set it back."""
        name, value = self.rng.choice(NONSENSE)
        self.arguments = {name: value}
        before = self.model.get_params(deep=False)
        try:
            self.model.set_params(**{name: value})
            self.model.partial_fit(self.rows) if hasattr(self.model, "partial_fit") else self.model.fit(self.rows)
        finally:
            for parameter, old in before.items():
                setattr(self.model, parameter, old)

    def _pickle(self):
        return pickle.loads(pickle.dumps(self.model)).get_params()

    def _file(self):
        save(self.model, Path(self.folder) / "file")
        return load(Path(self.folder) / "file").get_params()

    def _clone(self):
        return clone(self.model).get_params()

    def _shown(self):
        return repr(self.model), self.model._repr_html_()

    def _set_output(self):
        if not hasattr(self.model, "set_output"):
            return None
        self.model.set_output(transform=self.rng.choice(["pandas", "polars", "default", "nothing"]))
        try:
            return self._called("transform")
        finally:
            self.model.set_output(transform="default")


DRAWN = {
    "X": Speaker.other_rows,
    "Z": Speaker.codes,
    "Z0": Speaker.codes,
    "y": lambda self: self.told(CONDITIONS),
    "groups": lambda self: self.told(GROUPS),
    "sample_weight": lambda self: self.told(WEIGHTS),
    "n_samples": lambda self: self.rng.choice(COUNTS[:-1]),
    "n_importance_samples": lambda self: self.rng.choice(COUNTS[:-1]),
    "n_orders": lambda self: self.rng.choice(COUNTS[:-1]),
    "random_state": lambda self: self.rng.choice(SEEDS),
    "noise": lambda self: self.rng.choice([True, False, "auto", "auto", None, 1, "no", np.bool_(True)]),
    "given": lambda self: self.rng.choice(GIVEN),
    "return_effective_size": lambda self: self.rng.choice([True, False]),
    "path": lambda self: Path(self.folder) / self.rng.choice(["codes", "codes.npy", "nowhere/codes.npy", ""]),
    "input_features": lambda self: self.rng.choice([None, [], ["a"], list("abcd")]),
}
CALLS = [
    "transform", "posterior", "sample_posterior", "log_posterior", "inverse_transform", "inverse_transform", "sample",
    "sample", "sample_prior", "sample_likelihood", "score_samples", "score", "log_likelihood", "log_prior",
    "to_generation_space", "to_representation_space", "partial_fit", "fit", "fit_transform", "get_feature_names_out",
    "transform_to", "set_params", "set_params", "pickle", "file", "clone", "shown", "set_output", "predict",
    "decision_function", "explain", "fit_predict",
]  # fmt: skip
