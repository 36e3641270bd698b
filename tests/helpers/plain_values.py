"""Arrays as other libraries take them."""

import numpy as np
import pandas as pd


def table(values):
    return values.reshape(len(values), -1) if len(values) else values.reshape(0, int(np.prod(values.shape[1:])))


def plain(values):
    """Return an array of a type and a byte order that other libraries know."""
    if values.dtype.kind not in "biuf" or values.dtype.itemsize > 8:
        return values.astype(np.float64)
    return values.astype(values.dtype.newbyteorder("="))


def floats(values):
    return table(plain(values)).astype(np.float64)


def named(values):
    return {f"column {number}": column for number, column in enumerate(table(values).T)}


def frame(values):
    return pd.DataFrame(named(plain(values)))


def read_only(values):
    values = np.array(values)
    values.flags.writeable = False
    return values
