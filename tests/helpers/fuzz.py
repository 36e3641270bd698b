"""One generated case: an estimator with drawn parameters meets drawn rows, and what comes of it is judged."""

import contextlib
import random
import re
import signal
import traceback
import warnings
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import vaekit
from tests.helpers.awkward_rows import Rows, draw_later, draw_rows
from tests.helpers.drawn_parameters import draw_parameters
from vaekit.utils._sklearn import InvalidParameterError

LONGEST = 30  # seconds of the processor: other programs may need it, too
REFUSALS = (ValueError, TypeError, AttributeError)  # the last for methods that a prior has none of
WORDS_FOR_DATA = r"\bX\b|'y'|'groups'|Found array|Expected 2D array|'[a-z_]+' parameter|'[a-z]+[_a-z]*'|[Ff]eature"
OURS = ("/vaekit/", "/sklearn/")
IS_KEPT = "what was trained is kept"


class Fault(AssertionError):
    """Neither a success with finite results nor an error that teaches."""


class Case(NamedTuple):
    """What is fitted on what, and then asked about what."""

    seed: int
    name: str
    parameters: dict
    rows: Rows
    later: Rows

    def __str__(self):
        return (
            f"run(draw_case({self.seed}))  # vaekit.{self.name}(**{self.parameters}).fit({self.rows}.make()), then "
            f"{self.later}"
        )


def draw_case(seed):
    """Return the case of this number."""
    rng = random.Random(seed)
    name = rng.choice(sorted(vaekit.estimators.__all__))
    parameters = draw_parameters(rng, getattr(vaekit, name))
    rows = draw_rows(rng)
    return Case(seed, name, parameters, rows, draw_later(rng, rows))


def run(case) -> Any:
    """Return "success" or the error that refused the case; anything else is a Fault, which says how to see it again."""
    with warnings.catch_warnings(record=True) as issued, limited(LONGEST):
        warnings.simplefilter("always")
        try:
            outcome = told(case)
        except REFUSALS as error:
            judge_refusal(error, case)
            outcome = error
        except Fault:
            raise
        except Exception as error:
            raise Fault(f"{case}\n{type(error).__name__}: {error} {place(error)}") from error
    for warning in issued:
        judge_warning(warning, case)
    return outcome


def told(case):
    """Fit, and ask everything."""
    model = getattr(vaekit, case.name)(**case.parameters)
    rows = case.rows.make()
    try:
        model.fit(rows, *facts(case.name, case.rows.n_rows))
    except REFUSALS as error:
        judge_what_is_left(model, error, case)
        raise
    for what, values in answers(model, rows):
        judge_numbers(what, values, case)
    if case.later != case.rows:
        for what, values in answers(model, case.later.make()):
            judge_numbers(f"later {what}", values, case)
    return "success"


def facts(name, n_rows):
    """What an estimator wants to be told besides rows."""
    return [np.arange(n_rows) % 2] if name == "ConditionalVAE" else []


def answers(model, rows):
    """Yield all numbers that a fitted model gives for rows."""
    codes = np.asarray(model.transform(rows))
    yield "codes", codes
    yield "history_", [value for row in sound(model) for value in row.values() if value is not None]
    deviations = model.kl_per_component_
    yield "kl_per_component_", deviations[~np.isposinf(deviations)]  # infinite for a deterministic encoder
    yield "posterior", np.concatenate([np.ravel(values) for values in model.posterior(rows)])
    if hasattr(model, "inverse_transform"):
        yield "decoded", model.inverse_transform(codes)
    if hasattr(model, "sample"):
        yield "samples", model.sample(3)
    if hasattr(model, "score_samples"):
        yield "scores", model.score_samples(rows)


def sound(model):
    """The rows of a history but the one of an epoch that was taken back, of which a warning told."""
    return model.history_[: -1 if model.net_.went_back_ else None]


def judge_numbers(what, values, case):
    values = np.asarray(numbers_of(values), dtype=float)
    if not np.isfinite(values).all():
        raise Fault(f"{case}\n{what} are not finite: {values[~np.isfinite(values)][:3]}")


def numbers_of(values):
    """Return what of an answer is numbers: of a frame of several kinds words and dates are not in question."""
    if isinstance(values, pl.DataFrame):  # whose widest integers pandas cannot read
        values = values.with_columns(pl.selectors.by_dtype(pl.Int128).cast(pl.Float64))
    values = values.to_pandas() if hasattr(values, "to_pandas") else values
    if not hasattr(values, "select_dtypes"):
        return values
    return values.select_dtypes(["number", "bool"], exclude="timedelta").to_numpy(dtype=float, na_value=np.nan)


def judge_what_is_left(model, error, case):
    """A first fit that is refused was refused before it trained, or says what it keeps."""
    if model.__sklearn_is_fitted__() and IS_KEPT not in str(error):
        raise Fault(f"{case}\nwas refused after {model.n_steps_} steps: {error}")


def judge_refusal(error, case):
    """An error comes from us or scikit-learn, and names what to change."""
    if isinstance(error, InvalidParameterError):
        return
    names = "|".join([*map(re.escape, case.parameters), WORDS_FOR_DATA])
    if not any(part in place(error) for part in OURS) or not re.search(names, str(error)):
        raise Fault(f"{case}\n{type(error).__name__}: {error} {place(error)}") from error


def judge_warning(warning, case):
    """Warnings are ours, or scikit-learn's about data."""
    is_ours = issubclass(warning.category, UserWarning) and "/torch/" not in warning.filename
    if not is_ours and not issubclass(warning.category, ResourceWarning):
        raise Fault(f"{case}\n{warning.category.__name__}: {warning.message} ({warning.filename}:{warning.lineno})")


def place(error):
    """Return where an error was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}"


@contextlib.contextmanager
def limited(seconds):
    """End what is inside after so many seconds."""

    def end(number, frame):
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
