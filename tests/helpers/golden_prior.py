"""The golden flow as a prior."""

import torch
from torch import nn

from vaekit.priors._decoupled import DecoupledPrior


class PlainConditioner(nn.Module):
    """A conditioner that is a plain function."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def as_prior(blocks):
    """Return the decoupled prior of such blocks."""
    masks, conditioners = zip(*blocks)
    return DecoupledPrior(torch.stack(masks), [PlainConditioner(conditioner) for conditioner in conditioners])
