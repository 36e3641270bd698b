"""A density estimator of scikit-learn's kind, fitted to the codes once training has ended."""

import hashlib
import inspect
import math
import warnings
from dataclasses import field
from typing import Any, ClassVar

import numpy as np
import torch
from sklearn import config_context
from sklearn.base import clone

from vaekit.exceptions import NoDensityError
from vaekit.priors._base import PriorSpec
from vaekit.priors._mixture import WithoutSpaces
from vaekit.priors._standard_normal import StandardNormalPrior
from vaekit.utils._random import random_state_names
from vaekit.utils._sklearn import HasMethods
from vaekit.utils._spec import spec
from vaekit.utils._torch import to_array

__all__ = ["PostHoc"]

# codes that an estimator is tried on; one that wants more of them is tried on as many as there will be
MOST_TRIED = 256


def _ten_normals():
    from sklearn.mixture import GaussianMixture  # half a second that only this prior needs

    return GaussianMixture(n_components=10)


@spec
class PostHoc(PriorSpec):
    """p(z) = N(0, I) in training; then what a density estimator makes of the codes.

    After each fit (each call of `partial_fit`, on the rows of that call) a clone of the estimator is fitted to one draw
    of q(z | x) for each training row that is remembered, at most 10,000. From then on samples, densities and bounds are
    those of the fitted prior. Training goes on with N(0, I), and early stopping and `kl_per_component_` measure by it.

    Parameters
    ----------
    estimator : object with fit and sample, default=GaussianMixture(n_components=10)
        An estimator of the kind of scikit-learn's `GaussianMixture` and `KernelDensity`: `sample(n_samples)` gives
        draws, alone or first of a tuple, seeded by a parameter `random_state` of the method or of the estimator.
        Densities are there if it has `score_samples`, log densities in nats. Seeds that are None are that of the
        model.

    Raises
    ------
    ValueError
        By `fit`, before anything is trained: if the estimator cannot be fitted to so many codes, or does not give draws
        of them. If it fails on the codes themselves, once training has ended: what was trained is kept then, with
        p(z) = N(0, I).

    References
    ----------
    P. Ghosh et al., "From Variational to Deterministic Autoencoders", ICLR 2020, https://arxiv.org/abs/1903.12436,
    section 4 (ex-post density estimation).

    Examples
    --------
    >>> from sklearn.neighbors import KernelDensity
    >>> from vaekit import VAE
    >>> from vaekit.priors import PostHoc
    >>> VAE(prior=PostHoc(estimator=KernelDensity())).set_params(prior__estimator__bandwidth=0.2)
    VAE(prior=PostHoc(estimator=KernelDensity(bandwidth=0.2)))
    """

    estimator: Any = field(default_factory=_ten_normals)

    has_spaces = False

    _parameter_constraints: ClassVar[dict] = {"estimator": [HasMethods(["fit", "sample"])]}

    @property
    def has_density(self):
        """Whether the estimator has one."""
        return hasattr(self.estimator, "score_samples")

    def build(self, setting):
        """Return the prior module."""
        seed = setting.generator.initial_seed() % 2**32  # no draw: all else starts as with a normal prior
        return PostHocPrior(seeded(self.estimator, seed), setting.n_components)

    def settings(self):
        """The estimator's type, and the parameters of all that stands in it."""
        parameters = self.get_params()
        return {name: type(value) if hasattr(value, "get_params") else value for name, value in parameters.items()}


def seeded(estimator, seed):
    """Return an unfitted copy of an estimator that draws nothing from NumPy's global generator."""
    own = clone(estimator, safe=False)
    names = random_state_names(own) if hasattr(own, "get_params") else []
    unseeded = {name: seed for name in names if own.get_params()[name] is None}
    return own.set_params(**unseeded) if unseeded else own


class PostHocPrior(WithoutSpaces):
    """N(0, I) until an estimator is fitted; that one's state goes into pickles as its own.

    Parameters
    ----------
    estimator : object
        Unfitted.
    n_components : int
        Number of latents.
    """

    def __init__(self, estimator, n_components):
        super().__init__()
        self.estimator, self.fitted = estimator, None
        self.least = math.inf  # numbers of codes from here on are known to be enough
        self.n_components, self.before = n_components, StandardNormalPrior()
        self.has_density = hasattr(estimator, "score_samples")

    def given(self, condition, encode=None):
        """What training takes: N(0, I)."""
        return self.before

    def foresee(self, n_codes):
        """Try the estimator on draws of N(0, I): what it asks of codes but their values is known beforehand."""
        if n_codes >= self.least:
            return
        draws = np.random.RandomState(0).normal(size=(n_codes, self.n_components))
        few = draws[:MOST_TRIED]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # these are no codes
            if len(few) == n_codes or flaw_of(self.estimator, few) is not None:
                refuse(self.estimator, n_codes, flaw_of(self.estimator, draws))
        self.least = n_codes

    def finish(self, codes):
        """Fit the estimator; where that fails, N(0, I) is what there is."""
        fitted, self.fitted = clone(self.estimator, safe=False), None
        try:
            fitted.fit(to_array(codes).astype(np.float64))
        except Exception as error:
            refuse(fitted, len(codes), error, "; what was trained is kept, with p(z) = N(0, I)")
        self.fitted = fitted

    def log_prob(self, z):
        """The estimator's log density, in nats per row; gradients end here."""
        if not self.has_density:
            raise NoDensityError(f"{type(self.estimator).__name__} has no score_samples, and so no density.")
        if self.fitted is None:
            return self.before.log_prob(z)
        values = self.fitted.score_samples(to_array(z).astype(np.float64).reshape(-1, z.shape[-1]))
        return torch.as_tensor(np.asarray(values)).reshape(z.shape[:-1]).to(z)

    def sample(self, noise):
        """Draws of the estimator, each seeded by its own row of the noise."""
        if self.fitted is None:
            return self.before.sample(noise)
        return torch.as_tensor(np.stack([drawn_by(self.fitted, row) for row in to_array(noise)])).to(noise)

    def get_extra_state(self):
        """The fitted estimator, for whatever keeps the module's weights."""
        return self.fitted

    def set_extra_state(self, state):
        """Take it back."""
        self.fitted = state

    def extra_repr(self):
        """The estimator's name."""
        return f"n_components={self.n_components}, estimator={type(self.estimator).__name__}"


def flaw_of(estimator, codes):
    """What goes wrong where a copy is fitted to codes and asked for what a prior is asked for; None if nothing does."""
    fitted = clone(estimator, safe=False)
    try:
        with config_context(skip_parameter_validation=False):  # which it is inside of a fit
            fitted.fit(codes)
        drawn = drawn_by(fitted, codes[0])
        if hasattr(fitted, "score_samples"):
            fitted.score_samples(codes[:1])
    except Exception as error:
        return error
    n_components = codes.shape[1]
    if drawn.shape != (n_components,):
        return ValueError(f"a draw of it has {drawn.size} numbers and not n_components={n_components}")
    return None


def refuse(estimator, n_codes, flaw, what_is_left=""):
    """Raise ValueError that says why, if there is a flaw."""
    if flaw is not None:
        words = str(flaw) if isinstance(flaw, ValueError) else repr(flaw)
        raise ValueError(
            f"{type(estimator).__name__}, the estimator of prior='post_hoc', could not be fitted to {n_codes} codes "
            f"({words}): give one that can, as in PostHoc(estimator=GaussianMixture(n_components=2)){what_is_left}."
        ) from flaw


def drawn_by(estimator, row):
    """One draw of a fitted estimator, (n_components,), decided by the values of a row of noise."""
    digest = hashlib.blake2b(row.tobytes(), digest_size=16).digest()
    random_state = np.random.RandomState(np.frombuffer(digest, dtype=np.uint32))
    if "random_state" in inspect.signature(estimator.sample).parameters:
        drawn = estimator.sample(1, random_state=random_state)
    else:
        estimator.random_state = random_state
        drawn = estimator.sample(1)
    return np.asarray(drawn[0] if isinstance(drawn, tuple) else drawn).reshape(-1)
