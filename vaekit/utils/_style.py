"""The house style: colours, fonts and limits of every picture, in a context; no setting of matplotlib's is changed."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

__all__ = ["CLASSES", "COLORS", "DIVERGING", "MUTED", "SCALE", "house_style", "import_pyplot", "in_house_style",
           "robust_limits"]  # fmt: skip

# M. Okabe, K. Ito, "Color Universal Design", 2008: told apart by colour-blind readers, and in print
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
# M. A. Petroff, "Accessible Color Sequences for Data Visualization", 2021, https://arxiv.org/abs/2107.02270
CLASSES = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581",
           "#92dadd")  # fmt: skip
MUTED = "0.6"
SCALE, DIVERGING = "viridis", "RdBu"  # colour maps: of numbers from low to high, and around 0

STYLE = {
    "axes.edgecolor": "0.5",
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    "figure.titlesize": 10,
    "font.size": 9,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.4,
    "text.color": "0.1",
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}

Method = TypeVar("Method", bound=Callable[..., Any])


def import_pyplot():
    """Return matplotlib.pyplot, or raise the ImportError that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("Displays are drawn with matplotlib: pip install 'vaekit[plot]'.") from error
    return plt


@contextlib.contextmanager
def house_style():
    """Draw in the house style; what the user has set is set again at the end."""
    with import_pyplot().rc_context(STYLE):
        yield


def in_house_style(plot: Method) -> Method:
    """Have a method draw in the house style."""

    @functools.wraps(plot)
    def call(*args, **kwargs):
        with house_style():
            return plot(*args, **kwargs)

    return call  # type: ignore[return-value]


def robust_limits(values, tail=0.01, margin=0.0):
    """Return the limits between which all values but a share of `tail` at each end lie; NaN and infinity count not."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = np.quantile(known, [tail, 1 - tail])
    if low == high:
        low, high = known.min(), known.max()
    reach = margin * (high - low) if high > low else 0.5
    return float(low - reach), float(high + reach)
