"""What a file of a model holds besides plain values: words, devices, paths, estimators of scikit-learn."""

import os
from pathlib import Path

import numpy as np
import torch
from sklearn.base import BaseEstimator

from vaekit.estimators._conditions import Conditions
from vaekit.exceptions import UnreadableFileError
from vaekit.files import Reader, Writer, is_moment, moment_of, text_of_moment
from vaekit.frames import Column, Columns
from vaekit.persistence._skops import foreign_types, from_skops, to_skops
from vaekit.persistence._table import NAMES, WORDS
from vaekit.persistence._trusted import DENSITIES
from vaekit.utils._spec import Spec
from vaekit.utils._stored import Fingerprint

__all__ = ["reader", "writer"]


def writer():
    """A `Writer` that knows our words."""
    return Writer(_write)


def reader(arrays, types=()):
    """A `Reader` that knows our words, and by their paths some more types that are already there.

    Parameters
    ----------
    arrays : dict of str to ndarray
    types : iterable of type
        A path that is none of theirs stays a text.
    """
    known = WORDS | {_path(kind): kind for kind in types}
    return Reader(arrays, READ | {"type": lambda path, read: known.get(path, path)})


def _write(value, write):
    """Tag and content of what is not plain."""
    if isinstance(value, type):
        return {"type": NAMES.get(value) or _path(value)}
    if type(value) in NAMES:
        parameters = value.get_params(deep=False)
        return {"word": [NAMES[type(value)], [[name, write(item)] for name, item in parameters.items()]]}
    if type(value) is Columns:
        return {"columns": write(value.packed())}
    if type(value) is Conditions:
        return {"conditions": write(vars(value))}
    if isinstance(value, Fingerprint):
        return {"fingerprint": value.digest()}
    if isinstance(value, torch.device):
        return {"device": str(value)}
    if isinstance(value, os.PathLike):
        return {"path": os.fspath(value)}
    if is_moment(value):
        return {"moment": text_of_moment(value)}
    if isinstance(value, BaseEstimator) and type(value).__module__.partition(".")[0] == "sklearn":
        return {"sklearn": write.array(np.frombuffer(_kept(value), dtype=np.uint8))}
    raise TypeError(f"a word of one's own, {type(value).__name__}" if isinstance(value, Spec) else f"{value!r:.100}")


def _kept(estimator):
    """The file of skops that holds an estimator of scikit-learn; one that could not be read again is none."""
    content = to_skops(estimator)
    foreign = foreign_types(content, DENSITIES)
    if foreign:
        raise TypeError(f"{type(estimator).__name__}, whose file would hold the types {foreign}")
    return content


def _path(kind):
    return f"{kind.__module__}.{kind.__qualname__}"


def _read_word(content, read):
    name, parameters = content
    if name not in WORDS:
        raise UnreadableFileError(f"it names {name!r}, which is no word of this version")
    return WORDS[name](**{parameter: read(value) for parameter, value in parameters}).validated()


def _read_columns(content, read):
    held = read(content)
    if set(held) != set(Columns._fields) or any(set(column) != set(Column._fields) for column in held["columns"]):
        raise UnreadableFileError(f"its columns hold {sorted(held)}")
    return Columns.unpacked(held)


def _read_conditions(content, read):
    conditions, held = Conditions(), read(content)
    if set(held) - {"names"} != {"encoders", "mean", "seen"}:
        raise UnreadableFileError(f"its conditions hold {sorted(held)}")
    vars(conditions).update(held)
    return conditions


def _read_fingerprint(digest, read):
    fingerprint = Fingerprint(None)
    fingerprint.__setstate__({"value": None, "_digest": digest})
    return fingerprint


READ = {
    "word": _read_word,
    "columns": _read_columns,
    "conditions": _read_conditions,
    "fingerprint": _read_fingerprint,
    "device": lambda name, read: torch.device(name),
    "path": lambda path, read: Path(path),
    "moment": moment_of,
    "sklearn": lambda name, read: from_skops(read.arrays[name].tobytes(), DENSITIES),
}
