"""What an estimator with densities can do: log p(x | z), log p(z), and bounds on log p(x)."""

import hashlib
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from vaekit.estimators._generation import if_prior_has_density
from vaekit.estimators._resident import VALUES_AT_ONCE, of_codes
from vaekit.estimators._validation import without_weights
from vaekit.utils._ambient import GuardedMethods
from vaekit.utils._checks import check_count
from vaekit.utils._torch import whitened_noise

__all__ = ["DensityMixin"]

FEWEST_DRAWS = 32  # noise vectors of the evidence lower bound
OWN_DRAWS = 64  # importance samples drawn at a time; a row's noise does not depend on how many follow


class DensityMixin(GuardedMethods):
    """Densities in nats per row, in the units of X."""

    @if_prior_has_density
    def score_samples(self, X: ArrayLike, n_importance_samples: int | None = None) -> np.ndarray:
        """Lower bound on log p(x) for every row.

        By default the evidence lower bound, the KL at weight 1 whatever the objective, with

            ELBO(x) = mean_m [log p(x | z_m) + log p(z_m)] + H(q(z | x)),  z_m = mu(x) + sigma(x) eps_m,

        and max(32, 2 n_components) noise vectors eps shared by all rows: antithetic, whitened to mean 0 and covariance
        I (so that quadratics are integrated exactly; fewer would not be), the same in every call.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), or images
            Data.
        n_importance_samples : int or None, default=None
            If given, the importance-weighted bound logmeanexp_k [log p(x | z_k) + log p(z_k) - log q(z_k | x)] with
            that many samples: tighter, and dearer. Each row has noise of its own, decided by its values alone, so that
            the mean over rows is an estimate of a bound on the mean log p(x); a single row's may lie above its log p(x)
            by chance.

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
        self._summarize_remembered()
        if n_importance_samples is None:
            return self._evidence_lower_bounds(X) + self._log_volume()
        n_samples = check_count(n_importance_samples, "n_importance_samples")
        return self._importance_bounds(X, n_samples) + self._log_volume()

    def _evidence_lower_bounds(self, X):
        """ELBO of validated rows, averaged over noise that all rows share."""
        model = self.net_.module_
        width = self.net_.noise_widths.posterior
        noise = whitened_noise(max(FEWEST_DRAWS, 2 * width), width)
        noise = torch.from_numpy(noise.astype(np.float32)).to(self.net_.device)

        def integrand(posterior, z, x):
            return model.likelihood.log_prob(model.decode(z), x) - model.prior.kl(posterior, z)

        def evaluate(x):
            return (self._over_draws(integrand, x, noise[:, None]),)

        return self._in_blocks(
            evaluate,
            self._network_rows(X),
            n_rows=len(X),
            size=self._rows_at_once(len(noise)),
            finish=lambda values: [values.mean(axis=1, dtype=np.float64)],
        )[0]

    def _importance_bounds(self, X, n_samples):
        """log mean_k w_k of validated rows, each with noise of its own."""
        model, network_rows, total = self.net_.module_, self._network_rows(X), np.full(len(X), -np.inf)

        def log_weight(posterior, z, x):
            log_joint = model.likelihood.log_prob(model.decode(z), x) + model.prior.log_prob(z)
            return log_joint - posterior.log_prob(z)

        def evaluate(x, noise):
            return (self._over_draws(log_weight, x, noise.transpose(0, 1)),)

        for draws in gen_batches(n_samples, OWN_DRAWS):

            def own_noise(rows, draws=draws):
                shape = (draws.stop - draws.start, self.net_.noise_widths.posterior)
                return np.stack([noise_of_row(row, draws.start, shape) for row in network_rows(rows)])

            (log_sums,) = self._in_blocks(
                evaluate,
                network_rows,
                own_noise,
                n_rows=len(X),
                size=self._rows_at_once(OWN_DRAWS),
                finish=lambda log_w: [log_sum(log_w)],
            )
            total = np.logaddexp(total, log_sums)
        return total - np.log(n_samples)

    def _rows_at_once(self, n_draws):
        """Rows of a block each of which is decoded with so many draws: all of them make one call of the decoder."""
        return max(1, self._blueprint.network.decoded_rows // n_draws)

    def _over_draws(self, function, x, noise):
        """function(posterior, z, x) of every row and draw, (n_rows, n_draws), so many at once as a block bears."""
        posterior = self.net_.module_.encode(x)
        at_once = max(1, self._blueprint.network.decoded_rows // len(x))
        values = [function(posterior, posterior.rsample(some), x) for some in noise.split(at_once)]
        return torch.cat(values).T

    @if_prior_has_density
    @without_weights
    def score(self, X: ArrayLike, y: Any = None) -> float:
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

    def log_likelihood(self, X: ArrayLike, Z: ArrayLike) -> np.ndarray:
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
        self._summarize_remembered()
        model, draws = self.net_.module_, Z.reshape(-1, *Z.shape[-2:])
        values = np.empty(draws.shape[:2])
        for rows in gen_batches(len(X), max(1, VALUES_AT_ONCE // X.shape[1])):
            x = torch.from_numpy(self._network_rows(X)(rows)).to(self.net_.device)
            codes = draws[:, rows].reshape(-1, Z.shape[-1])
            found = of_codes(self, lambda x, z: model.likelihood.log_prob(model.decoder(z), x), codes, x)
            values[:, rows] = found.reshape(len(draws), -1)
        return values.reshape(Z.shape[:-1]) + self._log_volume()

    @if_prior_has_density
    def log_prior(self, Z: ArrayLike) -> np.ndarray:
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
        values = of_codes(self, self.net_.module_.prior.log_prob, Z.reshape(-1, Z.shape[-1]))
        return values.reshape(Z.shape[:-1])

    def _log_volume(self):
        if self.likelihood_.support == "unit_interval":
            return 0.0
        return self._blueprint.preprocessing.log_volume(self.n_features_in_)


def noise_of_row(row, start, shape):
    """Standard normal noise that is decided by a row's values and the number of its first draw."""
    digest = hashlib.blake2b(row.tobytes(), digest_size=8, key=start.to_bytes(8, "little")).digest()
    return np.random.default_rng(int.from_bytes(digest, "little")).standard_normal(shape, dtype=np.float32)


def log_sum(log_weights):
    """log of the sum over the draws of each row, in float64."""
    return logsumexp(log_weights.astype(np.float64), axis=1)
