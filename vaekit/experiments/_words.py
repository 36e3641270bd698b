"""Numbers as a person writes them: so many digits as their spread allows, no exponents, hours and minutes."""

import math

import numpy as np

__all__ = ["duration", "number", "spread"]

DIGITS, OF_SPREAD = 3, 2  # significant ones
PLAIN = 1e-4, 1e9  # between these nobody writes an exponent
NOTHING = 1e-9  # of the mean, what rounding leaves of no deviation


def duration(seconds):
    """Return a time in words.

    >>> [duration(s) for s in (0.3, 31, 1876, 9800, 156_600, 10_008_000)]
    ['less than a second', '31 seconds', '31 minutes', '2.7 hours', '43.5 hours', '2,780 hours']
    """
    if seconds < 1:
        return "less than a second"
    if seconds < 120:
        return _counted(round(seconds), "second")
    if seconds < 5400:
        return _counted(round(seconds / 60), "minute")
    hours = seconds / 3600
    return f"{hours:.1f} hours" if hours < 100 else f"{number(hours)} hours"


def _counted(n, unit):
    return f"{n} {unit}{'s' * (n != 1)}"


def number(value, places=None):
    """Return a number to three significant digits, whole ones as they are; or to so many places after the point.

    >>> [number(x) for x in (2063.4, 0.76342, -33.71, 0, 1.5e-7)]
    ['2,060', '0.763', '-33.7', '0', '1.5e-07']
    """
    if places is None and not (math.isfinite(value) and _is_plain(value)):
        return format(value, f".{DIGITS}g")
    if places is None:
        places = 0 if value == round(value) else _places(value, DIGITS)
    return f"{round(value, places):,.{max(0, places)}f}"


def _is_plain(value):
    return value == 0 or PLAIN[0] <= abs(value) < PLAIN[1]


def _places(value, digits):
    """How many after the point show so many significant digits."""
    return 0 if value == 0 else digits - 1 - math.floor(math.log10(abs(value)))


def spread(values, form=""):
    """Return mean ± standard deviation of numbers, or the lone one, said to be one; nothing of none.

    Parameters
    ----------
    values : Series
        A number for each seed; missing ones are left out.
    form : str, default=""
        Of both, as `format` has it. Without one, or where the deviation would be written as 0, they have as many
        places as show two digits of the deviation, and at most three of the mean.

    Returns
    -------
    text : str
    """
    values = values.dropna()
    if len(values) == 0:
        return ""
    mean, deviation = float(np.mean(values)), _deviation(values)
    if len(values) == 1:
        return f"{_formed(mean, form)} (one seed)"
    if _is_given(form) and (deviation == 0 or not _is_nought(format(deviation, form))):
        return f"{format(mean, form)} ± {format(deviation, form.lstrip('+'))}"
    if not math.isfinite(mean + deviation):
        return f"{number(mean)} ± ?"
    places = _places_of_both(mean, deviation)
    sign = "+" if form.startswith("+") and mean > 0 else ""
    return f"{sign}{number(mean, places)} ± {number(deviation, places)}"


def _places_of_both(mean, deviation):
    if not _is_plain(max(abs(mean), deviation)):
        return None
    if deviation <= NOTHING * abs(mean):
        return _places(mean, DIGITS)
    return min(_places(deviation, OF_SPREAD), max(_places(deviation, 1), _places(mean, DIGITS)))


def _deviation(values):
    return float(np.std(values, ddof=1)) if len(values) > 1 and np.isfinite(values).all() else math.nan


def _is_given(form):
    return bool(form) and not form.endswith("g")


def _formed(value, form):
    return format(value, form) if _is_given(form) else number(value)


def _is_nought(text):
    return float(text.replace(",", "").rstrip("%")) == 0
