"""Columns of dates and durations on axes: dates as dates, durations with their unit."""

import numpy as np

__all__ = ["Moments"]

UNITS = {"d": 86_400e6, "h": 3600e6, "min": 60e6, "s": 1e6, "ms": 1e3, "µs": 1.0}  # in microseconds
YEARS = (-62_135_596_800e6, 253_402_300_799e6)  # the ends of 0001 and 9999, which calendars know


class Moments:
    """How a column of microseconds is drawn; a column of plain numbers as it is.

    Parameters
    ----------
    moment : {"", "date", "duration"}
        What the numbers are microseconds of; dates since 1970.
    *columns : ndarray of shape (n_rows,)
        All that is to be drawn on one axis.
    """

    def __init__(self, moment, *columns):
        known = np.concatenate([column[np.isfinite(column)] for column in columns]) if moment else np.empty(0)
        self.is_date = bool(moment == "date" and known.size and YEARS[0] < known.min() and known.max() < YEARS[1])
        self.unit = _unit_of(known) if moment == "duration" and known.size else None

    def place(self, values):
        """Values as numbers of the axis."""
        if self.is_date:
            from matplotlib.dates import date2num

            return values / UNITS["d"] + date2num(np.datetime64("1970-01-01"))
        return values if self.unit is None else values / UNITS[self.unit]

    def label(self, axis):
        """Write dates, or units, beside an axis."""
        if self.is_date:
            _label_dates(axis)
        elif self.unit is not None:
            axis.set_major_locator(_few_ticks())
            axis.set_major_formatter(f"{{x:g}} {self.unit}")


def _label_dates(axis):
    """Few dates, as short as they can be: panels are small."""
    from matplotlib.dates import AutoDateFormatter, AutoDateLocator

    locator = AutoDateLocator(minticks=2, maxticks=4)
    formatter = AutoDateFormatter(locator)
    formatter.scaled.update({1.0: "%m-%d", 1 / 24: "%H:%M", 1 / 1440: "%H:%M"})
    axis.set_major_locator(locator)
    axis.set_major_formatter(formatter)


def _few_ticks():
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(3)


def _unit_of(durations):
    """The largest unit of which there are three or more."""
    spread = np.abs(durations).max()
    return next((unit for unit, size in UNITS.items() if spread >= 3 * size), "µs")
