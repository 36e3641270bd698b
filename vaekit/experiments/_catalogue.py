"""Studies by name."""

import importlib

from vaekit.experiments.studies import STUDIES

__all__ = ["load_study"]


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
    >>> from vaekit.experiments import load_study
    >>> len(load_study("outliers").keys("smoke"))
    5
    """
    if name not in STUDIES:
        raise ValueError(f"The 'name' parameter must be one of {STUDIES}, got {name!r}.")
    return importlib.import_module(f"vaekit.experiments.studies._{name}").STUDY
