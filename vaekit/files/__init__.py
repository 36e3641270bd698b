"""Bytes on disk: values and arrays in one checked container, written whole or not at all."""

from vaekit.files._array_files import write_array
from vaekit.files._atomic import remove_leftovers, write_atomically
from vaekit.files._checkpoint import Checkpoint
from vaekit.files._checksum import checksum
from vaekit.files._container import FORMAT, read_container, told_of, write_container
from vaekit.files._lock import Lock
from vaekit.files._moments import as_numpy_moment, is_moment, moment_of, text_of_moment
from vaekit.files._tensors import tensor_reader, tensor_writer
from vaekit.files._values import Reader, Writer

__all__ = [
    "FORMAT",
    "Checkpoint",
    "Lock",
    "Reader",
    "Writer",
    "as_numpy_moment",
    "checksum",
    "is_moment",
    "moment_of",
    "read_container",
    "remove_leftovers",
    "tensor_reader",
    "tensor_writer",
    "text_of_moment",
    "told_of",
    "write_array",
    "write_atomically",
    "write_container",
]
