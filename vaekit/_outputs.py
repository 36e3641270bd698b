"""The words the pieces exchange: what a model gives out, what an objective gives back, what a step is handed."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

__all__ = ["GENERATIVE_PARTS", "TRAINED_PARTS", "LossTerms", "ModelOutput", "Phase", "StepInputs"]

# Names of a model's parts; the critic is what some objectives train beside it. The parts of a phase stand side by side.
GENERATIVE_PARTS = ("encoder", "posterior", "decoder", "likelihood", "prior")
TRAINED_PARTS = (*GENERATIVE_PARTS, "critic")


class ModelOutput(NamedTuple):
    """One pass of a batch through a model.

    Attributes
    ----------
    x : Tensor of shape (batch, *event)
        The batch, in the units the network sees.
    posterior : posterior parameters
        q(z | x), with `rsample`, `entropy`, `log_prob`.
    z : Tensor of shape (batch, n_components)
        One posterior sample per row.
    reconstruction : Tensor of shape (batch,)
        -log p(x | z), in nats, summed over features.
    prior : Prior
        p(z), with `log_prob` and `kl`.
    encode : callable
        Rows to posterior parameters, for objectives that look at more than the batch.
    """

    x: Tensor
    posterior: Any
    z: Tensor
    reconstruction: Tensor
    prior: Any
    encode: Any = None


class LossTerms(NamedTuple):
    """What an objective makes of a step: the number to minimise and its unweighted terms, batch means in nats per row.

    `carried` is handed to the next phase of the same step (codes, say), so that nothing is computed twice.
    """

    loss: Tensor
    terms: dict[str, Tensor]
    carried: Any = None


class StepInputs(NamedTuple):
    """All that one training step depends on, besides the parameters.

    Attributes
    ----------
    batches : tuple of Tensor
        As many independent batches as the objective asks for.
    noise : dict of str to Tensor of shape (batch, columns)
        Standard normal noise, by the names the objective asks for.
    step, n_steps : int or Tensor
        Optimiser steps done so far, and steps planned in all.
    warmup : float or Tensor
        Weight in [0, 1] of the annealed term, already computed for this step.
    rows : sequence of rows
        The whole training set, sliceable, already on the device.
    """

    batches: tuple
    noise: dict
    step: Any
    n_steps: int
    warmup: Any
    rows: Any


class Phase(NamedTuple):
    """One minimisation inside a training step.

    Attributes
    ----------
    name : str
        Prefix of its terms in the history, where there are several phases.
    modules : tuple of str
        Names of the model's parts whose parameters it updates; every other parameter is frozen meanwhile.
    loss : callable (model, inputs, carried) -> LossTerms
        What it minimises.
    optimizer : dict
        Adam options that differ from the estimator's (`betas`; `lr` as an absolute number).
    """

    name: str
    modules: tuple
    loss: Callable
    optimizer: dict = {}
