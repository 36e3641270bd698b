"""Many fits at once, as one program; one fit by many processes."""

from vaekit.batching._batched_fits import batched_fits, fit_many
from vaekit.batching._data_parallel import data_parallel

__all__ = ["batched_fits", "data_parallel", "fit_many"]
