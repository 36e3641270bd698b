"""Names for types that signatures share."""

import numpy as np

__all__ = ["RandomStateLike"]

RandomStateLike = int | np.random.RandomState | None
