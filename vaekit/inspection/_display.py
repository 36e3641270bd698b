"""What all displays are: arrays that print in one line, and the figure they were drawn into."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

from vaekit.utils._repr import short_repr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Display"]


class Display:
    """Holds arrays, and draws them when it is asked to."""

    figure_: Figure

    def __repr__(self):
        known = SimpleNamespace(**{name: value for name, value in vars(self).items() if value is not None})
        return short_repr(known).replace("SimpleNamespace", type(self).__name__, 1)
