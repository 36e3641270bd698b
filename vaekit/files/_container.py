"""One file of JSON and arrays: a safetensors file whose metadata are the JSON, a format's number and a checksum.

Nothing in it is ever run or imported. Every size is held against the size of the file before memory is taken for it.
"""

import hashlib
import json
import os
import re
import stat
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from safetensors.numpy import save as safetensors_of

from vaekit.exceptions import UnreadableFileError
from vaekit.files._atomic import write_atomically
from vaekit.utils._version import __version__

__all__ = ["FORMAT", "read_container", "told_of", "write_container"]

FORMAT = 1
LONGEST_HEADER = 2**26
MOST_READS = 10
MANY_LETTERS, LETTERS_OF_A_LIST = 2**20, 8  # of a long text; ours has 17 for each list or object, which take 72 bytes
NO_DIGEST = b"0" * 64
DIGEST = re.compile(rb'"vaekit_sha256":"([0-9a-f]{64})"')


def write_container(path, kind, content, arrays):
    """Write a file, whole or not at all.

    Parameters
    ----------
    path : path-like
    kind : str
        What the file is, "model" or "checkpoint".
    content : object
        Of JSON's types.
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If the content is longer than what is read again.
    """
    document = json.dumps(content, allow_nan=False, separators=(",", ":"))
    metadata = {
        "vaekit": document,
        "vaekit_format": str(FORMAT),
        "vaekit_kind": kind,
        "vaekit_version": __version__,
        "vaekit_sha256": NO_DIGEST.decode(),
    }
    whole = memoryview(safetensors_of(arrays, metadata=metadata))
    (header_size,) = struct.unpack("<Q", whole[:8])
    if header_size > LONGEST_HEADER:
        raise ValueError(
            f"A file holds at most {LONGEST_HEADER} bytes besides its arrays, and this would {header_size}."
        )
    place = DIGEST.search(whole[8 : 8 + header_size]).start(1) + 8
    digest = hashlib.sha256(whole).hexdigest().encode()
    write_atomically(path, [whole[:place], digest, whole[place + len(digest) :]])


def read_container(path, kind):
    """Return content and arrays of a file of ours.

    Parameters
    ----------
    path : path-like
    kind : str
        What the file is to be.

    Returns
    -------
    content : object
        Of JSON's types.
    arrays : dict of str to ndarray
    metadata : dict of str to str

    Raises
    ------
    UnreadableFileError
        If the file is foreign, damaged, of a newer format or of another kind.
    OSError
        If there is no such file.
    """
    with told_of(path):
        for _ in range(MOST_READS):
            found = _read(Path(path), kind)
            if found is not None:
                return found
        raise UnreadableFileError("it was replaced by another again and again while it was read")


def _read(path, kind):
    """What a file holds, or None if another has taken its name before all of it was read."""
    if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():  # to open a pipe would be to wait for its writer
        raise UnreadableFileError("it is no regular file")
    with path.open("rb") as file:
        opened = os.fstat(file.fileno())
        header = _read_header(file, opened.st_size)
        metadata = _metadata_of(header)
        _check(metadata, kind)
        _check_digest(file, header)
        content = parsed(metadata["vaekit"])
        arrays = {name: np.array(array) for name, array in load_file(path).items()}
        return (content, arrays, metadata) if _is_same(opened, path.stat()) else None


def _is_same(status, other):
    return all(getattr(status, name) == getattr(other, name) for name in ("st_dev", "st_ino", "st_size", "st_mtime_ns"))


@contextmanager
def told_of(path):
    """Errors about what a file holds are one kind of error, which names the file.

    What is wrong with a file may show anywhere behind, so every exception counts, but those of the file system.
    """
    try:
        yield
    except OSError:
        raise
    except UnreadableFileError as error:
        raise UnreadableFileError(_told(path, error)) from error.__cause__
    except Exception as error:
        reason = f"what it holds makes no sense ({type(error).__name__}: {error})"
        raise UnreadableFileError(_told(path, reason)) from error


def _told(path, reason):
    text = str(reason)
    return text if "cannot be read: " in text else f"The file {os.fspath(path)!r} cannot be read: {text}."


def _read_header(file, size):
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
    if length > size - 8:
        raise UnreadableFileError("it is no file of vaekit's, or was cut off")
    if length > LONGEST_HEADER:
        raise UnreadableFileError(f"it is no file of vaekit's, whose header takes at most {LONGEST_HEADER} bytes")
    return start + file.read(length)


def _metadata_of(header):
    try:
        metadata = parsed(header[8:])["__metadata__"]
        if not all(isinstance(metadata[name], str) for name in ("vaekit", "vaekit_format", "vaekit_kind")):
            raise TypeError("metadata are texts")
        return metadata
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableFileError("it is no file of vaekit's, or its header is damaged") from error


def parsed(text):
    """Return what a JSON text holds; a name that stands twice in one place, or a number that is none, is an error.

    So is a long text of little but brackets, each of which would take many times its length in memory.
    """
    brackets = (b"[", b"{") if isinstance(text, bytes) else ("[", "{")
    if len(text) > MANY_LETTERS and LETTERS_OF_A_LIST * sum(map(text.count, brackets)) > len(text):
        raise ValueError("lists of nothing")
    return json.loads(text, object_pairs_hook=_each_once, parse_constant=_no_number)


def _each_once(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text):
    raise ValueError(f"{text} is no number of JSON")


def _check(metadata, kind):
    """Format and kind."""
    number, version = metadata["vaekit_format"], metadata.get("vaekit_version")
    if not (number.isascii() and number.isdigit() and 1 <= len(number) <= 9):
        raise UnreadableFileError("its header is damaged")
    if int(number) > FORMAT:
        raise UnreadableFileError(
            f"it has format {number} (vaekit {version}), and this is vaekit {__version__}, which reads up to format "
            f"{FORMAT}; update vaekit"
        )
    if metadata["vaekit_kind"] != kind:
        raise UnreadableFileError(f"it holds a {metadata['vaekit_kind']}, and is no {kind}")


def _check_digest(file, header):
    """Hold a file against its checksum: that of all its bytes, with zeros in the place of the checksum itself."""
    found = DIGEST.search(header)
    if found is None:
        raise UnreadableFileError("its header is damaged")
    digest = hashlib.sha256(header[: found.start(1)] + NO_DIGEST + header[found.end(1) :])
    while block := file.read(2**20):
        digest.update(block)
    if digest.hexdigest().encode() != found[1]:
        raise UnreadableFileError("it is damaged: its checksum does not fit")
