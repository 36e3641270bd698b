"""One generated talk with a fitted model: calls of any of its methods with what nobody would pass, one after another.

Each is answered with finite numbers or refused in words, and a model that refused has not changed.
"""

import functools
import inspect
import random
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import NotFittedError

import vaekit
from tests.helpers.drawn_calls import CALLS, Speaker
from tests.helpers.drawn_parameters import draw_value
from tests.helpers.drawn_worlds import CONDITIONS, GROUPS, N_ROWS, WEIGHTS, WORLDS
from tests.helpers.fuzz import (
    IS_KEPT,
    LONGEST,
    REFUSALS,
    Fault,
    judge_warning,
    judge_what_is_left,
    limited,
    numbers_of,
    place,
)
from vaekit.impute import VAEImputer
from vaekit.outlier import VAEOutlierDetector

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
    r"'[a-z]+[_a-z]*'|[a-z]+_[a-z_]+=|seed|sample_weight|Sample weights|y contains|has no|not fitted|[Ii]nput|"
    r"Complex data|'given'|\by\b"
)
OURS = ("/vaekit/", "/sklearn/")


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
    name = rng.choice([*vaekit.ESTIMATORS, "VAE", "ConditionalVAE", "PCL", "SlowVAE", "TripodVAE", *AROUND])
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
        error, answer = _answered(talk, speaker, functools.partial(speaker.say, method, seed))
        if error is None:
            _judge(talk, speaker, answer)
        elif IS_KEPT not in str(error) and codes is not None and not _same(codes, _codes(model, rows)):
            raise Fault(f"{talk}\n{speaker} was refused ({error!r}), and the codes changed")
    return "success"


def _fitted(talk, rows, folder):
    parameters = talk.parameters
    if parameters.get("checkpoint") == "a folder":
        parameters = parameters | {"checkpoint": Path(folder) / "checkpoints"}
    model = getattr(vaekit, talk.name, vaekit.VAE)(**parameters)
    if talk.name in AROUND:
        few = {"n_importance_samples": 5} if talk.name == "VAEImputer" else {}
        model = AROUND[talk.name](model, random_state=0, **few)
    told = {name: TABLES[name][which](N_ROWS) for name, which in talk.told.items() if _takes(model, name)}
    try:
        return model.fit(rows, **told)
    except REFUSALS as error:
        judge_what_is_left(model, error, talk)
        raise


TABLES = {"y": CONDITIONS, "groups": GROUPS, "sample_weight": WEIGHTS}


def _takes(model, name):
    return name in inspect.signature(model.fit).parameters and (name != "y" or type(model).__name__ == "ConditionalVAE")


def _codes(model, rows):
    """What must not change by a call that is refused; None once the model was fitted on other rows."""
    try:
        answer = getattr(model, "transform" if hasattr(model, "transform") else "score_samples")(rows)
        return np.asarray(numbers_of(answer), dtype=float)
    except REFUSALS:
        return None


def _same(codes, others):
    return others is not None and np.array_equal(codes, others, equal_nan=True)


def _answered(talk, what, call):
    """An error that refused, and None; or None, and what was answered."""
    try:
        return None, call()
    except REFUSALS as error:
        if isinstance(error, NotFittedError):
            raise Fault(f"{talk}\n{what} is said to want a fit: {error}") from error
        if not any(part in place(error) for part in OURS) or not re.search(WORDS_OF_REFUSALS, str(error)):
            raise Fault(f"{talk}\n{what}: {type(error).__name__}: {error} {place(error)}") from error
        return error, None
    except Fault:
        raise
    except OSError as error:  # of paths
        return error, None
    except Exception as error:
        raise Fault(f"{talk}\n{what}: {type(error).__name__}: {error} {place(error)}") from error


def _judge(talk, what, answer):
    """All numbers of an answer are finite; gaps that came in may come out."""
    for values in answer if isinstance(answer, tuple) else (answer,):
        values = numbers_of(values)
        is_numbers = isinstance(values, float) or getattr(getattr(values, "dtype", None), "kind", "O") in "fiub"
        if is_numbers and not np.isfinite(np.asarray(values, dtype=float)).all():
            raise Fault(f"{talk}\n{what} gave {np.asarray(values, dtype=float)!r:.200}")
