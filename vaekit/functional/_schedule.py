"""Weights that change with the number of optimiser steps done."""

import torch
from torch import Tensor


def linear_warmup(step: float | Tensor, n_steps: float | Tensor) -> float | Tensor:
    r"""Weight that rises from 0 to 1 and stays there.

    .. math:: w(t) = \min(1, t / T)

    Parameters
    ----------
    step : float or Tensor
        Steps done so far, :math:`t`; 0 at the first step.
    n_steps : float or Tensor
        Steps of the rise, :math:`T`; 0 or less gives a weight of 1 from the start.

    Returns
    -------
    weight : float or Tensor
        In [0, 1]; a tensor if `step` or `n_steps` is one.

    References
    ----------
    Bowman et al., "Generating Sentences from a Continuous Space", CoNLL 2016, section 3.1,
    https://arxiv.org/abs/1511.06349

    Examples
    --------
    >>> from vaekit.functional import linear_warmup
    >>> [linear_warmup(step, n_steps=4) for step in (0, 1, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    return _one_if_none(n_steps, step, lambda n_steps: _clip_to_unit_interval(step / n_steps))


def cyclical_warmup(
    step: float | Tensor, n_steps: float | Tensor, n_cycles: int = 4, ratio: float = 0.5
) -> float | Tensor:
    r"""Weight that rises from 0 to 1 several times.

    .. math:: w(t) = \min(1, \tau / R), \qquad \tau = (t \bmod T / M) / (T / M)

    Parameters
    ----------
    step : float or Tensor
        Steps done so far, :math:`t`; 0 at the first step.
    n_steps : float or Tensor
        Steps of all cycles together, :math:`T`; from then on, and for 0 or less, the weight is 1.
    n_cycles : int, default=4
        Number of cycles, :math:`M`. One cycle with a ratio of 1 is `linear_warmup`.
    ratio : float, default=0.5
        Share of a cycle spent rising, :math:`R` in (0, 1]; the rest is spent at 1.

    Returns
    -------
    weight : float or Tensor
        In [0, 1]; a tensor if `step` or `n_steps` is one.

    Raises
    ------
    ValueError
        If `ratio` is outside (0, 1] or `n_cycles` below 1.

    References
    ----------
    Fu et al., "Cyclical Annealing Schedule: A Simple Approach to Mitigating KL Vanishing", NAACL 2019, eqs. 6-7,
    https://arxiv.org/abs/1903.10145

    Examples
    --------
    >>> from vaekit.functional import cyclical_warmup
    >>> [cyclical_warmup(step, n_steps=8, n_cycles=2) for step in (0, 1, 2, 3, 4, 5, 8)]
    [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0]
    """
    if not 0 < ratio <= 1:
        raise ValueError(f"ratio={ratio!r} is outside (0, 1]: give the share of a cycle during which the weight rises.")
    if n_cycles < 1:
        raise ValueError(f"n_cycles={n_cycles!r} is below 1: give the number of rises.")

    def weight(n_steps):
        period = n_steps / n_cycles
        tau = (step % period) / period
        is_over = step >= n_steps  # adds 1 and is clipped
        return _clip_to_unit_interval(tau / ratio + is_over)

    return _one_if_none(n_steps, step, weight)


def capacity(step: float | Tensor, max_capacity: float | Tensor, n_steps: float | Tensor) -> float | Tensor:
    r"""Nats that the code may carry after a number of steps.

    .. math:: C(t) = \min(C_{max}, C_{max}\, t / T)

    Parameters
    ----------
    step : float or Tensor
        Steps done so far, :math:`t`; 0 at the first step.
    max_capacity : float or Tensor
        Capacity at the end, :math:`C_{max}`, in nats per row.
    n_steps : float or Tensor
        Steps of the rise, :math:`T`; 0 or less gives the final capacity from the start.

    Returns
    -------
    capacity : float or Tensor
        In nats per row; a tensor if any argument is one.

    References
    ----------
    Burgess et al., "Understanding disentangling in beta-VAE", 2018, eq. 8, https://arxiv.org/abs/1804.03599

    Examples
    --------
    >>> from vaekit.functional import capacity
    >>> capacity(50_000, max_capacity=25, n_steps=100_000)
    12.5
    """
    return max_capacity * linear_warmup(step, n_steps)


def _one_if_none(n_steps, step, weight):
    """Weight of a schedule of so many steps, and 1 where there are none: of tensors, both and one taken."""
    if isinstance(n_steps, Tensor):
        has_steps = n_steps > 0
        return torch.where(has_steps, weight(torch.where(has_steps, n_steps, 1)), 1.0)
    return weight(n_steps) if n_steps > 0 else step * 0.0 + 1.0


def _clip_to_unit_interval(weight):
    return weight.clamp(0.0, 1.0) if isinstance(weight, Tensor) else min(max(weight, 0.0), 1.0)
