"""Names for types that signatures share."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import sparray, spmatrix

__all__ = ["RandomStateLike", "RowsLike"]

RandomStateLike = int | np.random.RandomState | None


class Picture(Protocol):
    """What Pillow opens: a list of these is images."""

    def getbands(self) -> tuple[str, ...]:
        """Names of its channels."""
        ...


RowsLike = ArrayLike | sparray | spmatrix | Sequence[Picture]
