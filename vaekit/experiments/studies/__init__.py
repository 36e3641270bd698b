"""The studies that are here: a file each."""

import importlib

__all__ = ["STUDIES", "load_study"]

STUDIES = ("outliers",)


def load_study(name):
    """Return a study by its name.

    Parameters
    ----------
    name : str
        One of `STUDIES`.

    Returns
    -------
    study : Study
        Its runs, measures and claims.

    Raises
    ------
    ValueError
        If there is no such study.

    Examples
    --------
    >>> load_study("outliers").keys("smoke").__len__()
    5
    """
    if name not in STUDIES:
        raise ValueError(f"The 'name' parameter must be one of {STUDIES}, got {name!r}.")
    return importlib.import_module(f"{__name__}.{name}").STUDY
