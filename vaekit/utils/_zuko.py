"""The one door to zuko, whose import changes torch's distributions for the whole process."""

import importlib
from types import ModuleType

from vaekit.utils._distributions import unchanged_distributions

__all__ = ["import_zuko"]


def import_zuko(what: str) -> ModuleType:
    """Return zuko's flows; torch's distributions go on checking their arguments as before.

    Parameters
    ----------
    what : str
        What needs it, for the message.

    Returns
    -------
    flows : module
        `zuko.flows`.

    Raises
    ------
    ImportError
        If zuko is not installed.
    """
    try:
        with unchanged_distributions():
            return importlib.import_module("zuko.flows")
    except ImportError as error:
        raise ImportError(f"{what} is made of zuko's flows; install it with pip install 'vaekit[flows]'.") from error
