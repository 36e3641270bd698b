"""The door to skops, which keeps estimators of scikit-learn without pickles; not everybody has it."""

import importlib
import io
import zipfile

from vaekit.exceptions import UnreadableFileError
from vaekit.persistence._neighbours import with_sound_trees

__all__ = ["foreign_types", "from_skops", "to_skops"]

MOST_INFLATED, SPARE = 100, 2**24


def to_skops(value):
    """Return the file that skops makes of an object, as bytes; what it cannot take is a TypeError."""
    dumps = _skops("saved").dumps
    if hasattr(value, "_callback_fit_ctx"):  # of scikit-learn's, which leads around in circles
        raise TypeError(
            f"{type(value).__name__} is amid its own fit, and has a place in a file afterwards; a callback may save "
            "the model that it belongs to."
        )
    try:
        return dumps(value)
    except Exception as error:  # whatever objects of others do
        raise TypeError(
            f"{type(value).__name__} holds what has no place in a file that runs no code ({error}); leave it out, or "
            "pickle the model."
        ) from error


def foreign_types(content, trusted):
    """Types in a file of skops, as bytes, that are neither skops' nor trusted."""
    return sorted(set(_skops("loaded").get_untrusted_types(data=content)) - set(trusted))


def from_skops(content, trusted):
    """Return the object of a file of skops; a type that is neither skops' nor trusted is an error."""
    _refuse_bombs(content)
    foreign = foreign_types(content, trusted)
    if foreign:
        raise UnreadableFileError(
            f"it holds {foreign}, which are not known to be safe; where you trust whoever wrote it, say "
            f"load(path, trusted={foreign})"
        )
    return with_sound_trees(_skops("loaded").loads(content, trusted=trusted))


def _refuse_bombs(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_INFLATED * len(content) + SPARE:
            raise UnreadableFileError("it would take far more memory than it has bytes")


def _skops(what):
    try:
        return importlib.import_module("skops.io")
    except ImportError as error:
        raise ImportError(
            f"Pipelines, searches and other estimators of scikit-learn are {what} with skops, which is not installed: "
            "pip install skops."
        ) from error
