"""What an estimator with densities can do: log p(x | z), log p(z), and bounds on log p(x)."""

from numbers import Integral

import numpy as np
import torch

from vaekit.estimators._generation import if_prior_has_density
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._torch import whitened_noise, widest_float

__all__ = ["DensityMixin"]


class DensityMixin(GuardedMethods):
    """Densities in nats per row, in the units of X."""

    @if_prior_has_density
    def score_samples(self, X, n_importance_samples=None):
        """Lower bound on log p(x) for every row.

        By default the evidence lower bound, the KL at weight 1 whatever the objective, with

            ELBO(x) = mean_m [log p(x | z_m) + log p(z_m)] + H(q(z | x)),  z_m = mu(x) + sigma(x) eps_m,

        and max(32, 2 n_components) noise vectors eps shared by all rows: antithetic, whitened to mean 0 and covariance
        I (so that quadratics are integrated exactly), the same in every call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        n_importance_samples : int or None, default=None
            If given, the importance-weighted bound logmeanexp_k [log p(x | z_k) + log p(z_k) - log q(z_k | x)] with
            that many samples: tighter, and dearer.

        Returns
        -------
        log_density : ndarray of shape (n_samples,)
            In nats per row, as a density over the units of X.

        Raises
        ------
        ValueError
            If X lies outside the likelihood's support.

        References
        ----------
        Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016,
        https://arxiv.org/abs/1509.00519, eq. 8.
        """
        X = self._validate_in_support(X)
        if n_importance_samples is None:
            n_noise, bound = max(32, 2 * self.n_components_), _elbo
        elif isinstance(n_importance_samples, Integral) and n_importance_samples >= 1:
            n_noise, bound = n_importance_samples, _importance_bound
        else:
            raise ValueError(
                "The 'n_importance_samples' parameter must be a positive integer or None. "
                f"Got {n_importance_samples!r} instead."
            )
        noise = torch.from_numpy(whitened_noise(n_noise, self.n_components_).astype(np.float32)).to(self.net_.device)
        model = self.net_.module_
        (bounds,) = self._in_blocks(lambda x: (bound(model, x, noise),), self._network_rows(X), n_rows=len(X))
        return bounds.astype(np.float64) + self._log_volume()

    @if_prior_has_density
    def score(self, X, y=None):
        """Mean of `score_samples`: the evidence lower bound, in nats per row.

        Among models that differ in the strength of a regulariser it prefers the weakest by construction: to search over
        strengths pass `scoring=`, or score a downstream step.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        y : Ignored
            Present by convention.

        Returns
        -------
        score : float
            Nats per row; higher is better.
        """
        return float(np.mean(self.score_samples(X)))

    def log_likelihood(self, X, Z):
        """log p(x | z), row by row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features), or images
            Data.
        Z : array-like of shape (n_rows, n_components_) or (n_samples, n_rows, n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (n_rows,) or (n_samples, n_rows)
            In nats, as a density over the units of X.
        """
        X, Z = self._validate_pairs(self._validate_in_support(X), Z)
        model, network_rows = self.net_.module_, self._network_rows(X)
        codes = Z.reshape(-1, Z.shape[-1]).astype(np.float32)  # draw after draw of all rows

        def log_prob(x, z):
            return (model.likelihood.log_prob(model.decoder(z), x),)

        def rows_of_codes(block):
            return network_rows(np.arange(block.start, block.stop) % len(X))

        (values,) = self._in_blocks(log_prob, rows_of_codes, codes, n_rows=len(codes))
        return values.reshape(Z.shape[:-1]).astype(np.float64) + self._log_volume()

    @if_prior_has_density
    def log_prior(self, Z):
        """log p(z) under the prior that was trained.

        Parameters
        ----------
        Z : array-like of shape (..., n_components_)
            Codes.

        Returns
        -------
        log_density : ndarray of shape (...)
            In nats.
        """
        Z = self._validate_codes(Z)
        flat = Z.reshape(-1, Z.shape[-1]).astype(np.float32)
        (values,) = self._in_blocks(lambda z: (self.net_.module_.prior.log_prob(z),), flat)
        return values.reshape(Z.shape[:-1]).astype(np.float64)

    def _log_volume(self):
        if self.likelihood_.support == "unit_interval":
            return 0.0
        return self._blueprint.preprocessing.log_volume(self.n_features_in_)


def _elbo(model, x, noise):
    """ELBO per row, in float64 where there is one, averaged over the rows of `noise`."""
    posterior, total, wide = model.encode(x), 0.0, widest_float(x.device)
    for eps in noise:
        z = posterior.rsample(eps)
        total = total + (model.likelihood.log_prob(model.decoder(z), x) - model.prior.kl(posterior, z)).to(wide)
    return total / len(noise)


def _importance_bound(model, x, noise):
    """Importance-weighted bound per row, in float64 where there is one, one sample per row of `noise`."""
    posterior, total, wide = model.encode(x), None, widest_float(x.device)
    for eps in noise:
        z = posterior.rsample(eps)
        log_weight = model.likelihood.log_prob(model.decoder(z), x) + model.prior.log_prob(z) - posterior.log_prob(z)
        total = log_weight.to(wide) if total is None else torch.logaddexp(total, log_weight.to(wide))
    return total - np.log(len(noise))
