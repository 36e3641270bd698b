"""Studies by name, and those of files of one's own."""

import contextlib
import importlib
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from vaekit.experiments._study import Study
from vaekit.experiments.studies import STUDIES

__all__ = ["check_name", "load_study"]


def load_study(name):
    """Return a study by its name, or that of a Python file.

    Parameters
    ----------
    name : str or path-like
        One of `STUDIES`, or the path of a file (``.py``) that calls its study ``STUDY``.

    Returns
    -------
    study : Study
        Its runs, measures and claims.

    Raises
    ------
    ValueError
        If there is no such study or file, or it has no study.

    Examples
    --------
    >>> from vaekit.experiments import load_study
    >>> len(load_study("outliers").keys("smoke"))
    5
    """
    name = check_name(name)
    if name in STUDIES:
        return importlib.import_module(f"vaekit.experiments.studies._{name}").STUDY
    study = getattr(_module(Path(name).resolve()), "STUDY", None)
    if not isinstance(study, Study):
        raise ValueError(f"The file {name!r} must call its Study STUDY, got {study!r}.")
    return replace(study, file=name)


def check_name(name):
    """Return the name of a study, or of a file that there is, as a text."""
    name = str(name)
    if name not in STUDIES and not (name.endswith(".py") and Path(name).is_file()):
        raise ValueError(
            f"The 'name' parameter must be one of {STUDIES}, or a Python file of a study that is there, got {name!r}."
        )
    return name


def _module(path):
    """Import a file under its own name; its functions go to other processes by value, which do not have it."""
    name = path.stem
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == str(path):
        return known
    if known is not None:
        raise ValueError(f"A module {name!r} is loaded already; give {str(path)!r} another name.")
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    for pickler in _picklers():
        pickler.register_pickle_by_value(module)
    return module


def _picklers():
    """That of dask and of later versions of joblib, and the one inside of earlier ones."""
    for name in ("cloudpickle", "joblib.externals.cloudpickle"):
        with contextlib.suppress(ImportError):
            yield importlib.import_module(name)
