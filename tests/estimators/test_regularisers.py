"""Estimators by what regularises them: every prior with each, what is refused, and what each is known for."""

import pickle
import warnings

import numpy as np
import pytest
import torch
from family import NAMES, X, tiny
from sklearn.datasets import load_digits, make_moons
from skorch.callbacks import Callback, LRScheduler
from torch.optim.lr_scheduler import StepLR

import vaekit
from vaekit import DIPVAE, VAE, BetaTCDPVAE, FactorVAE, fit_many
from vaekit.estimators._tables import BaseAutoencoder
from vaekit.exceptions import CollapseWarning, IncompatibleChoiceError, NoDensityError, ScheduleWarning, VaekitWarning
from vaekit.likelihoods import Normal
from vaekit.metrics import gaussian_total_correlation
from vaekit.nn import MLP, ConvNet
from vaekit.objectives import ELBO, KLDecomposition, Warmup
from vaekit.posteriors import FixedScale
from vaekit.priors import Decoupled

quiet = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

# ---------------------------------------------------------------------- every estimator with every prior

DIGITS = load_digits()
DATA = {
    "table": (DIGITS.data[:150], MLP(hidden_layer_sizes=(16,))),
    "images": (
        np.pad(np.kron(DIGITS.images[:40], np.ones((3, 3))), ((0, 0), (2, 2), (2, 2)))[:, None].astype(np.uint8) * 15,
        ConvNet(channels=4, hidden_layer_sizes=(16,)),
    ),
}
PRIORS = ("normal", "decoupled", "elementwise_flow", "generator", "moment_matching")
TAKE_A_GENERATOR = {
    "AAE",
    "GMMNAE",
    "LearnedPriorAAE",
    "WAE",
}  # they compare samples; the others need the density of the prior
REFUSED = {(name, "generator"): "choose prior='normal' or 'decoupled'" for name in {*NAMES} - TAKE_A_GENERATOR}

# A prior knows the codes alone, whatever network they come from: every pair of estimator, prior and data is tried, and
# of each estimator with each prior either a table or images.
TRAINED = [(n, p, ("table", "images")[(i + j) % 2]) for i, n in enumerate(NAMES) for j, p in enumerate(PRIORS)]


@quiet
@pytest.mark.parametrize(("name", "prior", "data"), TRAINED)
def test_every_estimator_trains_with_every_prior_or_refuses(name, prior, data):
    A, network = DATA[data]
    model = tiny(name, prior=prior, network=network, max_epochs=2, batch_size=32)
    if (name, prior) in REFUSED:
        with pytest.raises(IncompatibleChoiceError, match=REFUSED[name, prior]):
            model.fit(A)
        return
    model.fit(A)
    assert len(model.history_) == 2
    assert all(np.isfinite(list(row.values())).all() for row in model.history_)
    assert np.isfinite(model.sample(3)).all()
    assert model.sample(3).shape == (3, *A.shape[1:])


WITHOUT_DENSITY = [
    *(("WAE", method) for method in ("score", "score_samples", "log_prior")),
    *((name, method) for name in ("WAE", "AAE") for method in ("to_generation_space", "to_representation_space")),
]


@quiet
@pytest.mark.parametrize("is_fitted", [False, True])
@pytest.mark.parametrize(("name", "method"), WITHOUT_DENSITY)
def test_what_a_generator_cannot_give_is_not_there_and_says_why(name, method, is_fitted):
    model = tiny(name, prior="generator")
    if is_fitted:
        model.fit(X)
    assert not hasattr(model, method)
    with pytest.raises(AttributeError) as error:
        getattr(model, method)
    assert isinstance(error.value.__cause__, NoDensityError)
    assert "choose prior='decoupled'" in str(error.value.__cause__)
    assert hasattr(tiny(name, prior="decoupled"), method)


@pytest.mark.parametrize("method", ["score", "score_samples", "log_prior", "log_likelihood"])
def test_adversarial_autoencoders_have_no_density(method):
    assert not hasattr(vaekit.AAE(), method)
    assert not hasattr(vaekit.LearnedPriorAAE(prior="decoupled"), method)


@quiet
@pytest.mark.parametrize("prior", ["normal", "decoupled"])
def test_a_deterministic_encoder_has_codes_without_spread_and_no_posterior_density(prior):
    model = tiny("WAE", deterministic_encoder=True, prior=prior).fit(X)
    loc, scale = model.posterior(X)
    assert not scale.any()
    np.testing.assert_array_equal(model.sample_posterior(X, 3, random_state=0), np.stack([loc] * 3))
    assert np.isposinf(model.kl_per_component_).all()
    assert model.active_components_.all()
    with pytest.raises(NoDensityError, match="deterministic encoder has no posterior density; give it noise"):
        model.log_posterior(X, loc)


@quiet
@pytest.mark.parametrize(
    ("name", "weight", "values"), [("AAE", "weight", (1, 100)), ("LearnedPriorAAE", "beta", (0.01, 1))]
)
def test_the_weight_of_an_adversary_weighs(name, weight, values):
    options = {"max_epochs": 20, "discriminator_learning_rate": 0.01, "discriminator_layer_sizes": (256,) * 3}
    codes = [tiny(name, **{weight: value}, **options).fit_transform(X) for value in values]
    assert np.abs(codes[0] - codes[1]).max() > 1e-2


# ---------------------------------------------------------------------- parameters

OTHER_VALUES = {
    "adaptive_contrast": False, "expectation": "point", "form": "forward", "rate": 2.0,
    "gradient": "dreg", "n_samples": 3,
    "klm_weight": 3.0, "nhp_weight": 3.0, "n_directions": 3, "step": 0.2,
    "allow_unbounded": True, "alpha": 0.5, "bandwidth": 2.0, "beta": 0.7, "capacity_steps": 0.25,
    "deterministic_encoder": True, "discriminator_layer_sizes": (7,), "discriminator_learning_rate": 0.5,
    "encoder_noise": 0.3, "aggregate": "mws", "gamma": 2.0, "kernel": "imq_multi", "kind": "i", "lam": 7.0,
    "lambda_d": 4.0, "lambda_od": 3.0, "max_capacity": 2.0, "mmd_space": "representation", "objective": "capacity",
    "standardize_codes": True, "total_samples": 99, "weight": 0.5,
}  # fmt: skip
SHARED = set(BaseAutoencoder.__dataclass_fields__)
OWN = [(name, p) for name in NAMES for p in tiny(name).get_params(deep=False) if p not in SHARED]


@pytest.mark.parametrize(("name", "parameter"), OWN)
def test_every_parameter_of_its_own_changes_what_is_trained(name, parameter):
    def words(**params):
        is_fixed = name == "FlowPriorVAE" and parameter == "encoder_noise"
        model = tiny(name, **({"deterministic_encoder": True} if is_fixed else {}), **params)
        return repr((model._make_objective().validated(), model._make_posterior()))

    assert words(**{parameter: OTHER_VALUES[parameter]}) != words()


RISING = {
    "BetaVAE": "beta", "AnnealedVAE": "gamma", "FactorVAE": "gamma", "BetaTCVAE": "beta", "DIPVAE": "lambda_od",
    "WAE": "lam", "AAE": "weight", "TripodVAE": "nhp_weight",
}  # fmt: skip


@quiet
@pytest.mark.parametrize("name", RISING)
def test_weights_may_rise(name):
    rising = tiny(name, **{RISING[name]: Warmup(value=2, steps=0.5)}, warmup=0).fit(X)
    constant = tiny(name, **{RISING[name]: 2}, warmup=0).fit(X)
    assert rising.history_[0]["train_loss"] != constant.history_[0]["train_loss"]


# ---------------------------------------------------------------------- warnings

LATE = {
    "a rising weight": (tiny("BetaVAE", beta=Warmup(value=4, steps=1000)), "'beta' was to reach 4 after 1000 steps"),
    "two": (tiny("DIPVAE", lambda_d=Warmup(steps=16)), "'lambda_d' was to reach 1.0 after 16 steps.*ended after 15"),
    "the warm-up": (tiny("VAE", warmup=1000), "full weight at step 1000; lower 'warmup'"),
    "a capacity": (
        tiny("AnnealedVAE", capacity_steps=1000),
        "'max_capacity' was to reach 25.0 after 1000 steps",
    ),
    "a KL below it": (tiny("AnnealedDPVAE", max_capacity=100), "stayed below its capacity.*lower 'max_capacity'"),
}


@quiet
@pytest.mark.parametrize(("model", "words"), LATE.values(), ids=LATE)
def test_what_never_came_about_is_said(model, words):
    with pytest.warns(ScheduleWarning, match=words) as record:
        model.fit(X)
    assert {warning.filename for warning in record if warning.category is ScheduleWarning} == {__file__}


@pytest.mark.parametrize(
    "model",
    [
        tiny("BetaVAE", beta=Warmup(value=4, steps=15)),
        tiny("BetaVAE", beta=Warmup(value=4, steps=1.0)),
        tiny("AnnealedDPVAE", max_capacity=1e-3),
        tiny("VAE", warmup=15),
    ],
)
def test_what_came_about_is_not(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScheduleWarning)
        warnings.simplefilter("ignore", CollapseWarning)
        model.fit(X)


def test_the_warning_of_a_collapse_points_at_the_call():
    model = tiny("VAE", objective=ELBO(beta=0.5), learning_rate=1e-9, likelihood=Normal(scale=100.0))
    with pytest.warns(CollapseWarning, match=r"0 of 2 latents.*train longer") as record:
        model.fit(0 * X)
    assert {warning.filename for warning in record} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter("error", CollapseWarning)
        model.partial_fit(0 * X)  # a part of training is not its end


@quiet
def test_info_vae_leaves_out_a_divergence_of_negative_weight():
    with pytest.warns(VaekitWarning, match=r"alpha \+ lam - 1 is -0.5.*sum of at least 1"):
        model = tiny("InfoVAE", alpha=0.2, lam=0.3).fit(X)
    assert model.model_.blueprint.objective.weight == 0
    with warnings.catch_warnings():
        warnings.simplefilter("error", VaekitWarning)
        tiny("InfoVAE", alpha=0.2, lam=0.8)._make_objective()


# ---------------------------------------------------------------------- refusals

UNBOUNDED = {"alpha": 1, "beta": 4, "gamma": 15}
BAD_CALLS = [
    (tiny("BetaTCDPVAE", **UNBOUNDED), "'gamma' parameter (15) is larger than 'beta' (4).*allow_unbounded=True"),
    (tiny("BetaTCVAE", prior="decoupled", **UNBOUNDED), "choose prior='elementwise_flow' or 'normal'"),
    (tiny("VAE", objective=KLDecomposition(**UNBOUNDED), prior=Decoupled()), "lower gamma to at most beta"),
    (tiny("BetaTCVAE", aggregate="exact"), "'aggregate' parameter of BetaTCVAE"),
    (tiny("BetaTCVAE", total_samples=5), "'total_samples' parameter (5) must count.*batch has 8"),
    (tiny("BetaTCVAE", aggregate="mws", total_samples=5), "'total_samples' parameter (5) must count"),
    (tiny("BetaTCVAE", total_samples=1), "'total_samples' parameter of BetaTCVAE"),
    (tiny("AnnealedVAE", capacity_steps=0), "'capacity_steps' parameter of AnnealedVAE"),
    (tiny("AnnealedVAE", capacity_steps=1.5), "'capacity_steps' parameter of AnnealedVAE"),
    (tiny("AnnealedVAE", max_capacity=-1), "'max_capacity' parameter of AnnealedVAE"),
    (tiny("BetaVAE", beta=-1), "'beta' parameter of BetaVAE"),
    (tiny("BetaVAE", beta=Warmup(steps=0)), "'steps' parameter of Warmup"),
    (tiny("FactorVAE", gamma="high"), "'gamma' parameter of FactorVAE"),
    (tiny("FactorVAE", discriminator_layer_sizes=(8, 0)), "'discriminator_layer_sizes' parameter"),
    (tiny("InfoVAE", alpha=1.5), "'alpha' parameter of InfoVAE"),
    (tiny("InfoVAE", mmd_space="data"), "'mmd_space' parameter of InfoVAE"),
    (tiny("InfoVAE", kernel="linear"), "'kernel' parameter of InfoVAE"),
    (tiny("DIPVAE", kind="iii"), "'kind' parameter of DIPVAE"),
    (tiny("WAE", lam=-1), "'lam' parameter of WAE"),
    (tiny("FlowPriorVAE", beta=2), "'beta' parameter of FlowPriorVAE"),
    (tiny("LearnedPriorAAE", beta=2), "'beta' parameter of LearnedPriorAAE"),
    (tiny("DPVAE", objective=ELBO(free_bits=0.5)), "free_bits_per='row'"),
]


@pytest.mark.parametrize(("model", "words"), BAD_CALLS, ids=[words for _, words in BAD_CALLS])
def test_bad_calls_are_explained(model, words):
    with pytest.raises(ValueError, match=words.replace("(", r"\(").replace(")", r"\)")):
        model.fit(X)
    assert not hasattr(model, "net_")


@quiet
@pytest.mark.parametrize("prior", ["normal", "elementwise_flow"])
def test_any_weights_stand_with_a_prior_that_factorises(prior):
    assert np.isfinite(tiny("BetaTCDPVAE", prior=prior, **UNBOUNDED).fit(X).score(X))


# ---------------------------------------------------------------------- the guard of TC-dp

MOONS = make_moons(2000, noise=0.05, random_state=0)[0]


def moons_correlations(cases):
    """Of the two codes, for each weight and prior with two seeds; fits of the same words are trained together."""
    models = [
        BetaTCDPVAE(
            beta=4, gamma=gamma, aggregate="batch", allow_unbounded=True, prior=prior, n_components=2, warmup=0,
            likelihood=Normal(scale=0.1), hidden_layer_sizes=(64, 32), learning_rate=3e-3, batch_size=64, max_steps=300,
            random_state=seed,
        )
        for gamma, prior in cases for seed in (0, 1)
    ]  # fmt: skip
    found = [abs(np.corrcoef(model.transform(MOONS).T)[0, 1]) for model in fit_many(models, MOONS)]
    return np.reshape(found, (-1, 2))


@quiet
def test_what_the_guard_guards_against():
    """Unbounded weights drive the codes onto a line; with a bound, or a prior that factorises, they keep apart."""
    flow = Decoupled(hidden_width=32)
    unbounded, bounded, factorised = moons_correlations([(15, flow), (1, flow), (15, "elementwise_flow")])
    assert unbounded.min() > 0.99
    assert bounded.max() < 0.3
    assert factorised.max() < 0.3


# ---------------------------------------------------------------------- two batches, several optimizers


class Batches(Callback):
    """Remembers the batches of every step, which are told apart by their first column."""

    seen: list

    def on_train_begin(self, net, **kwargs):
        Batches.seen = []

    def on_batch_begin(self, net, batch=None, **kwargs):
        Batches.seen.append([rows[:, 0].int().tolist() for rows in batch])


def batches_of(n_rows, train=FactorVAE.fit, **params):
    """Return the row numbers of both batches of every step."""
    numbered = np.c_[np.arange(n_rows), np.ones(n_rows)]
    train(tiny("FactorVAE", standardize=None, callbacks=[Batches()], **params), numbered)
    return Batches.seen


@quiet
def test_the_second_batch_is_a_permutation_of_its_own():
    seen = batches_of(35, max_epochs=2)
    assert [[len(rows) for rows in step] for step in seen] == 2 * (4 * [[8, 8]] + [[3, 3]])
    orders = [[row for step in epoch for row in step[k]] for k in range(2) for epoch in (seen[:5], seen[5:])]
    assert all(sorted(order) == list(range(35)) for order in orders)
    assert len(set(map(tuple, orders))) == 4


@quiet
@pytest.mark.parametrize("train", [FactorVAE.fit, FactorVAE.partial_fit])
@pytest.mark.parametrize(("n_rows", "sizes"), [(8, [4, 4]), (7, [4, 3]), (4, [2, 2])])
def test_of_a_single_batch_each_is_a_half(n_rows, sizes, train):
    for first, second in batches_of(n_rows, train):
        assert [len(first), len(second)] == sizes
        assert sorted(first + second) == list(range(n_rows))


@quiet
@pytest.mark.parametrize("train", [FactorVAE.fit, FactorVAE.partial_fit])
@pytest.mark.parametrize("n_rows", [2, 3])
def test_no_half_is_a_single_row(n_rows, train):
    """Which batch normalisation cannot take: each batch then has all rows, in an order of its own."""
    steps = batches_of(n_rows, train)
    assert all(sorted(rows) == list(range(n_rows)) for step in steps for rows in step)
    assert len(steps) < 3 or any(first != second for first, second in steps)


@quiet
@pytest.mark.parametrize("name", ["FactorVAE", "LearnedPriorAAE", "FlowPriorVAE"])
def test_every_optimizer_is_scheduled_and_pickled(name):
    scheduler = LRScheduler(policy=StepLR, step_size=1, gamma=0.5)
    rates = [group["lr"] for group in tiny(name).fit(X).net_.optimizer_.param_groups]
    model = tiny(name, callbacks=[scheduler]).fit(X)
    groups, twin = model.net_.optimizer_.param_groups, pickle.loads(pickle.dumps(model))
    assert len(groups) > 1
    assert [group["lr"] for group in groups] == [rate / 8 for rate in rates]
    assert [group["lr"] for group in twin.net_.optimizer_.param_groups] == [group["lr"] for group in groups]
    for ours, theirs in zip(groups, twin.net_.optimizer_.param_groups):
        moments, kept = (net.optimizer_.state[g["params"][0]] for net, g in ((model.net_, ours), (twin.net_, theirs)))
        assert moments["exp_avg"].any()
        assert all(torch.equal(moments[key], kept[key]) for key in moments)


# ---------------------------------------------------------------------- the plain autoencoder


@quiet
def test_wae_without_divergence_or_noise_is_an_autoencoder():
    """Its loss is the squared error of its reconstructions, up to the constant of a normal with variance 1/2."""
    model = tiny("WAE", lam=0, deterministic_encoder=True, learning_rate=1e-30, batch_size=35, max_epochs=1).fit(X)
    error = (X - model.inverse_transform(model.transform(X))) / model.model_.blueprint.preprocessing.unit
    constant = X.shape[1] * np.log(np.pi) / 2
    assert model.history_[0]["train_loss"] == pytest.approx(np.square(error).sum(1).mean() + constant, rel=1e-6)


@quiet
def test_and_its_training_is_that_of_any_other_autoencoder():
    one = tiny("WAE", lam=0, deterministic_encoder=True, max_epochs=1).fit(X)
    other = VAE(
        objective=ELBO(beta=0), posterior_family=FixedScale(scale=0.0), likelihood="squared_error", n_components=2,
        hidden_layer_sizes=(8,), batch_size=8, max_epochs=1, random_state=0,
    ).fit(X)  # fmt: skip
    np.testing.assert_array_equal(one.transform(X), other.transform(X))


# ---------------------------------------------------------------------- what they are known for


def correlated_factors(n_rows=1000):
    """Two normal factors of correlation .7, bent into eight columns, with a tenth of noise."""
    rng = np.random.default_rng(0)
    factors = rng.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]], size=n_rows)
    return np.tanh(factors @ rng.normal(size=(2, 8))) + 0.1 * rng.normal(size=(n_rows, 8))


BENT = correlated_factors()
TRAINING = {"hidden_layer_sizes": (32,), "batch_size": 64, "learning_rate": 3e-3}


@quiet
def test_factor_vae_finds_more_independent_codes_than_vae_at_the_same_error():
    discriminator = {"discriminator_layer_sizes": (32, 32), "discriminator_learning_rate": 1e-3}
    scale = {"likelihood": Normal(scale="learned")}  # found step by step, the same for both
    words = {"VAE": scale, "FactorVAE": {**scale, "gamma": 5, **discriminator}}
    measured = {}
    for name, params in words.items():
        models = [tiny(name, **{**TRAINING, **params, "max_epochs": 25, "random_state": s}) for s in range(3)]
        fit_many(models, BENT)
        codes = [model.transform(BENT) for model in models]
        errors = [np.mean((model.inverse_transform(Z) - BENT) ** 2) for model, Z in zip(models, codes)]
        measured[name] = np.median([gaussian_total_correlation(Z) for Z in codes]), np.median(errors)
    (tc, error), (tc_plain, error_plain) = measured["FactorVAE"], measured["VAE"]
    assert tc < tc_plain * 2 / 3
    assert error < 1.1 * error_plain


@quiet
@pytest.mark.parametrize("kind", ["i", "ii"])
def test_dip_vae_decorrelates_the_codes_the_more_the_larger_its_weight(kind):
    def correlation_left(model):
        covariance = np.cov(model.transform(BENT).T, bias=True)
        return np.linalg.norm(covariance - np.diag(np.diag(covariance)))

    few = {"kind": kind, "lambda_d": 10, "n_components": 3, "max_epochs": 20, "random_state": 0, **TRAINING}
    models = fit_many([DIPVAE(lambda_od=lambda_od, **few) for lambda_od in (0, 1, 10)], BENT)
    none, some, most = map(correlation_left, models)
    assert none > 1.1 * some > 2 * most
