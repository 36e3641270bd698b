"""Many fits at once: estimators that are alike, trained as one program."""

from vaekit.batching._batched_fits import batched_fits, fit_many

__all__ = ["batched_fits", "fit_many"]
