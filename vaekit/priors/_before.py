"""What training takes for a prior that learns by a loss of its own alone."""

from collections.abc import Callable

from vaekit.priors._standard_normal import StandardNormalPrior


class Before(StandardNormalPrior):
    """N(0, I), in place of a prior that is being fitted to codes beside the rest.

    Parameters
    ----------
    own_loss : callable
        That of the prior.
    """

    def __init__(self, own_loss: Callable) -> None:
        super().__init__()
        self.loss_of_prior = own_loss

    def own_loss(self, z, noise=None):
        """That of the prior."""
        return self.loss_of_prior(z, noise)
