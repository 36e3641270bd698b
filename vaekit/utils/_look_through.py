"""The model inside a pipeline or a search."""

import inspect
from typing import Any, NamedTuple

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

__all__ = ["Inside", "look_through", "refuse_if_told", "refuse_unless_taken"]

CODES, SAMPLES = ("posterior", "sample_posterior", "log_prior"), ("sample",)


class Inside(NamedTuple):
    """A fitted model, and the steps before it (None where there are none)."""

    before: Any
    model: Any


def look_through(estimator):
    """Return the fitted model inside a pipeline or a search, and the steps before it.

    The model of a pipeline is its last step that knows a distribution of codes; without one, the last that samples (a
    density that was fitted on codes samples, too); without one, the last of all.
    """
    if _is_search(estimator):
        return look_through(_best(estimator))
    if not _is_pipeline(estimator):
        return Inside(None, estimator)
    steps = [step for _, step in estimator.steps]
    last_first = range(len(steps) - 1, -1, -1)
    models = (i for methods in (CODES, SAMPLES) for i in last_first if _has(steps[i], methods))
    number = next(models, len(steps) - 1)
    before, model = look_through(steps[number])
    outer = [step for step in steps[:number] if not _draws_rows(step)]
    inner = [] if before is None else [step for _, step in before.steps]
    return Inside(make_pipeline(*outer, *inner) if outer or inner else None, model)


def refuse_unless_taken(estimator, method, name):
    """Raise ValueError, before a fit, if a method of the model inside takes no argument of this name.

    The model inside a search is known after its fit only.
    """
    try:
        model = look_through(estimator).model
    except NotFittedError:
        return
    if name not in inspect.signature(getattr(model, method)).parameters:
        raise ValueError(
            f"The {name!r} parameter is for models whose '{method}' takes it, and that of {type(model).__name__} does "
            "not; leave it None."
        )


def refuse_if_told(estimator, wrapper):
    """Raise ValueError, before a fit, if the model inside is told y, which a wrapper that learns from X does not have.

    The model inside a search is known after its fit only.
    """
    try:
        model = look_through(estimator).model
    except NotFittedError:
        return
    if hasattr(model, "__sklearn_tags__") and get_tags(model).target_tags.required:
        raise ValueError(
            f"The 'estimator' parameter of {type(wrapper).__name__} must be a model of X alone, and "
            f"{type(model).__name__} is told y: choose one without (VAE), and make what y holds columns of X."
        )


def _has(step, methods):
    """Whether a step, or what is inside it, has any of these methods."""
    if _is_pipeline(step):
        return any(_has(inner, methods) for _, inner in step.steps)
    if _is_search(step):
        return _has(getattr(step, "best_estimator_", step.estimator), methods)
    return any(callable(getattr(step, method, None)) for method in methods)  # imputers' sample_posterior is a choice


def _is_pipeline(estimator):
    """Whether it is scikit-learn's, or one of another library with steps of the same form."""
    return isinstance(estimator, Pipeline) or (hasattr(estimator, "steps") and hasattr(estimator, "named_steps"))


def _draws_rows(step):
    """Whether a step chooses or makes rows to fit on and leaves all others as they are, as imbalanced-learn's do."""
    return hasattr(step, "fit_resample") and not hasattr(step, "transform")


def _is_search(estimator):
    """Whether it is one, fitted or not; other wrappers keep what they fitted as `estimator_`."""
    is_like_one = hasattr(estimator, "estimator") and (hasattr(estimator, "refit") or hasattr(estimator, "param_grid"))
    return hasattr(estimator, "best_estimator_") or (is_like_one and not hasattr(estimator, "estimator_"))


def _best(search):
    if not hasattr(search, "best_estimator_"):
        raise NotFittedError(
            f"This {type(search).__name__} has no best_estimator_ to look at: fit it, with refit=True where there is "
            "that choice."
        )
    return search.best_estimator_
