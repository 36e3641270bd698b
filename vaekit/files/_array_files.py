"""Arrays written to a file block by block."""

import io

import numpy as np

from vaekit.files._atomic import write_atomically

__all__ = ["write_array"]


def write_array(path, blocks, shape, dtype):
    """Write an array in NumPy's format from its blocks of rows; the file gets its name when it is complete."""
    write_atomically(path, _pieces(blocks, shape, dtype))


def _pieces(blocks, shape, dtype):
    head = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, described)
    yield head.getvalue()
    for block in blocks:
        yield np.ascontiguousarray(block, dtype=dtype).data
