"""A posterior of somebody else, with correlations and nothing but what the class asks for, is as good as ours."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm
from torch import Tensor, nn

from vaekit import DPVAE, VAE, BetaTCVAE
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.fitted._rows import network_rows
from vaekit.objectives import ELBO, CovariancePenalty
from vaekit.posteriors import Posterior, PosteriorSpec

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 2)) @ rng.normal(size=(2, 5)) + 0.3 * rng.normal(size=(300, 5))


@dataclass
class FullNormalPosterior(Posterior):
    loc: Tensor
    tril: Tensor

    def rsample(self, noise):
        return self.loc + (self.tril @ noise[..., None])[..., 0]

    def log_prob(self, z):
        return torch.distributions.MultivariateNormal(self.loc, scale_tril=self.tril).log_prob(z)


class FullNormalHead(nn.Linear):
    def forward(self, features):
        n = int(self.out_features**0.5)  # n + n^2 numbers
        loc, raw = super().forward(features).split([n, n * n], dim=-1)
        raw = raw.unflatten(-1, (n, n))
        return FullNormalPosterior(loc, raw.tril(-1) + torch.diag_embed(raw.diagonal(dim1=-2, dim2=-1).exp()))


class FullNormal(PosteriorSpec):
    def build(self, setting):
        n = setting.n_components
        head = nn.utils.skip_init(FullNormalHead, setting.n_features, n * n + n)
        nn.init.xavier_uniform_(head.weight, generator=setting.generator)
        nn.init.zeros_(head.bias)
        return head


class WideHead(FullNormalHead):
    """Draws z = mu + L e1 + 0.1 e2, of twice as many numbers of noise as there are latents."""

    def forward(self, features):
        q = super().forward(features)
        return WidePosterior(q.loc, q.tril)


class WidePosterior(FullNormalPosterior):
    def rsample(self, noise):
        first, second = noise.chunk(2, dim=-1)
        return super().rsample(first) + 0.1 * second

    def log_prob(self, z):
        covariance = self.tril @ self.tril.mT + 0.01 * torch.eye(self.loc.shape[-1])
        return torch.distributions.MultivariateNormal(self.loc, covariance).log_prob(z)


class Wide(PosteriorSpec):
    def build(self, setting):
        head = FullNormal().build(setting)
        head.__class__, head.noise_width = WideHead, 2 * setting.n_components
        return head


FAMILIES = {"full": FullNormal(), "wide": Wide()}


def fitted(family, cls=VAE, **params):
    defaults = {"n_components": 2, "max_epochs": 30, "batch_size": 32, "hidden_layer_sizes": (16,), "random_state": 0}
    return cls(posterior_family=FAMILIES[family], **{**defaults, **params}).fit(X)


@pytest.fixture(scope="module", params=[(family, cls) for family in FAMILIES for cls in (VAE, DPVAE)], ids=str)
def model(request):
    return fitted(*request.param)


def moments(model, X):
    """Return mean and covariance of q(z | x), straight from the network."""
    with torch.no_grad():
        q = model.net_.module_.encode(torch.from_numpy(network_rows(model.model_.blueprint, X)(slice(None))))
    covariance = (q.tril @ q.tril.mT).double().numpy()
    return q.loc.double().numpy(), covariance + 0.01 * np.eye(2) * isinstance(q, WidePosterior)


def test_it_learns_correlations(model):
    assert model.history_[-1]["reconstruction"] < model.history_[0]["reconstruction"] - 1
    _, covariance = moments(model, X)
    assert np.abs(covariance[:, 0, 1] / np.sqrt(covariance[:, 0, 0] * covariance[:, 1, 1])).max() > 0.05


def test_draws_have_its_mean_and_its_covariance(model):
    n_samples = 20_000
    loc, covariance = moments(model, X[:5])
    Z = model.sample_posterior(X[:5], n_samples, random_state=0)
    assert Z.shape == (n_samples, 5, 2)
    assert Z.dtype == np.float64
    whitened = np.linalg.solve(np.linalg.cholesky(covariance), (Z - loc)[..., None])[..., 0]
    assert np.abs(whitened.mean(axis=0)).max() < 5 / n_samples**0.5
    second = np.einsum("nri,nrj->rij", whitened, whitened) / n_samples
    assert np.abs(second - np.eye(2)).max() < 5 * 2**0.5 / n_samples**0.5


def test_the_density_is_that_of_scipy(model):
    loc, covariance = moments(model, X)
    Z = model.sample_posterior(X, 3, random_state=0)
    expected = [[multivariate_normal.logpdf(z, m, c) for z, m, c in zip(some, loc, covariance)] for some in Z]
    np.testing.assert_allclose(model.log_posterior(X, Z), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.log_posterior(X, Z[0]), expected[0], rtol=1e-5, atol=1e-5)


def test_scales_are_those_of_the_components(model):
    loc, covariance = moments(model, X)
    posterior = model.posterior(X)
    np.testing.assert_allclose(posterior.loc, loc, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(posterior.scale, np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)), rtol=1e-4)
    assert model.kl_per_component_.shape == (2,)


def test_bounds_agree(model):
    """By hand from the public densities; more importance samples, a tighter bound."""
    Z = model.sample_posterior(X, 400, random_state=1)
    drawn = model.log_likelihood(X, Z) + model.log_prior(Z) - model.log_posterior(X, Z)
    elbo, error = model.score(X), drawn.mean(axis=1).std() / 400**0.5
    assert abs(elbo - drawn.mean()) < 5 * error + 0.05
    assert model.score_samples(X, n_importance_samples=400).mean() > elbo - 1e-3


def test_objectives_that_need_independent_normals_say_so():
    for params in ({"cls": BetaTCVAE}, {"objective": CovariancePenalty()}, {"objective": ELBO(free_bits=0.1)}):
        with pytest.raises(IncompatibleChoiceError, match=r"needs a posterior of independent normals.*'normal'"):
            fitted("full", max_epochs=1, **params)
    for objective in (CovariancePenalty(kind="i"), ELBO(free_bits=0.1, free_bits_per="row")):
        assert np.isfinite(fitted("full", max_epochs=1, objective=objective).score(X))


def test_a_head_that_gives_something_else_is_refused():
    class Plain(PosteriorSpec):
        def build(self, setting):
            return nn.Identity()

    with pytest.raises(TypeError, match="'posterior_family' parameter must build a module that gives a Posterior"):
        VAE(posterior_family=Plain()).fit(X)


def test_the_divergence_from_a_normal_is_sampled_where_it_has_no_closed_form():
    tril = torch.tensor([[0.8, 0.0], [0.3, 0.5]], dtype=torch.float64)
    q = FullNormalPosterior(torch.tensor([[0.2, -1.0]], dtype=torch.float64), tril[None])
    z = q.rsample(torch.randn(50_000, 1, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    normal = torch.distributions.MultivariateNormal
    exact = torch.distributions.kl_divergence(
        normal(q.loc, scale_tril=q.tril), normal(torch.zeros(2).double(), torch.eye(2).double())
    )
    drawn = q.kl_to_standard_normal(z)
    assert (drawn.mean() - exact).abs() < 5 * drawn.std() / 50_000**0.5
    np.testing.assert_allclose(drawn[:3, 0], q.log_prob(z)[:3, 0] - norm.logpdf(z[:3, 0]).sum(-1))
