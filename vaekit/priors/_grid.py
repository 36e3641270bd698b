"""The prior of quantised codes: a distribution over the values of each component."""

import torch
from torch.nn.functional import one_hot

from vaekit.exceptions import IncompatibleChoiceError, NoDensityError
from vaekit.functional._quantization import grid_numbers, grid_values
from vaekit.priors._base import PriorSpec
from vaekit.priors._mixture import WithoutSpaces
from vaekit.utils._spec import spec

__all__ = ["Grid"]

LEAST = 1e-5  # far below any frequency, and far above the rounding of their sums: at the ends nothing rare is drawn


@spec
class Grid(PriorSpec):
    """p(z) = prod_k p_k(z_k) over the values of quantised codes, those of `posterior_family="quantized"`.

    In training all values are equally probable. Once it has ended each component has its values by their frequencies
    among the codes of the training rows, at most 10,000: what independent codes are drawn from, which is what `Tripod`
    asks of codes and a uniform grid is not. It has probabilities and no density, so densities and bounds are not there.

    Examples
    --------
    >>> from vaekit import AAE
    >>> AAE(posterior_family="quantized", prior="grid")
    AAE(posterior_family='quantized', prior='grid')
    """

    has_density = has_spaces = False

    def build(self, setting):
        """Return the prior module."""
        return GridPrior(setting.n_components)


class GridPrior(WithoutSpaces):
    """Draws values by their frequencies.

    Parameters
    ----------
    n_components : int
        Number of latents.
    """

    is_factorised = True
    has_density = False

    def __init__(self, n_components):
        super().__init__()
        self.n_components = n_components

    def stand_in(self, model):
        """Take the number of values from the posterior, all of them equally frequent."""
        n_values = getattr(model.posterior, "n_values", None)
        if n_values is None:
            raise IncompatibleChoiceError(
                "prior='grid' is over the values of quantised codes, and this posterior's lie anywhere; choose "
                "posterior_family='quantized', or prior='normal'."
            )
        uniform = torch.full((self.n_components, n_values), 1 / n_values)
        self.register_buffer("frequencies", uniform)
        self.register_buffer("uniform", uniform.clone(), persistent=False)

    def sample(self, noise):
        """Values that standard normal numbers (..., n_components) choose by their quantiles."""
        return drawn(self.uniform if self.training else self.frequencies, noise)

    def finish(self, codes):
        """Count how often each value was taken."""
        n_values = self.frequencies.shape[1]
        numbers = grid_numbers(codes, n_values).clamp(0, n_values - 1)
        self.frequencies.copy_(one_hot(numbers, n_values).to(self.frequencies).mean(0))

    def log_prob(self, z):
        """There is none."""
        raise NoDensityError(
            "A grid has probabilities and no density: ask for samples, or choose posterior_family='normal'."
        )

    def extra_repr(self):
        """Size."""
        return ", ".join(f"{name}={size}" for name, size in zip(("n_components", "n_values"), self.frequencies.shape))


def drawn(frequencies, noise):
    """Values from -1 to 1 of noise (..., n_components), value v of component k with probability frequencies[k, v]."""
    ends = frequencies.cumsum(-1)[:, :-1]
    numbers = (torch.special.ndtr(noise).clamp(LEAST, 1 - LEAST)[..., None] > ends).sum(-1)
    return grid_values(numbers.to(noise.dtype), frequencies.shape[1])
