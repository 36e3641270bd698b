"""Words from outside, written with public names alone: priors, an objective of sequences, likelihoods that decode more.

Each trains in an ordinary estimator, and its numbers are those of closed forms.
"""

import itertools
import math
import pickle
from typing import ClassVar

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import Callback
from torch import nn
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal, kl_divergence

from vaekit import VAE
from vaekit.datasets import make_ar1_sequence, make_two_moons
from vaekit.exceptions import NoDensityError
from vaekit.functional import kl_normal, normal_log_density
from vaekit.inspection import ReconstructionDisplay, TraversalDisplay
from vaekit.likelihoods import Likelihood, LikelihoodSpec
from vaekit.likelihoods import Normal as FixedNormal
from vaekit.nn import MLP, ConvNet, Custom, Network
from vaekit.objectives import ELBO
from vaekit.posteriors import NormalParameters, PosteriorSpec
from vaekit.priors import Prior, PriorSpec
from vaekit.words import Batch, Setting, spec


class Tell(Callback):
    """Tell the training rows what is known about each of them, or which of them follow each other."""

    def __init__(self, given=None, follows=None):
        self.given, self.follows = given, follows

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        X.known, X.follows = (self.given, None), self.follows


# ---------------------------------------------------------------------- a mixture of normals


class MixturePrior(Prior):
    """p(z) = sum_k w_k N(z; m_k, s_k^2 I), the w_k, m_k and s_k learned."""

    has_spaces = False

    def __init__(self, loc):
        super().__init__()
        n_modes, self.n_components = loc.shape
        self.loc = nn.Parameter(loc)
        self.log_scale, self.logits = nn.Parameter(torch.zeros(n_modes)), nn.Parameter(torch.zeros(n_modes))

    def log_prob(self, z):
        logvar = 2 * self.log_scale[:, None]
        log_modes = normal_log_density(z[..., None, :], self.loc, logvar).sum(-1)
        return torch.logsumexp(log_modes + self.logits.log_softmax(0), dim=-1)

    def sample(self, noise):
        """The first column chooses a mode by its quantile, and what is left of that quantile is noise again."""
        ends = self.logits.softmax(0).double().cumsum(0)
        starts = torch.cat([ends.new_zeros(1), ends[:-1]])
        quantile = torch.special.ndtr(noise[:, 0].double())
        mode = torch.searchsorted(ends, quantile).clamp(max=len(ends) - 1)
        left = (quantile - starts[mode]) / (ends - starts)[mode]
        first = torch.special.ndtri(left.clamp(1e-15, 1 - 1e-15)).to(noise.dtype)
        return self.loc[mode] + self.log_scale[mode, None].exp() * torch.cat([first[:, None], noise[:, 1:]], dim=1)

    def to_generation_space(self, z):
        raise NoDensityError("A mixture has no plainly normal space behind it.")

    to_representation_space = to_generation_space


@spec
class Mixture(PriorSpec):
    """A mixture of normals, its means drawn from N(0, I) to begin with."""

    n_modes: int = 4

    def build(self, setting):
        return MixturePrior(torch.randn(self.n_modes, setting.n_components, generator=setting.generator))


def uneven_mixture():
    prior = Mixture(n_modes=3).build(
        Setting(event_shape=(2,), n_components=2, generator=torch.Generator().manual_seed(0))
    )
    with torch.no_grad():
        prior.loc.mul_(3)
        prior.log_scale.copy_(torch.tensor([0.2, -0.5, 0.1]))
        prior.logits.copy_(torch.tensor([0.0, 1.0, -1.0]))
    return prior


def as_torch_has_it(prior):
    modes = Independent(Normal(prior.loc, prior.log_scale.exp()[:, None].expand_as(prior.loc)), 1)
    return MixtureSameFamily(Categorical(logits=prior.logits), modes)


def test_the_mixture_has_the_density_and_the_draws_of_a_mixture():
    prior, n = uneven_mixture(), 200_000
    reference = as_torch_has_it(prior)
    z = torch.randn(5, 7, 2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(prior.log_prob(z), reference.log_prob(z))
    drawn = prior.sample(torch.randn(n, 2, generator=torch.Generator().manual_seed(2))).detach()
    standard_error = reference.stddev / math.sqrt(n)
    assert ((drawn.mean(0) - reference.mean).abs() < 5 * standard_error).all()
    torch.testing.assert_close(drawn.var(0), reference.variance, rtol=0.02, atol=0)
    nearest = torch.cdist(drawn, prior.loc.detach()).argmin(1).bincount(minlength=3) / n
    torch.testing.assert_close(nearest, prior.logits.detach().softmax(0), rtol=0, atol=0.03)
    entropy = -prior.log_prob(drawn).detach()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        theirs = -reference.log_prob(reference.sample((n,))).detach()
    assert (entropy.mean() - theirs.mean()).abs() < 5 * math.sqrt((entropy.var() + theirs.var()) / n)


MOONS = StandardScaler().fit_transform(make_two_moons(500, random_state=0).data)


def on_two_moons(prior):
    model = VAE(
        prior=prior, likelihood=FixedNormal(scale=0.15), n_components=2, hidden_layer_sizes=(64, 64), batch_size=100,
        max_epochs=100, learning_rate=3e-3, random_state=0,
    )  # fmt: skip
    return model.fit(MOONS)


def test_the_mixture_trains_and_explains_two_moons_better_than_one_normal():
    """Measured: -2.20 nats per row against -2.38, the KL 3.26 against 3.37."""
    plain, mixture = on_two_moons("normal"), on_two_moons(Mixture(n_modes=8))
    assert mixture.score(MOONS) > plain.score(MOONS) + 0.1
    assert mixture.history_[-1]["kl"] < plain.history_[-1]["kl"]
    assert mixture.sample(3).shape == (3, 2)


# ---------------------------------------------------------------------- a prior for each condition


class NormalAt(Prior):
    """N(loc, I), a mean for every row."""

    def __init__(self, loc):
        super().__init__()
        self.loc = loc

    def log_prob(self, z):
        return normal_log_density(z, self.loc, torch.zeros_like(self.loc)).sum(-1)

    def kl(self, posterior, z):
        return kl_normal(posterior.loc - self.loc, posterior.logvar).sum(-1)

    def to_generation_space(self, z):
        return z - self.loc

    def to_representation_space(self, z0):
        return z0 + self.loc


class ConditionalPrior(MixturePrior):
    """p(z | y) = N(m_y, I); where y is not known, the mixture of all."""

    def __init__(self, loc):
        super().__init__(loc)
        del self.log_scale
        self.register_buffer("log_scale", torch.zeros(len(loc)))

    def given(self, condition, encode=None):
        return self if condition is None else NormalAt(self.loc[condition])


@spec
class ByClass(PriorSpec):
    """A normal for each class, all at the origin to begin with."""

    n_classes: int = 2

    def build(self, setting):
        return ConditionalPrior(torch.zeros(self.n_classes, setting.n_components))


@pytest.fixture(scope="module")
def told():
    """Return a model that was told the class of each row of two clouds, those rows, and their classes."""
    classes = np.arange(200) % 2
    X = np.random.default_rng(0).normal(size=(200, 5)) + 2 * classes[:, None]
    model = VAE(
        prior=ByClass(), n_components=2, hidden_layer_sizes=(16,), batch_size=50, max_epochs=80, learning_rate=1e-2,
        warmup=0, random_state=0, callbacks=[Tell(given=torch.from_numpy(classes))],
    )  # fmt: skip
    return model.fit(X), X, classes


def test_a_conditional_prior_goes_where_the_codes_of_its_class_are(told):
    """E_q[-log p(z | y)] is least where m_y is the mean code of the class."""
    model, X, classes = told
    codes, means = model.transform(X), model.net_.module_.prior.loc.detach().cpu().numpy()
    of_class = np.stack([codes[classes == y].mean(axis=0) for y in (0, 1)])
    apart = np.linalg.norm(means[0] - means[1])
    assert apart > 1
    assert np.linalg.norm(means - of_class, axis=1).max() < 0.1 * apart


def test_what_is_known_about_a_row_decides_its_prior(told):
    """KL(N(mu, diag s^2) || N(m_y, I)), and for rows about which nothing is known log p(z) is that of the mixture."""
    model, X, classes = told
    module, noise = model.net_.module_.eval(), torch.zeros(200, 2)
    rows, y = torch.from_numpy(X.astype(np.float32)), torch.from_numpy(classes)
    with torch.no_grad():
        known, unknown = module(Batch(rows, given=y), noise), module(Batch(rows), noise)
        q = Normal(known.posterior.loc, known.posterior.scale)
        p = Normal(module.prior.loc[y], torch.ones(200, 2))
        torch.testing.assert_close(known.prior.kl(known.posterior, known.z), kl_divergence(q, p).sum(-1))
        torch.testing.assert_close(unknown.prior.log_prob(unknown.z), as_torch_has_it(module.prior).log_prob(unknown.z))


# ---------------------------------------------------------------------- sequences


@spec
class TransitionELBO(ELBO):
    """-ELBO with a prior on steps: KL(q(z_t | x_t) || N(rho m_(t-1), (1 - rho^2) I)), m the mean of the row before."""

    rho: float = 0.9

    draws: ClassVar[dict] = {"first": None, "before": "first"}

    def penalty(self, output, inputs):
        before = output.encode(inputs.batches["before"].x).loc
        innovation = math.log1p(-(self.rho**2))
        step = (output.posterior.loc - self.rho * before) * math.exp(-innovation / 2)
        transition = kl_normal(step, output.posterior.logvar - innovation).sum(-1).mean()
        return inputs.weights["warmup"] * transition, {"transition": transition}


N_TIMES = 100
# two sequences, one after the other: the first row of each follows nothing
NOW = np.delete(np.arange(2 * N_TIMES), [0, N_TIMES])
FOLLOWS = torch.from_numpy(np.stack([NOW, NOW - 1]))


def sequences():
    return np.concatenate([make_ar1_sequence(N_TIMES, autocorrelation=0.9, random_state=0, n_features=6).data] * 2)


def on_sequences(objective, **params):
    defaults = {"max_epochs": 60, "batch_size": 33, "learning_rate": 1e-2, "warmup": 0}
    model = VAE(
        objective=objective, network=MLP(hidden_layer_sizes=(16,)), n_components=2, random_state=0,
        callbacks=[Tell(follows=FOLLOWS)], **{**defaults, **params},
    )  # fmt: skip
    return model.fit(sequences())


def test_the_transition_of_one_step_is_its_closed_form():
    """One step over all pairs that moves no weight: the term is the mean over pairs, row by row in NumPy."""
    rho, objective = 0.7, TransitionELBO(rho=0.7)
    model = on_sequences(objective, max_steps=1, batch_size=len(NOW), learning_rate=1e-30)
    q = model.posterior(sequences())
    variance = 1 - rho**2
    error = (q.loc[NOW] - rho * q.loc[NOW - 1]) ** 2
    kl = 0.5 * ((error + q.scale[NOW] ** 2) / variance - 1 + np.log(variance) - 2 * np.log(q.scale[NOW]))
    assert model.history_[0]["transition"] == pytest.approx(kl.sum(axis=1).mean(), rel=1e-5)


def roughness(model):
    """Mean squared step over the variance of the codes, components taken together."""
    codes = model.transform(sequences())
    return np.square(codes[NOW] - codes[NOW - 1]).sum(1).mean() / codes.var(axis=0).sum()


def test_an_objective_of_sequences_trains_and_slows_the_codes():
    slow, plain = on_sequences(TransitionELBO(rho=0.95)), on_sequences(ELBO())
    assert slow.history_[-1]["train_loss"] < slow.history_[0]["train_loss"] - 1
    assert slow.history_[-1]["transition"] < slow.history_[0]["transition"]
    assert slow.n_steps_ == 60 * 6
    assert roughness(slow) < 0.9 * roughness(plain)  # measured: 0.165 against 0.215


def test_rows_without_an_order_are_refused():
    with pytest.raises(ValueError, match=r"rows before them in time, but these have no order"):
        VAE(objective=TransitionELBO(), n_components=2, max_epochs=1).fit(sequences())


# ---------------------------------------------------------------------- several decoded numbers for a value


class OwnScaleLikelihood(Likelihood):
    """N(m, s^2) for every value, m and log s decoded; they stand behind the values or before them."""

    def __init__(self, event_shape, axis):
        super().__init__(event_shape)
        self.axis = -1 if axis == "last" else -len(event_shape) - 1

    def log_prob(self, decoded, x):
        loc, log_scale = decoded.unbind(self.axis)
        return normal_log_density(x, loc, 2 * log_scale).sum(self.event_axes)

    def mean(self, decoded):
        return decoded.select(self.axis, 0)

    def sample(self, decoded, noise):
        loc, log_scale = decoded.unbind(self.axis)
        return loc + log_scale.exp() * noise


@spec
class OwnScale(LikelihoodSpec):
    """A Normal likelihood with a scale for every value of every row."""

    axis: str = "last"

    def decoded_shape(self, event_shape):
        return (*event_shape, 2) if self.axis == "last" else (2, *event_shape)

    def build(self, setting):
        return OwnScaleLikelihood(setting.event_shape, self.axis)


class LevelsLikelihood(Likelihood):
    """A softmax over the levels 0, 1/(k - 1), ..., 1 of every value."""

    def __init__(self, event_shape, n_levels):
        super().__init__(event_shape)
        self.register_buffer("levels", torch.linspace(0, 1, n_levels))

    def log_prob(self, decoded, x):
        level = (x * (len(self.levels) - 1)).round().long().expand(decoded.shape[:-1])
        return decoded.log_softmax(-1).gather(-1, level[..., None])[..., 0].sum(self.event_axes)

    def mean(self, decoded):
        return decoded.softmax(-1) @ self.levels

    def sample(self, decoded, noise):
        ends = decoded.softmax(-1).cumsum(-1)[..., :-1]
        return self.levels[(torch.special.ndtr(noise)[..., None] > ends).sum(-1)]


@spec
class Levels(LikelihoodSpec):
    """One of so many levels for every value."""

    n_levels: int = 3

    support = "unit_interval"

    def decoded_shape(self, event_shape):
        return (*event_shape, self.n_levels)

    def build(self, setting):
        return LevelsLikelihood(setting.event_shape, self.n_levels)


def own_encoder(event_shape):
    return nn.Sequential(nn.Flatten(), nn.Linear(math.prod(event_shape), 6), nn.ReLU())


def own_decoder(n_components, decoded_shape):
    return nn.Sequential(nn.Linear(n_components, 6), nn.ReLU(), nn.Linear(6, math.prod(decoded_shape)))


OWN = Custom(encoder_module=own_encoder, decoder_module=own_decoder)
TABLE = np.random.default_rng(0).integers(0, 3, size=(40, 4)) / 2
COLOURS = np.random.default_rng(1).integers(0, 3, size=(40, 3, 6, 5)) / 2
GREYS = COLOURS[:, 0]
TWICE = {
    "on a table": (TABLE, MLP(hidden_layer_sizes=(8,))),
    "of own modules": (TABLE, OWN),
    "on images": (GREYS, MLP(hidden_layer_sizes=(8,))),
    "on images of own modules": (COLOURS, OWN),
    "on grey images convolved": (GREYS, ConvNet(channels=4, hidden_layer_sizes=(8,))),
    "on colours convolved": (COLOURS, ConvNet(channels=4, hidden_layer_sizes=(8,))),
}
SEVERAL = {"scale last": OwnScale(), "scale first": OwnScale(axis="first"), "levels": Levels()}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("likelihood", SEVERAL.values(), ids=SEVERAL)
@pytest.mark.parametrize(("X", "network"), TWICE.values(), ids=TWICE)
def test_whatever_is_decoded_means_draws_and_displays_have_the_shape_of_the_rows(X, network, likelihood):
    model = VAE(likelihood=likelihood, network=network, n_components=2, max_epochs=1, batch_size=20, random_state=0)
    codes = model.fit_transform(X)
    assert model.inverse_transform(codes).shape == X.shape
    assert model.sample_likelihood(codes, random_state=0).shape == X.shape
    assert model.sample(7, noise=True).shape == model.sample(7, noise=False).shape == (7, *X.shape[1:])
    assert ReconstructionDisplay.from_estimator(model, X).reconstructions.shape[1:] == X.shape[1:]
    assert TraversalDisplay.from_estimator(model, X).decoded.shape[2:] == X.shape[1:]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.score_samples(X), model.score_samples(X))
    np.testing.assert_array_equal(again.inverse_transform(codes), model.inverse_transform(codes))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_draws_are_of_the_levels_and_their_shares_those_of_the_density():
    model = VAE(likelihood=Levels(), n_components=2, max_epochs=40, learning_rate=1e-2, random_state=0).fit(TABLE)
    n, z = 20_000, model.transform(TABLE[:1])
    drawn = model.sample_likelihood(np.repeat(z, n, axis=0), random_state=0)
    assert set(np.unique(drawn)) == {0.0, 0.5, 1.0}
    np.testing.assert_allclose(drawn.mean(axis=0), model.inverse_transform(z)[0], atol=5 * 0.5 / math.sqrt(n))
    rows = np.array(list(itertools.product([0.0, 0.5, 1.0], repeat=4)))
    total = np.exp(model.log_likelihood(rows, np.repeat(z, len(rows), axis=0))).sum()
    assert total == pytest.approx(1, abs=1e-5)


def test_a_decoded_scale_is_that_of_the_noise_and_explains_it_better_than_one_scale():
    """x = (3, 2, -1) t + s e with s = 1 for t > 0 and 0.05 else; measured: -4.1 nats per row against -4.9."""
    rng = np.random.default_rng(0)
    t = rng.normal(size=(600, 1))
    X = t * [3.0, 2.0, -1.0] + np.where(t > 0, 1, 0.05) * rng.normal(size=(600, 3))
    fits = {
        likelihood: VAE(
            likelihood=likelihood, n_components=1, hidden_layer_sizes=(32,), batch_size=100, max_epochs=60,
            learning_rate=1e-2, warmup=0, random_state=0,
        ).fit(X)
        for likelihood in ("normal", OwnScale())
    }  # fmt: skip
    plain, own = fits.values()
    assert own.score(X) > plain.score(X) + 0.3
    codes = own.transform(X)
    quiet, loud = (np.full((4000, 1), codes[part].mean()) for part in (t < -0.5, t > 0.5))
    spread = [own.sample_likelihood(z, random_state=0).std(axis=0) for z in (quiet, loud)]
    assert (spread[0] < 0.3).all()
    assert (spread[1] > 0.7).all()


def test_an_image_cannot_be_decoded_to_a_single_number():
    with pytest.raises(ValueError, match=r"ConvNet decodes to images.*use network='mlp'"):
        VAE(likelihood=OneForAll(), network="conv", n_components=2, max_epochs=1).fit(GREYS)


@spec
class OneForAll(OwnScale):
    """Two numbers for a whole row."""

    def decoded_shape(self, event_shape):
        return (2,)


# ---------------------------------------------------------------------- layers that torch would draw itself


class IsotropicHead(nn.Module):
    """One linear layer to the mean and to one log-variance for all components."""

    def __init__(self, n_features, n_components):
        super().__init__()
        self.layer = nn.Linear(n_features, n_components + 1)

    def forward(self, features):
        loc, logvar = self.layer(features).tensor_split([-1], dim=-1)
        return NormalParameters(loc, logvar.expand_as(loc))


@spec
class IsotropicNormal(PosteriorSpec):
    """q(z | x) = N(mu(x), sigma(x)^2 I)."""

    def build(self, setting):
        return IsotropicHead(setting.n_features, setting.n_components)


@spec
class Shallow(Network):
    """One linear layer each way."""

    def encoder(self, setting):
        return nn.Linear(*setting.event_shape, 7), 7

    def decoder(self, setting):
        return nn.Linear(setting.n_components, *setting.event_shape)


@pytest.mark.parametrize("words", [{"posterior_family": IsotropicNormal()}, {"network": Shallow()}], ids=str)
def test_layers_of_foreign_words_come_from_the_random_state(words):
    def codes(seed):
        return VAE(n_components=2, max_epochs=2, random_state=seed, **words).fit_transform(MOONS)

    before, here = torch.get_rng_state(), codes(0)
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(1)  # whoever else draws
    np.testing.assert_array_equal(codes(0), here)
    assert not np.array_equal(codes(1), here)
    posterior = VAE(n_components=2, max_epochs=2, random_state=0, **words).fit(MOONS).posterior(MOONS)
    assert (posterior.scale[:, 0] == posterior.scale[:, 1]).all() == ("posterior_family" in words)
