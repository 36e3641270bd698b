"""Rows and the rows before them in time, as one batch."""

import torch

from vaekit._outputs import Batch

__all__ = ["NOW_AND_BEFORE", "one_batch"]

NOW_AND_BEFORE = {"first": None, "before": "first"}  # the draws of an objective of sequences


def one_batch(inputs):
    """The rows of a step and, after them, those before them in time: one pass, one scale of the likelihood."""
    both = zip(inputs.batches["first"], inputs.batches["before"])
    return Batch(*(None if now is None else torch.cat([now, before]) for now, before in both))
