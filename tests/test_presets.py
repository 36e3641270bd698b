"""Presets say what their sources say, and run."""

import fnmatch
import pickle
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from settings_of_words import setting
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import Normal
from vaekit.nn import ConvNet
from vaekit.presets import PRESETS, LayeredNet, preset, preset_grid, preset_names
from vaekit.priors import Decoupled
from vaekit.utils._torch import make_generator

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
PAGE = Path(__file__).parents[1] / "docs" / "presets.md"
COLOURED = {"svhn", "celeba", "cifar10", "shapes3d"}


def shape_of(model, name):
    """Shape of one row: the size that the network is for, the smallest it takes, or that of a table."""
    if isinstance(model.network, LayeredNet):
        return (3 if name.split("/")[-1] in COLOURED else 1, *model.network.image_size)
    return (8, 8) if isinstance(model.network, ConvNet) else (2,)


def rows_for(model, name, n_rows=2):
    return np.random.default_rng(0).uniform(size=(n_rows, *shape_of(model, name))).astype(np.float32)


# ---------------------------------------------------------------------- what the sources state


def of(source, *parameters):
    """Each parameter's (name, value) for every preset of a source."""
    return [(name, *parameter) for name in preset_names(source) for parameter in parameters]


def in_data(source, data, *parameters):
    return [row for row in of(source, *parameters) if row[0].endswith(f"/{data}")]


STEPS = [("max_steps", 100_000), ("learning_rate", 1e-4), ("warmup", 0), ("standardize", None)]
STUDY = [("batch_size", 64), ("n_components", 10), ("learning_rate", 1e-4), ("max_steps", 300_000), ("warmup", 0)]
FIGURES = [
    # dpVAE: protocol, and the strengths of its table 2
    *of("dpvae", *STEPS),
    *in_data("dpvae", "mnist", ("batch_size", 100), ("likelihood", "bernoulli")),
    *in_data("dpvae", "svhn", ("batch_size", 50)),
    *in_data("dpvae", "celeba", ("batch_size", 50)),
    *in_data("dpvae", "moons", ("batch_size", 100), ("n_components", 2), ("hidden_layer_sizes", (100, 50))),
    ("dpvae/BetaVAE", "beta", 4),
    ("dpvae/BetaDPVAE", "beta", 4),
    ("dpvae/AnnealedVAE", "gamma", 15),
    ("dpvae/AnnealedVAE", "max_capacity", 25),
    ("dpvae/AnnealedVAE", "capacity_steps", 100_000),
    ("dpvae/AnnealedDPVAE", "capacity_steps", 100_000),
    ("dpvae/FactorVAE", "gamma", 1000),
    ("dpvae/FactorDPVAE", "gamma", 1000),
    ("dpvae/FactorDPVAE", "discriminator_layer_sizes", (1000,) * 5),
    ("dpvae/FactorDPVAE", "discriminator_learning_rate", 1e-4),
    *[("dpvae/BetaTCVAE", *weight) for weight in (("alpha", 1), ("beta", 4), ("gamma", 15))],
    *[("dpvae/BetaTCDPVAE-as-printed", *weight) for weight in (("alpha", 1), ("beta", 4), ("gamma", 15))],
    *[("dpvae/BetaTCDPVAE", *weight) for weight in (("alpha", 1), ("beta", 15), ("gamma", 4))],
    *[(f"dpvae/Info{prior}VAE", *weight) for prior in ("", "DP") for weight in (("alpha", 0), ("lam", 1000))],
    ("dpvae/InfoDPVAE", "mmd_space", "generation"),
    ("dpvae/InfoDPVAE-as-printed", "mmd_space", "representation"),
    # its code: terms that are means over the batch, in a loss that is a sum over it
    *of("dpvae_code", ("n_components", 2), ("max_steps", 100_000), ("warmup", 0)),
    ("dpvae_code/FactorDPVAE", "gamma", 1000 / 24),
    ("dpvae_code/AnnealedDPVAE", "max_capacity", 25 / 24),
    ("dpvae_code/BetaTCVAE", "gamma", 0.15),
    # two moons on a CPU
    *of("two_moons", ("max_steps", 4000), ("learning_rate", 1e-3), ("batch_size", 128), ("n_components", 2)),
    ("two_moons/AnnealedDPVAE", "max_capacity", 3),
    ("two_moons/DPVAE", "prior__n_couplings", 4),
    ("two_moons/DPVAE", "prior__hidden_width", 32),
    ("two_moons/VAE", "likelihood__scale", 0.15),
    # the thesis
    *of("thesis", ("batch_size", 64), ("learning_rate", 1e-4), ("n_components", 10), ("max_epochs", 30)),
    *of("thesis", ("likelihood", "bernoulli"), ("warmup", 0), ("max_steps", None)),
    ("thesis/DIPVAE", "kind", "ii"),
    # demystifying, table 1, and the study whose code it uses
    *of("demystifying", *STUDY),
    ("demystifying/BetaVAE/dsprites", "beta", 8),
    ("demystifying/BetaVAE/shapes3d", "beta", 32),
    ("demystifying/FactorVAE/dsprites", "gamma", 35),
    ("demystifying/FactorVAE/shapes3d", "gamma", 7),
    ("demystifying/BetaTCVAE/dsprites", "beta", 6),
    ("demystifying/BetaTCVAE/shapes3d", "beta", 32),
    *of("dlib", *STUDY, ("likelihood", "bernoulli")),
    ("dlib/AnnealedVAE", "gamma", 1000),
    ("dlib/AnnealedVAE", "capacity_steps", 100_000),
    ("dlib/FactorVAE", "discriminator_layer_sizes", (1000,) * 6),
    # Kim and Mnih
    *of("kim_mnih", *STUDY, ("likelihood", "bernoulli")),
    ("kim_mnih/FactorVAE", "gamma", 35),
    ("kim_mnih/FactorVAE", "discriminator_layer_sizes", (1000,) * 6),
    ("kim_mnih/FactorVAE", "discriminator_learning_rate", 1e-4),
    ("kim_mnih/BetaVAE", "beta", 4),
    # learned priors
    *in_data("learned_priors", "mnist", ("n_components", 8)),
    *in_data("learned_priors", "cifar10", ("n_components", 64)),
    ("learned_priors/FlowPriorVAE", "warmup", 50_000),
]


@pytest.mark.parametrize("name", sorted({name for name, *_ in FIGURES}))
def test_states_the_figures_of_its_source(name):
    stated = {parameter: figure for other, parameter, figure in FIGURES if other == name}
    parameters = preset(name).get_params()
    assert {parameter: parameters[parameter] for parameter in stated} == stated


GRIDS = {
    "thesis/BetaVAE": {"beta": [1, 3, 10, 30]},
    "thesis/FactorVAE": {"gamma": [5, 10, 25, 50, 100]},
    "thesis/BetaTCVAE": {"beta": [1, 3, 6, 10]},
    "thesis/DIPVAE": {"lambda_od": [1, 3, 10, 30]},
    "dlib/BetaVAE": {"beta": [1, 2, 4, 6, 8, 16]},
    "dlib/AnnealedVAE": {"max_capacity": [5, 10, 25, 50, 75, 100]},
    "dlib/FactorVAE": {"gamma": [10, 20, 30, 40, 50, 100]},
    "dlib/DIPVAE-i": {"lambda_od": [1, 2, 5, 10, 20, 50]},
    "dlib/DIPVAE-ii": {"lambda_od": [1, 2, 5, 10, 20, 50]},
    "dlib/BetaTCVAE": {"beta": [1, 2, 4, 6, 8, 10]},
}


def test_grids():
    of_twins = {name.replace("VAE", "DPVAE"): grid for name, grid in GRIDS.items()}
    assert {name: preset_grid(name) for name, row in PRESETS.items() if row.grid} == GRIDS | of_twins


@pytest.mark.parametrize("name", GRIDS)
def test_own_strength_is_of_the_grid(name):
    assert all(preset(name).get_params()[parameter] in values for parameter, values in preset_grid(name).items())


def test_grid_can_be_searched():
    model = preset("thesis/DIPVAE", max_epochs=1, network="mlp", hidden_layer_sizes=(4,))
    X = np.random.default_rng(0).uniform(size=(12, 3))
    search = GridSearchCV(model, preset_grid("thesis/DIPVAE"), cv=2, scoring=lambda model, X: model.transform(X).std())
    search.fit(X)
    assert [tried["lambda_od"] for tried in search.cv_results_["params"]] == [1, 3, 10, 30]


def test_twins_differ_in_the_prior_alone():
    """In the paper's own words: the same with and without the decoupled prior. TC is the exception, and says so."""
    for name, row in PRESETS.items():
        twin = name.replace("DPVAE", "VAE")
        if twin != name and twin in PRESETS and not name.startswith("dpvae_code/"):
            ours, theirs = dict(row.parameters), PRESETS[twin].parameters
            assert ours.pop("prior").n_couplings in (4, 6)
            assert ours.pop("standardize_codes", False) is False  # as they are, which a normal prior need not say
            assert row.grid == PRESETS[twin].grid
            if not name.startswith(("dpvae/BetaTCDPVAE/", "two_moons/BetaTCDPVAE-as-printed")):
                assert ours == theirs


# ---------------------------------------------------------------------- they run


@pytest.mark.parametrize("name", PRESETS)
def test_is_fresh_clonable_and_runs(name):
    model = preset(name, max_steps=1, random_state=0)
    assert not model.__sklearn_is_fitted__()
    assert repr(clone(model)) == repr(model)
    model.fit(rows_for(model, name))
    assert model.n_steps_ == 1
    assert all(np.isfinite(row["train_loss"]) for row in model.history_)
    if not isinstance(model.network, ConvNet):  # whose size is that of the images
        assert sum(p.numel() for p in model.net_.module_.parameters()) == PRESETS[name].cost.n_weights


@pytest.mark.parametrize("name", ["dpvae/FactorDPVAE/svhn", "dpvae_code/FactorVAE", "two_moons/DPVAE"])
def test_encodes_and_samples(name):
    model = preset(name, max_steps=2, random_state=0)
    X = rows_for(model, name)
    assert model.fit(X).sample(2).shape == (2, *X.shape[1:])
    assert np.isfinite(model.transform(X)).all()


WITH_DISCRIMINATOR = [name for name, row in PRESETS.items() if row.estimator == "FactorVAE"]


@pytest.mark.parametrize("name", WITH_DISCRIMINATOR)
@pytest.mark.parametrize("prior", ["decoupled", Decoupled(n_couplings=2)], ids=["word", "spec"])
def test_a_decoupled_prior_gets_standardized_codes(name, prior):
    assert preset(name, prior=prior).standardize_codes == "auto"
    assert preset(name).set_params(prior=prior).standardize_codes == "auto"
    assert preset(name, prior=prior, standardize_codes=False).standardize_codes is False


@pytest.mark.parametrize(("prior", "is_standardized"), [("normal", False), ("decoupled", True)])
def test_what_the_discriminator_sees(prior, is_standardized):
    """The codes themselves under a normal prior, as published; codes without a scale under a decoupled one."""
    model = preset("kim_mnih/FactorVAE", prior=prior, network="mlp", hidden_layer_sizes=(4,), max_steps=1)
    module, seen = model.fit(np.random.default_rng(0).uniform(size=(8, 3))).net_.module_, []
    module.discriminator.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    z = 5 + 3 * torch.randn(64, 10, generator=make_generator(0))
    model._make_objective()._discriminate(module, z)
    assert torch.equal(seen[0], z) != is_standardized
    assert torch.allclose(seen[0].mean(0), torch.zeros(10), atol=1e-5) == is_standardized


REFUSED = {"dpvae/BetaTCVAE", "dpvae_code/BetaTCVAE", "two_moons/BetaTCVAE-as-printed"}
PLAIN = sorted({"/".join(name.split("/")[:2]) for name, row in PRESETS.items() if "prior" not in row.parameters})


@pytest.mark.parametrize("name", [name for name in PLAIN if not name.startswith("learned_priors")])
def test_a_decoupled_prior_stands_with_every_method_but_unsound_weights(name):
    if name.startswith("demystifying"):
        name = f"{name}/dsprites"
    model = preset(name, prior="decoupled", max_steps=1, random_state=0)
    X = rows_for(model, name)
    if name in REFUSED:
        with pytest.raises(IncompatibleChoiceError, match="larger than 'beta'"):
            model.fit(X)
    else:
        assert model.fit(X).sample(2).shape == (2, *X.shape[1:])


@pytest.mark.parametrize("name", PRESETS)
def test_states_its_likelihood_and_its_scale(name):
    """No preset depends on what a default is."""
    likelihood = PRESETS[name].parameters["likelihood"]
    assert likelihood in ("bernoulli", "squared_error") or isinstance(likelihood.scale, float)


@pytest.mark.parametrize("name", PRESETS)
def test_says_what_it_costs(name):
    cost, model = PRESETS[name].cost, preset(name)
    assert cost.n_steps == (model.max_steps or 345_600)
    assert cost.n_weights > 10_000
    assert 0.001 < 3600 * cost.cpu_hours / cost.n_steps < 1
    assert 0.002 < 3600 * cost.gpu_hours / cost.n_steps < 0.02


@pytest.mark.parametrize("dearer", ["BetaDPVAE", "FactorVAE", "FactorDPVAE"])
def test_a_decoupled_prior_and_a_discriminator_cost_more(dearer):
    cost, plain = (PRESETS[f"kim_mnih/{name}/dsprites"].cost for name in (dearer, "BetaVAE"))
    assert cost.n_weights > plain.n_weights
    assert cost.gpu_hours > plain.gpu_hours
    assert cost.cpu_hours >= plain.cpu_hours  # couplings are within the two digits of a CPU's seconds


def test_every_estimator_of_the_sources_is_there():
    twins = {"VAE", "BetaVAE", "AnnealedVAE", "FactorVAE", "BetaTCVAE", "InfoVAE"}
    used = twins | {name.replace("VAE", "DPVAE") for name in twins} | {"DIPVAE", "DIPDPVAE"}
    used |= {"FlowPriorVAE", "LearnedPriorAAE"}
    assert {row.estimator for row in PRESETS.values()} == used


def test_two_calls_share_nothing():
    first, second = preset("dpvae/DPVAE"), preset("dpvae/DPVAE")
    first.set_params(prior__n_couplings=2, network__activation="tanh")
    assert (second.prior.n_couplings, second.network.activation) == (6, "relu")


def test_survives_a_pickle():
    model = preset("dlib/BetaVAE")
    assert repr(pickle.loads(pickle.dumps(model))) == repr(model)


def test_changes():
    model = preset("dpvae/BetaDPVAE/moons", beta=2, prior__n_couplings=3, likelihood__scale=0.3)
    assert (model.beta, model.prior.n_couplings, model.likelihood.scale) == (2, 3, 0.3)
    assert preset("dpvae/BetaDPVAE/moons").likelihood.scale == 0.15


@pytest.mark.parametrize("text", [preset.__doc__, PAGE.read_text()], ids=["docstring", "page"])
def test_what_expects_numbers_in_the_unit_interval_is_listed(text):
    """Squared errors of pixels that nothing scales."""
    sentence = re.search(r"(`[^`]*/\*[^`]*`[ ,and\n]*)+", text)[0]
    patterns = re.findall("`(.*?)`", sentence)
    listed = {name for pattern in patterns for name in fnmatch.filter(PRESETS, pattern)}
    assert listed == {
        name
        for name, (_, own, *_) in PRESETS.items()
        if own.get("standardize", "auto") is None
        and isinstance(own.get("network"), LayeredNet)
        and own["likelihood"] != "bernoulli"
    }


def test_short_name_is_the_first_data_set():
    assert repr(preset("dpvae/FactorDPVAE")) == repr(preset("dpvae/FactorDPVAE/mnist"))


def test_printed_weights_are_refused_unless_asked_for():
    model = preset("dpvae/BetaTCDPVAE-as-printed/moons", max_steps=1)
    X = rows_for(model, "moons")
    with pytest.raises(IncompatibleChoiceError, match="larger than 'beta'"):
        clone(model).set_params(allow_unbounded=False).fit(X)
    assert clone(model).set_params(allow_unbounded=False, prior="elementwise_flow").fit(X).n_steps_ == 1


def test_squared_error_of_the_code():
    """weight * SSE is a normal of variance 1 / (2 weight), up to a constant."""
    likelihood = preset("dpvae_code/AnnealedVAE").likelihood
    module = Normal(scale=likelihood.scale).build(setting((1,)))
    x, m = torch.tensor([[0.0], [0.3]]), torch.tensor([[0.0], [0.0]])
    log_density = module.log_prob(m, x)
    torch.testing.assert_close(log_density[0] - log_density[1], torch.tensor(100 * 0.3**2))


ERRORS = [
    (lambda: preset("dpvae/FactorDVAE"), r"no preset 'dpvae/FactorDVAE'.*'dpvae/FactorDPVAE'"),
    (lambda: preset("DPVAE/betavae"), r"'dpvae/BetaVAE'"),
    (lambda: preset("dpvae"), "no preset 'dpvae'"),
    (lambda: preset("#"), "preset_names"),
    (lambda: preset("dpvae/VAE", beta=4), "Invalid parameter 'beta'"),
    (lambda: preset_names("dpVAE"), r"'source' parameter must be one of .*'dpvae'"),
    (lambda: preset_grid("dpvae/BetaVAE"), r"states no grid.*'thesis/BetaVAE'"),
    (lambda: preset("dlib/BetaVAE", max_steps=1).fit(np.zeros((4, 28, 28))), "64 x 64 pixels"),
    (lambda: preset("dlib/BetaVAE", max_steps=1).fit(np.zeros((4, 784))), "'mlp' for tables"),
]


@pytest.mark.parametrize(("call", "words"), ERRORS)
def test_errors_teach(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------------- networks


def n_weights(name, *parts):
    model = preset(name, max_steps=1)
    X = np.zeros((2, 64, 64)) if isinstance(model.network, ConvNet) else rows_for(model, name, n_rows=2)
    module = model.fit(X).net_.module_
    return sum(p.numel() for part in parts for p in getattr(module, part).parameters())


def conv(n_in, n_out, kernel):
    return n_in * n_out * kernel**2 + n_out


def dense(*widths):
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(widths))


SIZES = [
    ("thesis/BetaVAE", ("encoder", "posterior"), 252_052),
    ("thesis/BetaVAE", ("decoder",), 249_953),
    ("thesis/FactorVAE", ("discriminator",), dense(10, *[1000] * 5, 2)),
    ("dlib/FactorVAE", ("discriminator",), dense(10, *[1000] * 6, 2)),
    ("kim_mnih/FactorVAE", ("discriminator",), dense(10, *[1000] * 6, 2)),
    ("kim_mnih/FactorVAE", ("encoder", "posterior"), conv(1, 32, 4) + conv(32, 32, 4) + conv(32, 64, 4)
     + conv(64, 64, 4) + dense(1024, 128, 20)),
    ("kim_mnih/FactorDPVAE", ("decoder", "prior"), dense(10, 128, 1024) + conv(64, 64, 4) + conv(64, 32, 4)
     + conv(32, 32, 4) + conv(32, 1, 4) + 4 * dense(10, 64, 64, 20)),
    ("dlib/BetaVAE", ("encoder",), conv(1, 32, 4) + conv(32, 32, 4) + conv(32, 64, 2) + conv(64, 64, 2)
     + dense(1024, 256)),
    ("dlib/BetaVAE", ("decoder",), dense(10, 256, 1024) + conv(64, 64, 4) + conv(64, 32, 4) + conv(32, 32, 4)
     + conv(32, 1, 4)),
    ("dpvae/VAE/mnist", ("encoder", "posterior"), conv(1, 32, 4) + conv(32, 32, 3) + conv(32, 32, 4) + conv(32, 32, 3)
     + dense(512, 256, 256, 4)),
    ("dpvae/VAE/mnist", ("decoder",), dense(2, 256, 256, 512) + 2 * conv(32, 32, 3) + conv(32, 32, 4) + conv(32, 1, 4)),
    ("dpvae/VAE/svhn", ("encoder",), conv(3, 32, 4) + conv(32, 32, 4) + 6 * conv(32, 32, 3) + 8 * 64),
    ("dpvae/DPVAE/mnist", ("prior",), 6 * dense(2, 64, 64, 4)),
    ("dpvae/VAE/moons", ("encoder", "posterior"), dense(2, 100, 50, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parts", "n"), SIZES)
def test_number_of_weights(name, parts, n):
    assert n_weights(name, *parts) == n


SMALL = LayeredNet(
    image_size=(8, 8),
    encoder_layers=(("conv+norm", 4, 4, 2, 1), ("dense", 6)),
    decoder_layers=(
        ("dense+norm", 16),
        ("image", 4, 2, 2),
        ("double",),
        ("conv", 4, 3, 1, 0),
        ("deconv", None, 4, 2, 1),
    ),
)


def test_layers_are_built_in_order():
    encoder, n_features = SMALL.encoder(setting((3, 8, 8)))
    decoder = SMALL.decoder(setting((3, 8, 8), n_components=5))
    kinds = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU, nn.Flatten, nn.Linear, nn.ReLU, nn.Flatten]
    assert [type(module) for module in encoder] == kinds
    kinds = [nn.Linear, nn.BatchNorm1d, nn.ReLU, nn.Unflatten, nn.UpsamplingNearest2d, nn.ReplicationPad2d, nn.Conv2d,
             nn.ReLU, nn.ConvTranspose2d]  # fmt: skip
    assert [type(module) for module in decoder] == kinds
    assert n_features == 6
    assert decoder(torch.zeros(2, 5)).shape == (2, 3, 8, 8)


def test_the_generator_decides_the_weights():
    drawn = [SMALL.encoder(setting((1, 8, 8), seed=seed))[0].state_dict()["0.weight"] for seed in (0, 0, 1)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_glorot_and_zero_as_in_the_study():
    encoder, _ = preset("dlib/BetaVAE").network.encoder(setting((1, 64, 64)))
    weight, bias = encoder[-3].weight, encoder[-3].bias
    bound = (6 / (1024 + 256)) ** 0.5
    assert 0.99 * bound < weight.abs().max() <= bound
    assert not bias.any()


def test_layers_that_miss_the_image():
    network = clone(SMALL).set_params(decoder_layers=(("dense", 64), ("image", 1, 8, 8), ("conv", None, 3, 1, 0)))
    with pytest.raises(ValueError, match=r"'decoder_layers' parameter must lead to \(1, 8, 8\). Got \(1, 6, 6\)"):
        network.decoder(setting((1, 8, 8), n_components=2))
