"""A table as people have them: numbers, categories, truths, counts and dates that depend on each other, with gaps."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_scalar

from vaekit.utils._ambient import guarded
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

REGIONS, PLANS, GRADES = ("north", "south", "west"), ("free", "pro", "team"), ("low", "mid", "high", "top")
TURNS = np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 2.0]])  # logits of the regions, per unit of z
FIRST_DAY = np.datetime64("2020-01-01")


@guarded
def make_mixed_table(
    n_samples: int = 1000,
    *,
    missing: float = 0.0,
    library: str = "pandas",
    random_state: RandomStateLike = None,
) -> Any:
    r"""Make a frame of customers whose columns depend on two hidden numbers z ~ N(0, I).

    Given z the columns are independent:

    ==========  ==========================  =======================================================
    income      number                      N(30 + 8 z1, 2^2)
    age         whole number                N(45 + 10 z2, 3^2), rounded, in 0 .. 100
    region      category (north, ...)       softmax(2 z1, -2 z1, 2 z2)
    plan        text (free, pro, team)      by z1 + e / 2 at -0.5 and 0.8
    grade       ordered category            by z2 + e / 2 at -1, 0 and 1
    member      truth                       sigmoid(3 z1)
    visits      count                       Poisson(exp(1 + 0.6 z2))
    joined      date                        2020-01-01 and N(300 + 90 z1, 10^2) days, rounded
    ==========  ==========================  =======================================================

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    missing : float, default=0.0
        Share of the cells that are empty, whatever they would hold.
    library : {"pandas", "polars", "pyarrow"}, default="pandas"
        What the frame is made with.
    random_state : int, RandomState instance or None, default=None
        Draws the rows and the gaps.

    Returns
    -------
    table : :class:`~sklearn.utils.Bunch`
        data : frame of shape (n_samples, 8)
            The rows. Types are those that hold gaps (`Int64`, `boolean` in pandas), whether there are any or not.
        complete : frame of shape (n_samples, 8)
            The same without a gap.
        is_missing : ndarray of bool of shape (n_samples, 8)
            Where the gaps are.
        latents : ndarray of shape (n_samples, 2)
            z.
        DESCR : str
            What it is.

    Raises
    ------
    ImportError
        If pandas, or the library asked for, is not there.

    Examples
    --------
    >>> from vaekit.datasets import make_mixed_table
    >>> table = make_mixed_table(100, missing=0.1, random_state=0)
    >>> table.data.shape, round(float(table.is_missing.mean()), 2)
    ((100, 8), 0.1)
    """
    check_scalar(n_samples, "n_samples", Integral, min_val=1)
    check_scalar(missing, "missing", Real, min_val=0, max_val=1)
    if library not in LIBRARIES:
        raise ValueError(f"The 'library' parameter must be one of {sorted(LIBRARIES)}. Got {library!r} instead.")
    rng = make_random_state(random_state)
    latents = rng.standard_normal((n_samples, 2))
    complete = _frame(_columns(latents, rng))
    is_missing = rng.uniform(size=complete.shape) < missing
    frames = (LIBRARIES[library](frame) for frame in (complete.mask(is_missing), complete))
    return Bunch(**dict(zip(("data", "complete"), frames)), is_missing=is_missing, latents=latents,
                 DESCR="Customers whose columns depend on two hidden numbers.")  # fmt: skip


def _columns(latents, rng):
    """Columns as arrays, by name."""
    first, second = latents.T
    e = rng.standard_normal((5, len(latents)))
    return {
        "income": 30 + 8 * first + 2 * e[0],
        "age": np.clip(np.rint(45 + 10 * second + 3 * e[1]), 0, 100).astype(np.int64),
        "region": np.argmax(latents @ TURNS.T + rng.gumbel(size=(len(latents), 3)), axis=1),
        "plan": np.digitize(first + e[2] / 2, [-0.5, 0.8]),
        "grade": np.digitize(second + e[3] / 2, [-1, 0, 1]),
        "member": rng.logistic(size=len(latents)) < 3 * first,
        "visits": rng.poisson(np.exp(1 + 0.6 * second)),
        "joined": FIRST_DAY + np.rint(300 + 90 * first + 10 * e[4]).astype("m8[D]"),
    }


def _frame(columns):
    import pandas as pd

    regions = pd.Categorical.from_codes(columns["region"], REGIONS)
    grades = pd.Categorical.from_codes(columns["grade"], GRADES, ordered=True)
    plans = pd.Series(np.array(PLANS, dtype=object)[columns["plan"]], dtype="str")
    frame = pd.DataFrame({**columns, "region": regions, "plan": plans, "grade": grades})
    return frame.astype({"age": "Int64", "member": "boolean", "visits": "Int64", "joined": "datetime64[s]"})


def _as_polars(frame):
    import polars as pl

    return pl.from_pandas(frame).with_columns(pl.col("region").cast(pl.Enum(REGIONS)), pl.col("joined").cast(pl.Date))


def _as_arrow(frame):
    import pyarrow as pa

    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


LIBRARIES = {"pandas": lambda frame: frame, "polars": _as_polars, "pyarrow": _as_arrow}
