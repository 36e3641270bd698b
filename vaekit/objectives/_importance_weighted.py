"""IWAE: the bound that several samples of the posterior give together."""

import contextlib
from numbers import Integral
from typing import ClassVar

import torch

from vaekit._outputs import LossTerms
from vaekit.functional import importance_weighted_bound, normal_log_density
from vaekit.objectives._base import Objective, needs_independent_normals
from vaekit.utils._sklearn import Interval, StrOptions
from vaekit.utils._spec import spec

__all__ = ["ImportanceWeighted"]


@spec
class ImportanceWeighted(Objective):
    """loss = -L_K = -E[log 1/K sum_k w_k], in nats per row, the w_k being importance weights of K posterior samples.

    log w_k = log p(x | z_k) + w(t) [log p(z_k) - log q(z_k | x)], w(t) the estimator's warm-up. The bound rises with K
    towards log p(x). Early stopping watches it, with K samples and w = 1. Only what log p(x | z) counts is bounded:
    where a likelihood leaves out the cells that were not observed, this is the bound of MIWAE.

    Beside it a likelihood's scale is better learned (as it is with likelihood="auto") or fixed than in closed form:
    that is the scale of the errors of all samples, also of those that explain the row badly and hardly count.

    Parameters
    ----------
    n_samples : int, default=5
        K, samples of each row's posterior: 1 is the VAE with a sampled KL; more make the bound tighter, the posterior's
        part in it smaller, and a step as much dearer.
    gradient : {"reparameterized", "dreg"}, default="reparameterized"
        How the encoder's gradient is estimated: as that of the loss, or doubly reparameterised, which is the same in
        expectation and does not drown in noise when K is large; the latter needs a posterior of independent normals.

    References
    ----------
    Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
    https://arxiv.org/abs/1509.00519, eq. 8. G. Tucker, D. Lawson, S. Gu, C. Maddison, "Doubly Reparameterized Gradient
    Estimators for Monte Carlo Objectives", ICLR 2019, https://arxiv.org/abs/1810.04152, eq. 8. P.-A. Mattei, J.
    Frellsen, "MIWAE", ICML 2019, https://arxiv.org/abs/1812.02633, eq. 4.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.objectives import ImportanceWeighted
    >>> model = VAE(objective=ImportanceWeighted(n_samples=10), prior="decoupled")
    """

    n_samples: int = 5
    gradient: str = "reparameterized"

    _parameter_constraints: ClassVar[dict] = {
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "gradient": [StrOptions({"reparameterized", "dreg"})],
    }

    @property
    def is_bound(self):
        """False: a scale in closed form is that of all samples' errors, not of those that explain the row."""
        return False

    @property
    def is_mean_over_rows(self):
        """Samples of a row are weighed against each other alone."""
        return True

    def noise_columns(self, widths):
        """Noise of the first sample, and of the further ones."""
        further = (self.n_samples - 1) * widths.posterior
        return {**super().noise_columns(widths), **({"further": further} if further else {})}

    def held_out_noise(self, widths):
        """That of all samples, and one number that chooses among them."""
        return self.n_samples * widths.posterior + 1

    def loss(self, model, inputs, carried=None):
        """-L_K; what is carried on is the first sample."""
        first, w = inputs.batches["first"], inputs.weights["warmup"]
        noise = torch.cat([noise for name, noise in inputs.noise.items() if name in ("posterior", "further")], dim=1)
        output = self._draw(model, first, noise[: first.n_rows])
        log_prior = output.prior.log_prob(output.z)
        log_ratio = log_prior - self._log_posterior(output)
        log_weights = w * log_ratio - output.reconstruction
        if self.gradient == "dreg":
            _reparameterize_twice(output.z, log_weights, w)
        terms = {
            "reconstruction": output.reconstruction.mean(),
            "kl": (output.posterior.mean_log_prob(output.z) - log_prior).mean(),
            "bound": importance_weighted_bound(log_ratio - output.reconstruction).mean(),
        }
        one = output._replace(z=output.z[0], reconstruction=output.reconstruction[0])
        return LossTerms(-importance_weighted_bound(log_weights).mean(), terms, one)

    def penalty(self, output, inputs):
        """What the bound of one sample adds to the reconstruction."""
        kl = (self._log_posterior(output) - output.prior.log_prob(output.z)).mean()
        return inputs.weights["warmup"] * kl, {"kl": kl}

    def held_out_losses(self, model, batch, noise):
        """-L_K of every row."""
        return -importance_weighted_bound(self._weighed(model, batch, noise)[1])

    def explaining_codes(self, model, batch, noise):
        """One of the K samples of each row, drawn with probabilities proportional to w_k."""
        output, log_weights = self._weighed(model, batch, noise)
        cumulated, quantile = log_weights.softmax(0).cumsum(0), torch.special.ndtr(noise[:, -1])
        chosen = (cumulated[:-1] < quantile).sum(0)
        return output.z[chosen, torch.arange(batch.n_rows, device=chosen.device)]

    def _weighed(self, model, batch, noise):
        """K samples of each row and their log w_k, under the scale that was trained, if one was."""
        with _as_in_training(model.likelihood):
            output = self._draw(model, batch, noise[:, :-1])
        return output, output.prior.log_prob(output.z) - self._log_posterior(output) - output.reconstruction

    def _draw(self, model, batch, noise):
        """Pass K samples of each row through the model: z is (K, batch, n_components)."""
        return model(batch, noise.unflatten(1, (self.n_samples, -1)).transpose(0, 1))

    def _log_posterior(self, output):
        """log q(z | x); the doubly reparameterised gradient goes through z alone."""
        z, q = output.z, output.posterior
        if self.gradient == "dreg":
            return normal_log_density(z, q.loc.detach(), q.logvar.detach()).sum(-1)
        return q.log_prob(z)

    def check(self, prior, posterior):
        """The doubly reparameterised gradient holds q's parameters still, and so has to know them."""
        super().check(prior, posterior)
        if self.gradient == "dreg":
            needs_independent_normals(
                "The doubly reparameterised gradient", posterior, ", or gradient='reparameterized'"
            )


@contextlib.contextmanager
def _as_in_training(likelihood):
    """Let a likelihood weigh samples by the scale that it has in training, not by the one that it is to settle on."""
    was_training = likelihood.training
    likelihood.train()
    try:
        yield
    finally:
        likelihood.train(was_training)
        likelihood.take_observed()


def _reparameterize_twice(z, log_weights, w):
    """Scale the gradient that reaches each sample.

    With v_k = w_k / sum_j w_j the loss gives v_k d log w_k / d z, and its derivative by q's parameters in log q itself
    is, in expectation, that of w v_k (1 - v_k) d log w_k / d z through z, so that v_k (1 - w + w v_k) remain.
    """
    if z.requires_grad:
        share = log_weights.detach().softmax(0)
        z.register_hook(lambda gradient: gradient * (1 - w + w * share)[..., None])
