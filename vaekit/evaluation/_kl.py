"""How far the aggregate posterior is from the prior, and what a model's KL is made of."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._aggregate_posterior import AggregatePosterior, KLParts
from vaekit.evaluation._estimate import Estimate, independent_sum, mean_estimate
from vaekit.evaluation._fitted import draw_prior, look_into, require
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._random import make_random_state
from vaekit.utils._repr import short_repr
from vaekit.utils._rows import count_rows, floats
from vaekit.utils._typing import RandomStateLike


class SymmetricKL(NamedTuple):
    """What `symmetric_kl` returns, in nats.

    Attributes
    ----------
    value, standard_error : float
        The sum of the two halves.
    q_to_p, p_to_q : Estimate
        KL[q(z) || p(z)] and KL[p(z) || q(z)], each `(value, standard_error)`.
    """

    value: float
    standard_error: float
    q_to_p: Estimate
    p_to_q: Estimate

    __repr__ = short_repr


@guarded_arithmetic
def symmetric_kl(
    estimator: Any,
    X: ArrayLike,
    n_samples: int = 5000,
    *,
    random_state: RandomStateLike = None,
    aggregate_posterior: AggregatePosterior | None = None,
) -> SymmetricKL:
    r"""Symmetric Kullback-Leibler divergence between the aggregate posterior and the prior.

    .. math::
        sKL = E_{q(z)}[\log q(z) - \log p(z)] + E_{p(z)}[\log p(z) - \log q(z)], \qquad
        q(z) = \tfrac1N \sum_n q(z | x_n)

    Parameters
    ----------
    estimator : fitted object
        With a prior and a posterior that have densities. Pipelines and searches are looked through.
    X : array-like of shape (N, ...)
        Rows whose encodings make q(z); a draw's own row is among them.
    n_samples : int, default=5000
        Draws for each half.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    aggregate_posterior : AggregatePosterior, default=None
        That of X, where it was made before (which also decides device and compilation).

    Returns
    -------
    divergence : SymmetricKL
        `value`, `standard_error`, and the halves `q_to_p`, `p_to_q`, in nats. At least 0 in expectation, lower is
        better; one estimate may be negative.

    Raises
    ------
    NoDensityError
        If the prior or the posterior has no density.

    Notes
    -----
    Unchanged by any invertible map of the latent space, so plain and decoupled models can be compared. Depends on the
    number of rows of X, since more encodings make a smoother mixture: compare at equal N. The second half is large, and
    its standard error untrustworthy, where the prior reaches regions far from every encoding.

    References
    ----------
    R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020, section 5.1,
    https://arxiv.org/abs/1911.10506

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import symmetric_kl
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> symmetric_kl(vae, X, n_samples=500, random_state=0).q_to_p.value > 0
    True
    """
    estimator, X = look_into(estimator, X)
    require(estimator, "The symmetric KL", "log_prior")
    n_samples = check_count(n_samples, "n_samples")
    q = aggregate_posterior or AggregatePosterior.from_estimator(estimator, X)
    random_state = make_random_state(random_state)
    from_q = q.sample(n_samples, random_state)
    from_p = draw_prior(estimator, n_samples, q.n_components, random_state)
    q_to_p = mean_estimate(q.log_density(from_q) - floats(estimator.log_prior(from_q)))
    p_to_q = mean_estimate(floats(estimator.log_prior(from_p)) - q.log_density(from_p))
    return SymmetricKL(*independent_sum(q_to_p, p_to_q), q_to_p, p_to_q)


@guarded_arithmetic
def kl_decomposition(
    estimator: Any,
    X: ArrayLike,
    *,
    X_reference: ArrayLike | None = None,
    n_samples: int = 1,
    random_state: RandomStateLike = None,
    aggregate_posterior: AggregatePosterior | None = None,
) -> KLParts:
    r"""Mutual information, total correlation and dimension-wise KL of a fitted model.

    .. math::
        E_x KL[q(z|x) \| p(z)] = \underbrace{E \log \frac{q(z|x)}{q(z)}}_{MI}
        + \underbrace{E \log \frac{q(z)}{\prod_l q(z_l)}}_{TC}
        + \underbrace{E \log \frac{\prod_l q(z_l)}{p(z)}}_{DW}

    Parameters
    ----------
    estimator : fitted object
        With diagonal normal posteriors, `sample_posterior`, `log_posterior` and `log_prior`. Pipelines and searches are
        looked through.
    X : array-like of shape (n_rows, ...)
        Rows to average over; held-out rows with `X_reference`.
    X_reference : array-like of shape (N, ...), default=None
        Rows whose encodings make q(z), usually the training data; None is X itself, whose own components then hold
        the mutual information below log N.
    n_samples : int, default=1
        Draws of each row.
    random_state : int, RandomState instance or None, default=None
        Decides the draws.
    aggregate_posterior : AggregatePosterior, default=None
        That of the reference rows, where it was made before.

    Returns
    -------
    decomposition : KLParts
        `mutual_information`, `total_correlation`, `dimension_kl` and their sum `kl`, each `(value, standard_error)`,
        in nats per row.

    Raises
    ------
    NoDensityError
        If the model has no such densities, or its posteriors are no diagonal normals.

    Notes
    -----
    The mixture over all reference encodings is exact: nothing of the minibatch estimators' bias is left. For a prior
    that does not factorise, `dimension_kl` is no longer a sum of divergences and may be negative. With few reference
    rows in many dimensions, q(z) hardly covers held-out codes: the mutual information comes out too large and the
    total correlation too small.

    References
    ----------
    R. T. Q. Chen, X. Li, R. Grosse, D. Duvenaud, "Isolating Sources of Disentanglement in Variational Autoencoders",
    NeurIPS 2018, equation 2, https://arxiv.org/abs/1802.04942

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import kl_decomposition
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X[::2])
    >>> parts = kl_decomposition(vae, X[1::2], X_reference=X[::2], random_state=0)
    >>> abs(parts.kl.value - sum(part.value for part in parts[:3])) < 1e-9
    True
    """
    model, X = look_into(estimator, X)
    require(model, "The KL decomposition", "log_prior", "log_posterior", "sample_posterior")
    n_samples = check_count(n_samples, "n_samples")
    reference = X if X_reference is None else look_into(estimator, X_reference)[1]
    q = aggregate_posterior or AggregatePosterior.from_estimator(model, reference)
    drawn = model.sample_posterior(X, n_samples=n_samples, random_state=make_random_state(random_state))
    Z = np.reshape(floats(drawn), (n_samples, count_rows(X), q.n_components))
    return q.decompose_kl(Z, model.log_posterior(X, Z), model.log_prior(Z))
