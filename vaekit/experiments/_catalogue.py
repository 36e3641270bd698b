"""Studies by name, and those of files of one's own."""

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
    """Execute a file as a module of its name, which nobody else imports.

    Other processes may not have it: what cannot be found among the modules is pickled by value.
    """
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module, known = importlib.util.module_from_spec(spec), sys.modules.get(path.stem)
    sys.modules[path.stem] = module  # dataclasses look there
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[path.stem]
        sys.modules |= {path.stem: known} if known is not None else {}
    return module
