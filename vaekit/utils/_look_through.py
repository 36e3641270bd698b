"""The model inside a pipeline or a search."""

from typing import Any, NamedTuple

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline

__all__ = ["Inside", "look_through"]

MODEL_METHODS = "posterior", "sample_posterior", "log_prior", "sample"


class Inside(NamedTuple):
    """A fitted model, and the steps before it (None where there are none)."""

    before: Any
    model: Any


def look_through(estimator):
    """Return the fitted model inside a pipeline or a search, and the steps before it.

    The model of a pipeline is its last step that has a method of one; the last of all if none has.
    """
    if _is_search(estimator):
        return look_through(_best(estimator))
    if not isinstance(estimator, Pipeline):
        return Inside(None, estimator)
    step = next((i for i in reversed(range(len(estimator))) if _is_model(estimator[i])), len(estimator) - 1)
    before, model = look_through(estimator[step])
    outer = [fitted for _, fitted in estimator.steps[:step]]
    inner = [] if before is None else [fitted for _, fitted in before.steps]
    return Inside(make_pipeline(*outer, *inner) if outer or inner else None, model)


def _is_model(step):
    if isinstance(step, Pipeline):
        return any(_is_model(inner) for _, inner in step.steps)
    if _is_search(step):
        return _is_model(getattr(step, "best_estimator_", step.estimator))
    return any(hasattr(step, method) for method in MODEL_METHODS)


def _is_search(estimator):
    return hasattr(estimator, "best_estimator_") or (
        hasattr(estimator, "estimator") and (hasattr(estimator, "refit") or hasattr(estimator, "param_grid"))
    )


def _best(search):
    if not hasattr(search, "best_estimator_"):
        raise NotFittedError(
            f"This {type(search).__name__} has no best_estimator_ to look at: fit it, with refit=True where there is "
            "that choice."
        )
    return search.best_estimator_
