"""What all displays are: arrays that print in one line, and the figure they were drawn into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaekit.utils._repr import short_repr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Display"]


class Display:
    """Holds arrays, and draws them when it is asked to."""

    figure_: Figure

    __repr__ = short_repr
