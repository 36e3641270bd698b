"""Warnings that point at the user's line."""

import sys
import warnings

__all__ = ["warn_user"]

LIBRARIES = {"vaekit", "sklearn", "skorch", "joblib", "contextlib"}


def warn_user(message, category=UserWarning):
    """Warn at the nearest line that is not of this library, nor of those that it is called through."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in LIBRARIES:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
