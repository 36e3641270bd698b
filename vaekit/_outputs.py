"""The words the pieces exchange: what a model gives out, what an objective gives back, what a step is handed."""

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import Tensor

__all__ = [
    "GENERATIVE_PARTS",
    "TRAINED_PARTS",
    "Batch",
    "LossTerms",
    "ModelOutput",
    "NoiseWidths",
    "Phase",
    "Stage",
    "StepInputs",
]

# Names of a model's parts; the discriminator is what some objectives train beside it.
GENERATIVE_PARTS = ("encoder", "posterior", "decoder", "likelihood", "prior")
TRAINED_PARTS = (*GENERATIVE_PARTS, "discriminator")


class Batch(NamedTuple):
    """Some rows, and what is known about them; None where there is nothing to know.

    Attributes
    ----------
    x : Tensor of shape (n_rows, *event)
        The rows, in the units the network sees.
    given : Tensor of shape (n_rows, *condition) or None
        What a conditional model is told about each row.
    observed : Tensor of bool of shape (n_rows, *event) or None
        Which values were measured; None if all were.
    weight : Tensor of shape (n_rows,) or None
        How often each row counts; None if once, as in the batches of a step: these are drawn in proportion to weights.
    """

    x: Tensor
    given: Tensor | None = None
    observed: Tensor | None = None
    weight: Tensor | None = None

    @property
    def n_rows(self):
        """How many."""
        return len(self.x)


class ModelOutput(NamedTuple):
    """One pass of a batch through a model.

    Attributes
    ----------
    x : Tensor of shape (batch, *event)
        The rows, in the units the network sees.
    posterior : Posterior
        q(z | x).
    z : Tensor of shape (batch, n_components)
        One posterior sample per row.
    reconstruction : Tensor of shape (batch,)
        -log p(x | z), in nats, summed over features.
    prior : Prior
        p(z), or p(z | given) of a conditional model, with `log_prob` and `kl`.
    encode : callable
        Rows to posteriors, for objectives that look at more than the batch.
    """

    x: Tensor
    posterior: Any
    z: Tensor
    reconstruction: Tensor
    prior: Any
    encode: Any = None


class NoiseWidths(NamedTuple):
    """Numbers of standard normal noise per row.

    Attributes
    ----------
    codes : int
        As many as there are latents.
    posterior, prior : int
        What one draw of q(z | x), and one of p(z), is made of.
    prior_training : int
        What a prior's own loss takes for each code; 0 if it draws nothing.
    """

    codes: int
    posterior: int
    prior: int
    prior_training: int = 0


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
    batches : dict of str to Batch
        One for each of the objective's `draws`, by its name.
    noise : dict of str to Tensor of shape (batch, columns)
        Standard normal noise, by the names the objective asks for.
    weights : dict of str to float or Tensor
        The scalars of the loss at this step, computed outside of it: those of the objective's `weights`, and `warmup`,
        the weight in [0, 1] of the annealed term.
    rows : Rows
        The whole training set; `rows[index]` is a `Batch` on the device.
    """

    batches: dict
    noise: dict
    weights: dict
    rows: Any


class Phase(NamedTuple):
    """One minimisation inside a training step.

    Attributes
    ----------
    name : str
        Prefix of its terms in the history, where there are several phases.
    parts : tuple of str
        Names of the model's parts whose parameters it updates; every other parameter is frozen meanwhile.
    loss : callable (model, inputs, carried) -> LossTerms
        What it minimises.
    optimizer : dict
        Adam options that differ from the estimator's (`betas`; `lr` as an absolute number).
    """

    name: str
    parts: tuple
    loss: Callable
    optimizer: dict = {}


class Stage(NamedTuple):
    """A stretch of training in which every step runs the same phases.

    Attributes
    ----------
    share : float
        Its part of the planned steps, as a positive number in proportion to those of the other stages. A stage begins
        with an epoch, and the last one goes on where training is longer than planned.
    phases : list of Phase
        The minimisations of each of its steps, in order.
    """

    share: float
    phases: list
