"""Arrays written to a file block by block."""

import os
import tempfile

import numpy as np

__all__ = ["write_array"]


def write_array(path, blocks, shape, dtype):
    """Write an array in NumPy's format from its blocks of rows; the file gets its name when it is complete."""
    folder, name = os.path.split(os.path.abspath(path))
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with tempfile.NamedTemporaryFile(dir=folder, prefix=f".{name}.", delete=False) as file:
        try:
            np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:
                file.write(np.ascontiguousarray(block, dtype=dtype).data)
            file.close()
            os.replace(file.name, os.path.join(folder, name))
        except BaseException:
            file.close()
            os.remove(file.name)
            raise
