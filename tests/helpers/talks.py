"""One generated talk with a fitted model: calls of any of its methods with what nobody would pass, one after another.

Each is answered with finite numbers or refused in words, and a model that refused has not changed.
"""

import inspect
import pickle
import random
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import vaekit
from tests.helpers.drawn_parameters import WRONG, draw_value, draw_word
from tests.helpers.drawn_worlds import CONDITIONS, GROUPS, N_ROWS, OTHERS, WEIGHTS, WORLDS
from tests.helpers.fuzz import LONGEST, REFUSALS, Fault, judge_warning, limited, place
from vaekit.estimators._words import VOCABULARIES
from vaekit.impute import VAEImputer
from vaekit.outlier import VAEOutlierDetector
from vaekit.persistence import load, save

SMALL = {"n_components": 2, "hidden_layer_sizes": (4,), "max_epochs": 2, "batch_size": 8, "random_state": 0}
AROUND = {"VAEImputer": VAEImputer, "VAEOutlierDetector": VAEOutlierDetector}
HOW = {  # parameters of how a model is trained, which no other table draws together
    "precision": ["bf16"],
    "compile": [True],
    "early_stopping": [True],
    "warm_start": [True],
    "checkpoint": ["a folder"],
    "max_steps": [1, 3],
    "total_samples": [2, 1000],
    "standardize": ["column", "common", None],
}
WORDS = {
    "prior": ["neural_spline", "maf", "vamp", "mixture", "post_hoc", "flow_matching", "decoupled", "grid"],
    "posterior_family": ["quantized", "full_normal", "iaf", "fixed_scale", "implicit"],
    "objective": ["tripod", "target_kl", "importance_weighted", "aggregate_divergence", "kl_decomposition"],
}
WORDS_OF_REFUSALS = (
    r"\bX\b|\b[xX] has|'y'|\bZ\b|[Cc]odes|'groups'|Found array|Expected 2D|[Ff]eature|[Cc]olumn|parameter|"
    r"'[a-z]+[_a-z]*'|[a-z]+_[a-z_]+=|seed|sample_weight|Sample weights|y contains|has no|not fitted|[Ii]nput|Complex data|'given'|\by\b"
)
OURS = ("/vaekit/", "/sklearn/")
MAY_BE_INFINITE = ("kl_per_component_",)


class Talk(NamedTuple):
    """A model that is fitted, and the calls that follow."""

    seed: int
    name: str
    parameters: dict
    world: str
    told: dict
    calls: list

    def __str__(self):
        return (
            f"hold(draw_talk({self.seed}))  # {self.name}(**{self.parameters}) on {self.world!r}, told {self.told}, "
            f"then {self.calls}"
        )


def draw_talk(seed):
    """Return the talk of this number."""
    rng = random.Random(seed)
    name = rng.choice([*vaekit.ESTIMATORS, "VAE", "ConditionalVAE", "SlowVAE", "TripodVAE", *AROUND])
    world = rng.choice(list(WORLDS))
    parameters = WORLDS[world][1] | SMALL
    kind = getattr(vaekit, name, vaekit.VAE)
    table = kind._parameter_constraints
    for changes, share in ((HOW, 0.5), (WORDS, 0.4)):
        if rng.random() < share:
            changed = rng.choice([name for name in changes if name in table] or ["n_components"])
            parameters[changed] = rng.choice(changes.get(changed, [3]))
    if rng.random() < 0.2:
        changed = rng.choice(sorted(table.keys() - {"checkpoint", "compile", "device", "network"}))
        parameters[changed] = draw_value(rng, kind, changed)
    parameters = {name: value for name, value in parameters.items() if name in table}
    told = {"y": _often(rng, "labels", CONDITIONS), "groups": _often(rng, "none", GROUPS),
            "sample_weight": _often(rng, "none", WEIGHTS)}  # fmt: skip
    return Talk(seed, name, parameters, world, told, [draw_call(rng) for _ in range(8)])


def _often(rng, usual, table):
    return usual if rng.random() < 0.6 else rng.choice(list(table))


def draw_call(rng):
    """A method, and a seed for all that it is passed; methods that a model has not are passed over."""
    return rng.choice(CALLS), rng.randrange(10**6)


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
}
GIVEN = [None, None, None, {}, {"amount": 3.0}, {"town": "north"}, {"town": "nowhere"}, {0: 2.0}, {1: 3}, {-1: 1.0},
         {"amount": np.nan}, {"amount": "x"}, {"paid": True}, {"paid": 3}, {"day": "2024-05-05"}, {"day": "no day"}, {0: 1e300},
         {0: None}, {"town": ["north"]}, [0], "town", {(0, 1): 1}, {None: 1}, {True: 1}, {99: 1}, {0: -5.5}, {"y": 1}]  # fmt: skip
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

    def say(self, method, seed):
        """Return what a call gives."""
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
        name = "the same" if self.rng.random() < 0.5 else self.rng.choice(list(OTHERS))
        return OTHERS[name](self.rows)

    def codes(self):
        return CODES["codes" if self.rng.random() < 0.3 else self.rng.choice(list(CODES))](self.numbers, N_ROWS)

    def told(self, table):
        return table[self.rng.choice(list(table))](N_ROWS)

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
CALLS = ["transform", "posterior", "sample_posterior", "log_posterior", "inverse_transform", "inverse_transform", "sample", "sample", "sample_prior",
         "sample_likelihood", "score_samples", "score", "log_likelihood", "log_prior", "to_generation_space",
         "to_representation_space", "partial_fit", "fit", "fit_transform", "get_feature_names_out", "transform_to",
         "set_params", "set_params", "pickle", "file", "clone", "shown", "set_output", "predict", "decision_function", "explain",
         "fit_predict"]  # fmt: skip


def hold(talk) -> Any:
    """Return "success", or the error that refused the fit; anything else is a Fault."""
    with warnings.catch_warnings(record=True) as issued, limited(LONGEST), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("always")
        outcome = _held(talk, folder)
    for warning in issued:
        judge_warning(warning, talk)
    return outcome


def _held(talk, folder):
    rows = WORLDS[talk.world][0](talk.seed)
    outcome, model = _answered(talk, "the fit", lambda: _fitted(talk, rows, folder))
    if model is None:
        return outcome
    speaker = Speaker(talk, model, rows, folder)
    for method, seed in talk.calls:
        _, codes = _answered(talk, "the codes", lambda: _codes(model, rows))
        speaker.arguments = {}
        error, answer = _answered(talk, lambda: f"{method}({speaker.arguments}) [{seed}]", lambda: speaker.say(method, seed))
        if error is None:
            _judge(talk, f"{method}({speaker.arguments}) [{seed}]", answer)
        elif codes is not None and (codes.shape != (after := _codes(model, rows)).shape or (codes != after).any()):
            raise Fault(f"{talk}\n{method}({speaker.arguments}) [{seed}] was refused ({error!r}), and the codes changed")
    return "success"


def _fitted(talk, rows, folder):
    parameters = talk.parameters
    if parameters.get("checkpoint") == "a folder":
        parameters = parameters | {"checkpoint": Path(folder) / "checkpoints"}
    model = getattr(vaekit, talk.name, vaekit.VAE)(**parameters)
    if talk.name in AROUND:
        few = {"n_importance_samples": 5} if talk.name == "VAEImputer" else {}
        model = AROUND[talk.name](model, random_state=0, **few)
    return model.fit(rows, **{name: TABLES[name][which](N_ROWS) for name, which in talk.told.items() if _takes(model, name)})


TABLES = {"y": CONDITIONS, "groups": GROUPS, "sample_weight": WEIGHTS}


def _takes(model, name):
    return name in inspect.signature(model.fit).parameters and (name != "y" or type(model).__name__ == "ConditionalVAE")


def _codes(model, rows):
    """What must not change by a call that is refused; None once the model was fitted on other rows."""
    if isinstance(model, VAEImputer):
        return None
    try:
        return np.asarray(getattr(model, "transform" if hasattr(model, "transform") else "score_samples")(rows))
    except REFUSALS:
        return None


def _answered(talk, what, call):
    """An error that refused, and None; or None, and what was answered."""
    try:
        return None, call()
    except REFUSALS as error:
        if isinstance(error, NotFittedError):
            raise Fault(f"{talk}\n{_text(what)} is said to want a fit: {error}") from error
        if not any(part in place(error) for part in OURS) or not re.search(WORDS_OF_REFUSALS, str(error)):
            raise Fault(f"{talk}\n{_text(what)}: {type(error).__name__}: {error} {place(error)}") from error
        return error, None
    except Fault:
        raise
    except OSError as error:  # of paths
        return error, None
    except Exception as error:
        raise Fault(f"{talk}\n{_text(what)}: {type(error).__name__}: {error} {place(error)}") from error


def _text(what):
    return what() if callable(what) else what


def _judge(talk, what, answer):
    """All numbers of an answer are finite; gaps that came in may come out."""
    for values in answer if isinstance(answer, tuple) else (answer,):
        if hasattr(values, "select_dtypes"):
            values = values.select_dtypes(["number", "bool"])
        if hasattr(values, "dtype") and getattr(values.dtype, "kind", "") in "fiub" or isinstance(values, float):
            if not np.isfinite(np.asarray(values, dtype=float)).all():
                raise Fault(f"{talk}\n{what} gave {np.asarray(values, dtype=float)!r:.200}")
