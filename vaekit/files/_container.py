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
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno())
            if not stat.S_ISREG(size.st_mode):
                raise UnreadableFileError("it is no regular file")
            header = _read_header(file, size.st_size)
            metadata = _metadata_of(header)
            _check(metadata, kind)
            _check_digest(file, header)
        content = parsed(metadata["vaekit"])
        return content, {name: np.array(array) for name, array in load_file(path).items()}, metadata


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
    """Return what a JSON text holds; a name that stands twice in one place, or a number that is none, is an error."""
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
