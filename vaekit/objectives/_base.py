"""What is minimised: the reconstruction plus one abstract penalty."""

from abc import ABC, abstractmethod

from vaekit._outputs import GENERATIVE_PARTS, LossTerms, Phase
from vaekit.utils._spec import Spec

__all__ = ["Objective"]


class Objective(Spec, ABC):
    """loss = mean_batch[-log p(x | z)] + penalty, in nats per row; terms are recorded unweighted.

    The blank is `penalty`. An objective that trains more than the model, or in turns, overrides `phases` and `critic`.
    """

    n_batches = 1  # independent batches per step

    @abstractmethod
    def penalty(self, output, inputs):
        """Weighted penalty (a scalar tensor) of a model's output, and its unweighted terms by name."""

    def loss(self, model, inputs, carried=None):
        """Loss of one pass over the step's first batch."""
        output = model(inputs.batches[0], inputs.noise["posterior"])
        penalty, terms = self.penalty(output, inputs)
        reconstruction = output.reconstruction.mean()
        return LossTerms(reconstruction + penalty, {"reconstruction": reconstruction, **terms}, output)

    def noise_columns(self, n_components):
        """Names and widths of the standard normal noise one step needs per row."""
        return {"posterior": n_components}

    def critic(self, n_components, generator):
        """Return what is trained beside the model, or None."""
        return None

    def held_out_loss(self, output):
        """What early stopping watches, per row: the negative ELBO, its KL at weight 1 whatever the objective."""
        return output.reconstruction + output.prior.kl(output.posterior, output.z)

    def phases(self):
        """The minimisations of one step, in order."""
        return [Phase("joint", GENERATIVE_PARTS, self.loss)]
