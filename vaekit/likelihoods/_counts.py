"""Poisson and negative binomial: likelihoods of counts."""

import math
from numbers import Real
from typing import ClassVar

import numpy as np
import torch
from scipy import stats
from scipy.special import gammaincinv
from torch import nn
from torch.nn import functional as F

from vaekit.likelihoods._base import Likelihood, LikelihoodSpec
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["NegativeBinomial", "Poisson"]

LARGEST_LOG_RATE = 40.0  # beyond counts that single precision tells apart
FEW = 1e5  # means up to which quantiles are those of the counts themselves
LARGEST_SHAPE = 1e12  # of a gamma distribution whose quantiles are found in double precision
STIRLING_FROM = 8.0  # where the series of the gamma function's logarithm is exact to double precision
STIRLING_SERIES = (-691 / 360360, 1 / 1188, -1 / 1680, 1 / 1260, -1 / 360, 1 / 12)


@spec
class CountsSpec(LikelihoodSpec):
    """What the words for counts share."""

    exposure: str | None = None

    _parameter_constraints: ClassVar[dict] = {"exposure": [StrOptions({"total"}), None]}

    support = "counts"
    knows_gaps = True
    module: ClassVar[type]

    def build(self, setting):
        """Return the likelihood module."""
        return self.module(setting.event_shape).starting_from(setting.rows, self.exposure is not None)


class CountsLikelihood(Likelihood):
    """Counts x with mean e m, where log m = decoded + base, and e is the exposure of a row.

    `base` is the logarithm of the mean counts of some training rows, so that an untrained decoder, which gives numbers
    about 0, starts from the rates of the columns; it is no parameter, and kept with the weights.
    """

    def __init__(self, event_shape):
        super().__init__(event_shape)
        self.register_buffer("base", torch.zeros(event_shape))
        self.register_buffer("typical_total", None)

    def starting_from(self, rows, has_exposure):
        """Return this likelihood, its base the mean counts of some rows."""
        if rows is not None:
            self.base.copy_(torch.log(rows.mean(0) + 0.5 / len(rows)))
        if has_exposure:
            self.typical_total = torch.ones(()) if rows is None else self._exposures(rows).mean()
        return self

    def seen(self, x):
        """log(1 + x), and x itself below 0, where no counts are."""
        return torch.where(x > 0, torch.log1p(x.clamp(min=0)), x)

    def log_rate(self, decoded):
        """log m, the logarithm of the mean at the typical exposure."""
        return (decoded + self.base).clamp(-LARGEST_LOG_RATE, LARGEST_LOG_RATE)

    def _log_mean(self, decoded, x):
        """The logarithm of the mean of the counts of rows x."""
        if self.typical_total is None:
            return self.log_rate(decoded)
        return self.log_rate(decoded) + torch.log(self._exposures(x) / self.typical_total)

    def _exposures(self, x):
        """Total counts of each row, at least 1."""
        return x.sum(self.event_axes, keepdim=True).clamp(min=1)

    def _total(self, terms, is_known):
        """Sum over a row, of the counts that are known."""
        return (terms if is_known is None else terms * is_known).sum(self.event_axes)

    def mean(self, decoded):
        """Expected counts, at the typical exposure."""
        return self.log_rate(decoded).exp()

    def sample(self, decoded, noise):
        """The quantiles of the counts' distribution at Phi(noise), which is uniform."""
        rate = self.mean(decoded).detach()
        levels = torch.special.ndtr(noise.double()).clamp(1e-16, 1 - 1e-16).expand(rate.shape).cpu().numpy()
        means = rate.double().cpu().numpy()
        drawn = self._quantile(levels, np.minimum(means, FEW))
        many = means > FEW
        drawn[many] = np.rint(self._gamma_quantile(levels, means)[many]) if many.any() else 0
        return torch.from_numpy(drawn).to(rate)

    def _gamma_quantile(self, levels, means):
        """Quantile of the gamma distribution of the same mean and variance, which many counts have but for rounding."""
        shape = 1 / (self._dispersion() + 1 / means)
        return gammaincinv(np.minimum(shape, LARGEST_SHAPE), levels) * means / np.minimum(shape, LARGEST_SHAPE)

    def _dispersion(self):
        return 0.0


class PoissonLikelihood(CountsLikelihood):
    """Poisson with decoded log-rate."""

    def log_prob(self, decoded, x):
        """Log probability per row, in nats."""
        x, is_known = self.split_gaps(x)
        log_mean = self._log_mean(decoded, x)
        return self._total(x * log_mean - log_mean.exp() - log_factorial(x), is_known)

    def _quantile(self, levels, means):
        return stats.poisson.ppf(levels, means)


class NegativeBinomialLikelihood(CountsLikelihood):
    """Negative binomial with decoded log-mean and a dispersion of its own."""

    log_dispersion: torch.Tensor

    def log_prob(self, decoded, x):
        """Log probability per row, in nats."""
        x, is_known = self.split_gaps(x)
        log_mean, log_shape = self._log_mean(decoded, x), -self.log_dispersion
        shape = log_shape.exp()
        # log m / (r + m) and log r / (r + m), less log r, which the ratio of gamma functions takes
        beside = x * log_mean - (x + shape) * F.softplus(log_mean - log_shape)
        return self._total(log_gamma_ratio(x, shape) + beside - log_factorial(x), is_known)

    def _quantile(self, levels, means):
        return stats.nbinom.ppf(levels, 1 / self._dispersion(), 1 / (1 + self._dispersion() * means))

    def _dispersion(self):
        return self.log_dispersion.detach().double().exp().cpu().numpy()


def log_gamma(z):
    """log Gamma(z) for z > 0, of operations that every format of programs has (ONNX knows no lgamma).

    Stirling's series for z >= 8, and Gamma(z) = Gamma(z + 8) / (z (z + 1) ... (z + 7)) below.
    """
    is_small, small = z < STIRLING_FROM, z.clamp(max=STIRLING_FROM)
    beyond = torch.where(is_small, z + STIRLING_FROM, z)
    square, series = beyond**-2, torch.zeros_like(beyond)
    for coefficient in STIRLING_SERIES:
        series = series * square + coefficient
    value = (beyond - 0.5) * beyond.log() - beyond + 0.5 * math.log(2 * math.pi) + series / beyond
    product = small
    for step in range(1, int(STIRLING_FROM)):
        product = product * (small + step)
    return torch.where(is_small, value - product.log(), value)


def log_factorial(x):
    """log x!, exactly 0 for 0 and 1."""
    return torch.where(x > 1, log_gamma(x + 1), torch.zeros_like(x))


def log_gamma_ratio(x, shape):
    """log [Gamma(r + x) / (Gamma(r) r^x)], to all digits of single precision for large r, where it is near 0."""
    large = shape.clamp(min=STIRLING_FROM)
    end = large + x
    tail = (1 / end - 1 / large) / 12 - (end**-3 - large**-3) / 360
    series = (end - 0.5) * torch.log1p(x / large) - x + tail
    small = shape.clamp(max=STIRLING_FROM)
    return torch.where(shape < STIRLING_FROM, log_gamma(small + x) - log_gamma(small) - x * small.log(), series)


@spec
class Poisson(CountsSpec):
    """Counts, each Poisson, with log-rates l given by the decoder.

    -log p(x | z) = sum_d [e exp(l_d) - x_d (l_d + log e) + log x_d!], in nats, for x = 0, 1, 2, ...

    Data must be whole numbers of at least 0 and are not standardised; the encoder sees log(1 + x). The decoder's output
    is taken relative to the mean counts of some training rows: where it is 0, the rates are those.

    Parameters
    ----------
    exposure : {"total"} or None, default=None
        The exposure e of a row. None: 1. `"total"`: its total count (at least 1), as a multiple of the mean total of
        some training rows, so that codes tell what a text or a cell is made of and not how long it is; densities are
        then those given the total, decoded means and draws have the mean total.

    References
    ----------
    R. Lopez, J. Regier, M. Cole, M. Jordan, N. Yosef, "Deep generative modeling for single-cell transcriptomics",
    Nature Methods 2018, https://doi.org/10.1038/s41592-018-0229-2 (for the exposure).

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.likelihoods import Poisson
    >>> VAE(likelihood=Poisson(exposure="total"))
    VAE(likelihood=Poisson(exposure='total'))
    """

    module = PoissonLikelihood


@spec
class NegativeBinomial(CountsSpec):
    """Counts, each negative binomial, with log-means l given by the decoder and a dispersion a.

    The mean is m = e exp(l) and the variance m + a m^2, r = 1 / a:

    -log p(x | z) = sum_d [log Gamma(r) + log x_d! - log Gamma(r + x_d)
                           + (r + x_d) log(r + m_d) - r log r - x_d log m_d]

    in nats, for x = 0, 1, 2, ...; for a -> 0 it is the Poisson likelihood. Data must be whole numbers of at least 0 and
    are not standardised; the encoder sees log(1 + x). The decoder's output is taken relative to the mean counts of some
    training rows: where it is 0, the means are those.

    Parameters
    ----------
    dispersion : {"learned", "learned_per_feature"} or float, default="learned_per_feature"
        How much more counts spread than a Poisson's: one learned number, one for each feature, or a number that is
        fixed.
    initial_dispersion : float, default=0.5
        Where a learned dispersion starts.
    exposure : {"total"} or None, default=None
        The exposure e of a row. None: 1. `"total"`: its total count (at least 1), as a multiple of the mean total of
        some training rows; densities are then those given the total, decoded means and draws have the mean total.

    References
    ----------
    R. Lopez, J. Regier, M. Cole, M. Jordan, N. Yosef, "Deep generative modeling for single-cell transcriptomics",
    Nature Methods 2018, https://doi.org/10.1038/s41592-018-0229-2 (without its zero inflation).

    Examples
    --------
    >>> from vaekit import VAE
    >>> VAE(likelihood="negative_binomial")
    VAE(likelihood='negative_binomial')
    """

    dispersion: float | str = "learned_per_feature"
    initial_dispersion: float = 0.5

    _parameter_constraints: ClassVar[dict] = {
        "dispersion": [StrOptions({"learned", "learned_per_feature"}), Interval(Real, 0, None, closed="neither")],
        "initial_dispersion": [Interval(Real, 0, None, closed="neither")],
    }

    module = NegativeBinomialLikelihood

    def build(self, setting):
        """Return the likelihood module."""
        likelihood, is_learned = super().build(setting), isinstance(self.dispersion, str)
        shape = setting.event_shape if is_learned and self.dispersion.endswith("per_feature") else ()
        start = torch.full(shape, float(np.log(self.initial_dispersion if is_learned else self.dispersion)))
        if is_learned:
            likelihood.log_dispersion = nn.Parameter(start)
        else:
            likelihood.register_buffer("log_dispersion", start)
        return likelihood
