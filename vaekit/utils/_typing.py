"""Names for types that signatures share."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import sparray, spmatrix

__all__ = ["RandomStateLike", "RowsLike"]

RandomStateLike = int | np.random.RandomState | None
RowsLike = ArrayLike | sparray | spmatrix
