"""beta-TCVAE: the KL in three parts, each with its weight."""

from numbers import Integral
from typing import ClassVar

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import total_correlation_terms
from vaekit.objectives._base import Objective, needs_independent_normals
from vaekit.objectives._schedule import Warmup, final_value, nonnegative
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["KLDecomposition"]


@spec
class KLDecomposition(Objective):
    """loss = -E_q log p(x | z) + w(t) [alpha MI + beta TC + gamma DW], in nats per row.

    MI = E[log q(z | x) - log q(z)], TC = E[log q(z) - log prod_j q(z_j)] and DW = E[log prod_j q(z_j) - log p(z)] add
    up to the KL, so with all weights 1 this is the evidence lower bound. q(z) is estimated from the batch.

    Under a learned prior that does not factorise DW is no longer a sum of divergences. Since MI + TC + DW is the KL,
    alpha MI + beta TC + gamma DW = alpha MI + gamma KL(q || p) + (beta - gamma) TC: with gamma > beta the loss rewards
    total correlation without bound once the prior fits. That choice is refused.

    Parameters
    ----------
    alpha : float or Warmup, default=1
        Weight of the mutual information MI of row and code.
    beta : float or Warmup, default=4
        Weight of the total correlation TC of the code.
    gamma : float or Warmup, default=1
        Weight of the dimension-wise KL, DW. With a learned prior that does not factorise, gamma > beta is refused: the
        loss would reward total correlation without bound.
    aggregate : {"mss", "mws", "batch", "full"}, default="mss"
        How the aggregate posterior q(z) is estimated: minibatch stratified or weighted sampling, the batch as the whole
        mixture, or the encodings of all rows (exact; for small data).
    total_samples : int or None, default=None
        Rows of the whole data set, for `partial_fit`; None is the number of training rows.
    allow_unbounded : bool, default=False
        Whether gamma > beta is let through with a prior that does not factorise.

    References
    ----------
    R. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders",
    NeurIPS 2018, https://arxiv.org/abs/1802.04942, eqs. 2 and 4.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import KLDecomposition
    >>> model = VAE(objective=KLDecomposition(beta=6), prior="decoupled")
    """

    alpha: float | Warmup = 1.0
    beta: float | Warmup = 4.0
    gamma: float | Warmup = 1.0
    aggregate: str = "mss"
    total_samples: int | None = None
    allow_unbounded: bool = False

    _parameter_constraints: ClassVar[dict] = {
        "alpha": nonnegative(),
        "beta": nonnegative(),
        "gamma": nonnegative(),
        "aggregate": [StrOptions({"mss", "mws", "batch", "full"})],
        "total_samples": [Interval(Integral, 2, None, closed="left"), None],
        "allow_unbounded": ["boolean"],
    }

    weighted = ("alpha", "beta", "gamma")

    def penalty(self, output, inputs):
        """Weighted parts, and the parts."""
        n_rows = self.total_samples or len(inputs.rows)
        if n_rows < len(output.z):
            raise ValueError(
                f"The 'total_samples' parameter ({n_rows}) must count the rows of the whole data set, but a single "
                f"batch has {len(output.z)}; raise it, or leave it None."
            )
        terms = total_correlation_terms(
            output.z,
            output.posterior.loc,
            output.posterior.logvar,
            dataset_size=n_rows,
            aggregate=self.aggregate,
            log_prior=output.prior.log_prob(output.z),
            components=self._components(output, inputs),
        )
        mi, tc, dw = (term.mean() for term in terms)
        alpha, beta, gamma = (inputs.weights[name] for name in self.weighted)
        recorded = {"mutual_information": mi, "total_correlation": tc, "dimension_kl": dw}
        return inputs.weights["warmup"] * (alpha * mi + beta * tc + gamma * dw), recorded

    def _components(self, output, inputs):
        """Location and log-variance of all rows, where q(z) is the mixture of them."""
        if self.aggregate != "full":
            return None
        rows = inputs.rows[:]
        posterior = output.encode(rows.x)
        return posterior.loc, posterior.logvar, *([] if rows.weight is None else [rows.weight])

    @property
    def needs_all_rows(self):
        """Where q(z) is the mixture of all rows' posteriors."""
        return self.aggregate == "full"

    @property
    def pressure(self):
        """The largest of the three weights."""
        return max(final_value(weight) for weight in (self.alpha, self.beta, self.gamma))

    def check(self, prior, posterior):
        """Refuse weights under which the loss has no lower bound, and posteriors without a density per component."""
        super().check(prior, posterior)
        needs_independent_normals("The total correlation of a batch", posterior, ", or a FactorVAE")
        beta, gamma = final_value(self.beta), final_value(self.gamma)
        if gamma > beta and not prior.is_factorised and not self.allow_unbounded:
            raise IncompatibleChoiceError(
                f"The 'gamma' parameter ({gamma}) is larger than 'beta' ({beta}) under a prior that does not "
                "factorise: the loss would reward total correlation without bound; lower gamma to at most beta, choose "
                "prior='elementwise_flow' or 'normal', or set allow_unbounded=True to see it happen."
            )
