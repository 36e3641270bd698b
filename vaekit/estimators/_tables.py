"""Tables as people have them: numbers, categories, truths, dates and counts side by side, and gaps."""

from typing import Any, ClassVar

from vaekit.estimators._base import BaseEncoder, estimator
from vaekit.estimators._generation import GenerationMixin
from vaekit.utils._sklearn import StrOptions

__all__ = ["BaseAutoencoder"]


@estimator
class BaseAutoencoder(GenerationMixin, BaseEncoder):
    """Learn codes for data, and the way back.

    Parameters
    ----------
    categorical_features : "from_dtype", None, or array-like of str, int or bool, default="from_dtype"
        Which columns hold categories: names, numbers or a mask, besides text and columns of such a type. With
        `"from_dtype"` frames of pandas, polars and Arrow that hold more than numbers (text, categories, truths, dates,
        durations) are read column by column; each has a likelihood of its own, and what the model makes is a frame of
        the same kind, names and types. Arrays and frames of numbers alone are matrices. None reads all as a matrix.
    column_likelihoods : dict or None, default=None
        Words for single columns, by name or number: `{"visits": "poisson"}`. `"negative_binomial"`, `"categorical"` and
        all that `likelihood` takes. Otherwise categories are `Categorical`, truths `Bernoulli`, and numbers and dates
        have `likelihood`, where `"auto"` is a Normal with a scale for each.
    column_bounds : dict or None, default=None
        Where columns of numbers or dates must lie, by name or number: `{"age": (0, None)}`; what the model makes is
        kept inside.
    missing_values : {"error", "mask"}, default="error"
        `"mask"`: cells that are NaN, None, NaT or null are left out of the likelihood, and to the encoder are the mean
        of their column; in training, codes and scores alike. A row without one cell has a log-likelihood of 0.
    handle_unknown : {"error", "missing"}, default="error"
        What a category is that `fit` has not seen: an error that names it, or, with `missing_values="mask"`, a cell
        that is missing.
    """

    categorical_features: Any = "from_dtype"
    column_likelihoods: dict | None = None
    column_bounds: dict | None = None
    missing_values: str = "error"
    handle_unknown: str = "error"

    _parameter_constraints: ClassVar[dict] = {
        "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
        "column_likelihoods": [dict, None],
        "column_bounds": [dict, None],
        "missing_values": [StrOptions({"error", "mask"})],
        "handle_unknown": [StrOptions({"error", "missing"})],
    }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing_values == "mask"
        return tags
