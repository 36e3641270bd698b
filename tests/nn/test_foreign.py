"""Modules of others, of any make, become part of a model and change nothing but it."""

import copy
import io
import pickle
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from vaekit import DPVAE, VAE, FactorVAE
from vaekit.nn import Custom

X = np.random.default_rng(0).normal(size=(40, 5))
Z = np.random.default_rng(1).normal(size=(6, 2))


def fit(network, cls=VAE, **parameters):
    parameters = {"n_components": 2, "max_epochs": 3, "batch_size": 16, "random_state": 0} | parameters
    return cls(network=network, **parameters).fit(X)


def layers(*first):
    """Return an encoder and a decoder of two layers whose weights depend on nothing, behind what comes first."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        encoder, decoder = nn.Linear(5, 6), nn.Linear(2, 5)
    return nn.Sequential(*copy.deepcopy(first), encoder, nn.Tanh()), nn.Sequential(*first, decoder)


def pair(encoder, decoder):
    return Custom(encoder_module=encoder, decoder_module=decoder)


# ------------------------------------------------------------------ modules that write into their input


class Shifted(nn.Module):
    """x - 3 in a new tensor."""

    def forward(self, x):
        return x - 3.0


class ShiftedInPlace(nn.Module):
    """x - 3 written into x."""

    def forward(self, x):
        return x.sub_(3.0)


class ForgetfulOfRows(nn.Module):
    """x itself; what it was given the last time is overwritten."""

    def __init__(self):
        super().__init__()
        self.last = None

    def forward(self, x):
        if self.last is not None and not self.last.requires_grad:
            self.last.zero_()
        self.last = x.detach()
        return x.view_as(x)


def shift_input(module, inputs):
    inputs[0].sub_(3.0)


def hooked():
    """Return the identity, with a hook that writes into its input."""
    module = nn.Identity()
    module.register_forward_pre_hook(shift_input)
    return module


IN_PLACE = {
    "relu": (nn.ReLU(), nn.ReLU(inplace=True)),
    "dropout in inference": (nn.Identity(), nn.Dropout(0.0, inplace=True)),
    "a written forward": (Shifted(), ShiftedInPlace()),
    "a hook": (Shifted(), hooked()),
    "a later call": (nn.Identity(), ForgetfulOfRows()),
}


def numbers(model):
    """All that a fitted model says about rows and codes."""
    return {
        "history": [value for row in model.history_ for name, value in row.items() if name != "duration"],
        "codes": model.transform(X),
        "decoded": model.inverse_transform(Z),
        "samples": model.sample(5),
        "score": model.score_samples(X),
        "importance": model.score_samples(X, n_importance_samples=3),
        "likelihood": model.log_likelihood(X[:6], Z),
        "kl": model.kl_per_component_,
    }


@pytest.mark.parametrize("cls", [VAE, DPVAE, FactorVAE])
@pytest.mark.parametrize("name", IN_PLACE)
def test_writing_into_the_input_changes_no_number(name, cls):
    tidy, in_place = (numbers(fit(pair(*layers(first)), cls, early_stopping=True)) for first in IN_PLACE[name])
    for what, value in tidy.items():
        np.testing.assert_array_equal(in_place[what], value, err_msg=what)


def test_rows_and_codes_are_handed_over_with_their_gradient():
    encoder, _ = pair(*layers(ShiftedInPlace())).encoder((5,), torch.Generator())
    rows = torch.ones(3, 5, requires_grad=True)
    (gradient,) = torch.autograd.grad(encoder(rows * 1.0).sum(), rows)
    assert gradient.abs().sum() > 0
    assert torch.equal(rows, torch.ones(3, 5))


# ------------------------------------------------------------------ weights in several places


class Transposed(nn.Module):
    """Decodes with the transposed matrix of another layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.bias = layer, nn.Parameter(torch.zeros(layer.in_features))

    def forward(self, z):
        return z @ self.layer.weight + self.bias


class Renamed(nn.Module):
    """One weight under two names."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.same = layer, layer.weight

    def forward(self, x):
        return self.layer(x) + x @ self.same.T


def tied_modules(dtype=torch.float32):
    layer = nn.Linear(5, 2).to(dtype)
    layer.register_buffer("seen", torch.zeros(2, dtype=dtype))
    decoder = Transposed(layer)
    decoder.seen_too = nn.Module()
    decoder.seen_too.register_buffer("seen", layer.seen)
    return pair(layer, decoder)


def tied_functions():
    made = {}

    def encoder(event_shape):
        made["layer"] = nn.Linear(*event_shape, 2)
        made["layer"].register_buffer("seen", torch.zeros(2))
        return made["layer"]

    def decoder(n_components, event_shape):
        module = Transposed(made["layer"])
        module.seen_too = nn.Module()
        module.seen_too.register_buffer("seen", made["layer"].seen)
        return module

    return pair(encoder, decoder)


TIED = {
    "modules": tied_modules,
    "in double precision": lambda: tied_modules(torch.float64),
    "functions": tied_functions,
}
JOURNEYS = {
    "fit": lambda model: model,
    "clone": lambda model: clone(model).fit(X),
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "pickle before fit": lambda model: pickle.loads(pickle.dumps(clone(model))).fit(X),
    "deepcopy before fit": lambda model: copy.deepcopy(clone(model)).fit(X),
}


@pytest.mark.parametrize("journey", JOURNEYS)
@pytest.mark.parametrize("name", TIED)
def test_what_was_one_stays_one(name, journey):
    model = JOURNEYS[journey](fit(TIED[name](), warm_start=True))
    for again in (False, True):
        module = (model.fit(X) if again else model).net_.module_
        encoder, decoder = module.encoder[0], module.decoder[0]
        assert encoder.weight is decoder.layer.weight
        assert encoder.seen is decoder.layer.seen is decoder.seen_too.seen
        trained = [p for p in module.parameters() if p.requires_grad]
        assert len(model.net_.flat_.buffer) == sum(p.numel() for p in trained)


def test_a_warm_start_goes_on_after_a_pickle_as_without():
    model = fit(tied_modules(), warm_start=True)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.fit(X).transform(X), model.fit(X).transform(X))
    with torch.no_grad():
        travelled.network.encoder_module.weight.add_(1.0)
    again = pickle.loads(pickle.dumps(travelled))
    again.network.encoder_module.weight.data.add_(1.0)
    with pytest.raises(ValueError, match=r"network__encoder_module.* changed since the first fit"):
        again.fit(X)


def test_a_weight_under_two_names_is_trained_once():
    module = Renamed(nn.Linear(5, 6))
    model = fit(pair(module, nn.Linear(2, 5)))
    for own in (model, pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        trained = own.net_.module_.encoder[0]
        assert trained.same is trained.layer.weight
        assert not torch.equal(trained.same, module.same)
        np.testing.assert_array_equal(own.transform(X), model.transform(X))


def test_frozen_weights_stay_as_they_are():
    encoder, decoder = layers()
    encoder.requires_grad_(False)
    model = fit(pair(encoder, decoder))
    assert torch.equal(model.net_.module_.encoder[0][0].weight, encoder[0].weight)
    assert not torch.equal(model.net_.module_.decoder[0][0].weight, decoder[0].weight)


def test_functions_make_new_layers_for_every_model():
    shared, frozen = nn.Linear(5, 6), nn.Linear(5, 5).requires_grad_(False)
    before = shared.weight.clone()
    network = pair(lambda shape: nn.Sequential(shared), lambda n, shape: nn.Linear(n, *shape))
    fit(network)
    with pytest.raises(ValueError, match=r"'encoder_module' .* must make new layers .* pass a module itself"):
        fit(network)
    assert not torch.equal(shared.weight, before)
    backbone = pair(lambda shape: nn.Sequential(frozen, nn.Linear(5, 6)), lambda n, shape: nn.Linear(n, *shape))
    np.testing.assert_array_equal(fit(backbone).transform(X), fit(backbone).transform(X))


def transposed_in_memory():
    encoder, decoder = nn.Linear(5, 2), nn.Linear(2, 5)
    decoder.weight = nn.Parameter(encoder.weight.data.T)
    return encoder, decoder


def test_weights_that_are_one_in_memory_only_are_refused():
    encoder, decoder = transposed_in_memory()
    with pytest.raises(ValueError, match=r"share memory without being one.* same nn.Parameter"):
        fit(pair(encoder, decoder))
    with pytest.raises(ValueError, match=r"share memory without being one.* same nn.Parameter"):
        fit(pair(lambda shape: encoder, lambda n, shape: decoder))
    neighbours = nn.Parameter(torch.zeros(20)[:10].view(5, 2))
    decoder.weight = neighbours
    assert np.isfinite(fit(pair(encoder, decoder)).score(X))


# ------------------------------------------------------------------ modules of unusual make


class CompiledInside(nn.Module):
    """Calls a compiled function."""

    def __init__(self, width):
        super().__init__()
        self.layer, self.function = nn.Linear(width, 6), torch.compile(torch.tanh, backend="eager")

    def forward(self, x):
        return self.function(self.layer(x))


class CompiledForward(nn.Module):
    """Has a compiled forward."""

    def __init__(self, width):
        super().__init__()
        self.layer = nn.Sequential(nn.Linear(width, 6), nn.Tanh())

    @torch.compile(backend="eager")
    def forward(self, x):
        return self.layer(x)


class Remembering(nn.Module):
    """Keeps a table it makes at the first call, and another with every new length of a batch."""

    def __init__(self):
        super().__init__()
        self.layer, self.table = nn.Linear(5, 6), None

    def forward(self, x):
        if self.table is None or len(self.table) != len(x):
            self.table = torch.linspace(0, 1, 5).expand(len(x), 5).clone()
        return self.layer(x * self.table)


class LastState(nn.Module):
    """The last state of a recurrent network over the columns."""

    def __init__(self):
        super().__init__()
        self.recurrent = nn.GRU(1, 6, batch_first=True)

    def forward(self, x):
        return self.recurrent(x[..., None])[0][:, -1]


def compiled_in_place(module):
    module.compile(backend="eager")
    return module


def old_weight_norm(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(nn.Linear(width, 6))


def scripted(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(nn.Linear(width, 6))


def traced(width):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(nn.Linear(width, 6), torch.zeros(3, width))


# what an encoder is called: how it is made of 5 columns; whether, given as a module, it can be copied and pickled
UNUSUAL = {
    "compiled": (lambda: torch.compile(nn.Linear(5, 6), backend="eager"), True, True),
    "compiled in place": (lambda: compiled_in_place(nn.Linear(5, 6)), True, True),
    "compiled inside": (lambda: nn.Sequential(torch.compile(nn.Linear(5, 6), backend="eager"), nn.Tanh()), True, True),
    "calls a compiled function": (lambda: CompiledInside(5), True, False),
    "has a compiled forward": (lambda: CompiledForward(5), True, True),
    "scripted": (lambda: scripted(5), True, True),
    "scripted inside": (lambda: nn.Sequential(scripted(5), nn.Tanh()), True, True),
    "traced": (lambda: traced(5), True, True),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(6), nn.LazyBatchNorm1d(), nn.ReLU()), True, True),
    "weight norm": (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(5, 6)), True, False),
    "spectral norm": (lambda: nn.utils.parametrizations.spectral_norm(nn.Linear(5, 6)), True, False),
    "orthogonal": (lambda: nn.utils.parametrizations.orthogonal(nn.Linear(5, 6)), True, False),
    "old weight norm": (lambda: old_weight_norm(5), False, False),
    "old spectral norm": (lambda: nn.utils.spectral_norm(nn.Linear(5, 6)), True, True),
    "recurrent": (LastState, True, True),
    "remembering": (Remembering, True, True),
    "double precision": (lambda: nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6)).double(), True, True),
    "half precision": (lambda: nn.Linear(5, 6).bfloat16(), True, True),
    "nothing to train": (nn.Identity, True, True),
}
MAKERS = {name: make for name, (make, _, _) in UNUSUAL.items()}


def has_moved(model):
    """Whether weights are no longer what they were before the first step."""
    before = fit(model.network, learning_rate=1e-30).net_.flat_.buffer
    return not torch.equal(model.net_.flat_.buffer, before)


@pytest.mark.parametrize("name", MAKERS)
def test_functions_may_make_modules_of_any_kind(name):
    network = pair(lambda shape: MAKERS[name](), lambda n, shape: nn.Linear(n, *shape))
    model = fit(network, warm_start=True)
    assert np.isfinite(model.score(X))
    assert has_moved(model)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.transform(X), model.transform(X))
    np.testing.assert_allclose(travelled.fit(X).transform(X), model.fit(X).transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MAKERS if UNUSUAL[name][1]])
def test_modules_of_any_kind_are_copied_and_trained(name):
    module = MAKERS[name]()
    model = clone(fit(pair(module, nn.Linear(2, 5)))).fit(X)
    assert np.isfinite(model.score(X))
    assert has_moved(model)
    np.testing.assert_array_equal(copy.deepcopy(model).transform(X), model.transform(X))


@pytest.mark.parametrize("name", [name for name in MAKERS if UNUSUAL[name][2]])
def test_modules_of_any_kind_are_pickled(name):
    model = fit(pair(MAKERS[name](), nn.Linear(2, 5)), warm_start=True)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(travelled.transform(X), model.transform(X))
    assert joblib.hash(travelled.network) == joblib.hash(model.network) == joblib.hash(clone(model.network))
    np.testing.assert_allclose(travelled.fit(X).transform(X), model.fit(X).transform(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in MAKERS if not UNUSUAL[name][2]])
def test_what_cannot_be_pickled_or_copied_says_so(name):
    network = pair(MAKERS[name](), nn.Linear(2, 5))
    if UNUSUAL[name][1]:
        with pytest.raises(pickle.PicklingError, match=r"'encoder_module' .* pass a function that builds the module"):
            pickle.dumps(fit(network))
    else:
        with pytest.raises(ValueError, match=r"'encoder_module' .* can be copied, or a function that builds it"):
            fit(network)


def test_compiled_modules_may_draw():
    encoder = torch.compile(nn.Sequential(nn.Linear(5, 6), nn.Dropout(0.5)), backend="eager")
    assert has_moved(fit(pair(encoder, lambda n, shape: nn.Sequential(nn.Linear(n, *shape), nn.Dropout(0.1)))))


def test_lazy_layers_are_drawn_from_the_random_state():
    network = pair(lambda shape: nn.LazyLinear(6), lambda n, shape: nn.Sequential(nn.LazyLinear(8), nn.LazyLinear(5)))
    codes = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        before = torch.random.get_rng_state()
        codes.append(fit(network).transform(X))
        assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(*codes)
    assert not np.array_equal(codes[0], fit(network, random_state=1).transform(X))


@pytest.mark.parametrize("is_function", [True, False])
def test_compiled_lazy_layers_are_drawn_from_the_random_state(is_function):
    def module(*sizes):
        return torch.compile(nn.Sequential(nn.LazyLinear(6), nn.Tanh()), backend="eager")

    network = pair(module if is_function else module(), lambda n, shape: nn.Linear(n, *shape))
    np.testing.assert_array_equal(fit(network).transform(X), fit(network).transform(X))
    assert not np.array_equal(fit(network).transform(X), fit(network, random_state=1).transform(X))


def test_a_module_that_does_not_compile_is_named():
    def backend(graph, inputs):
        raise RuntimeError("no compiler here")

    torch.compiler.reset()  # modules compiled before count towards a limit, after which torch no longer compiles
    with pytest.raises(ValueError, match=r"'decoder_module' .*no compiler here.*pass it without torch.compile"):
        fit(pair(nn.Linear(5, 6), torch.compile(nn.Linear(2, 5), backend=backend)))


def test_lazy_convolutions_take_their_channels():
    images = np.random.default_rng(0).normal(size=(20, 2, 6, 6))
    encoder = nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(4))
    network = pair(encoder, lambda n, shape: nn.Linear(n, 72))
    model = VAE(n_components=2, network=network, max_epochs=2, random_state=0).fit(images)
    assert np.isfinite(model.score(images))


class HalfUsed(nn.Module):
    """Has a lazy layer that no batch passes."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.LazyLinear(6), nn.LazyLinear(6)

    def forward(self, x):
        return self.used(x)


def test_lazy_layers_that_no_batch_passes_are_named():
    with pytest.raises(ValueError, match=r"'encoder_module' .* lazy layers that no batch passes: .*unused.weight"):
        fit(pair(HalfUsed(), nn.Linear(2, 5)))


class SetsItselfUp(nn.Module):
    """Takes its scale from the first batch it sees, and counts batches."""

    def __init__(self):
        super().__init__()
        self.layer, self.scale, self.n_seen = nn.Linear(5, 6), None, 0

    def forward(self, x):
        self.n_seen += 1
        if self.scale is None:
            self.scale = x.std() + 1.0
        return self.layer(x / self.scale)


def test_what_a_module_does_at_its_first_batch_waits_for_data():
    encoder, _ = pair(SetsItselfUp(), nn.Linear(2, 5)).encoder((5,), torch.Generator())
    assert encoder[0].n_seen == 0
    assert encoder[0].scale is None


def test_looking_at_shapes_leaves_modes_and_statistics_alone():
    module = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6).eval(), nn.Dropout(0.5))
    encoder, _ = pair(module, module).encoder((5,), torch.Generator())
    assert [part.training for part in encoder[0]] == [True, False, True]
    for name, value in encoder[0].state_dict().items():
        assert torch.equal(value, module.state_dict()[name])


# ------------------------------------------------------------------ batch normalisation


def normalised(image=False):
    """Return networks with a batch normalisation wherever one may stand, of columns or of images of one pixel."""
    if image:
        encoder = nn.Sequential(nn.Conv2d(1, 3, 4), nn.BatchNorm2d(3), nn.Flatten())
        return pair(encoder, nn.Sequential(nn.Unflatten(1, (2, 1, 1)), nn.BatchNorm2d(2), nn.ConvTranspose2d(2, 1, 4)))
    encoder = nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 6), nn.BatchNorm1d(6))
    return pair(encoder, nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 5)))


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.CollapseWarning")
@pytest.mark.parametrize("n_rows", range(2, 10))
@pytest.mark.parametrize("cls", [VAE, FactorVAE])
def test_batch_normalisation_trains_whatever_is_left_at_the_end(cls, n_rows):
    rng = np.random.default_rng(n_rows)
    for batch_size in (2, 3, 4, 5, 128):
        for image in (False, True):
            rows = rng.normal(size=(n_rows, 4, 4) if image else (n_rows, 5))
            parameters = {"n_components": 2, "max_epochs": 1, "batch_size": batch_size, "random_state": 0}
            model = cls(network=normalised(image), early_stopping=n_rows > 3, **parameters).fit(rows)
            assert np.isfinite(model.partial_fit(rows[:2] if n_rows < 4 else rows).transform(rows)).all()


def test_batch_normalisation_without_statistics_of_its_own_is_refused():
    encoder = nn.Sequential(nn.Linear(5, 6), nn.BatchNorm1d(6, track_running_stats=False))
    with pytest.raises(ValueError, match=r"'encoder_module' .* without running statistics.* track_running_stats=True"):
        fit(pair(encoder, nn.Linear(2, 5)))


# ------------------------------------------------------------------ pickles and hashes


def local_network():
    class Local(nn.Module):
        """Known by no name outside."""

        def __init__(self):
            super().__init__()
            self.layer, self.kept = nn.Linear(5, 6), [torch.ones(2), {"more": torch.zeros(1)}]

        def forward(self, x):
            return self.layer(x)

    return pair(Local(), lambda n, shape: nn.Linear(n, *shape))


def test_a_hash_is_that_of_the_weights():
    first, second = layers()[0], layers()[0]
    assert joblib.hash(pair(first, first)) == joblib.hash(pair(second, second))
    with torch.no_grad():
        second[0].weight[0, 0] += 1.0
    assert joblib.hash(pair(first, first)) != joblib.hash(pair(second, second))


NAMED = {
    "local": local_network(),
    "modules": pair(*layers()),
    "tied": tied_modules(),
    "functions": pair(lambda shape: nn.Linear(*shape, 3), lambda n, shape: nn.Linear(n, *shape)),
}


@pytest.mark.parametrize("name", NAMED)
def test_hashes_survive_the_ways_of_a_search(name):
    network = NAMED[name]
    copies = [clone(network), copy.deepcopy(network), clone(clone(VAE(network=network))).network]
    assert {joblib.hash(copied) for copied in copies} == {joblib.hash(network)}


@pytest.mark.parametrize("name", NAMED)
def test_a_pipeline_finds_its_fit_again(name, tmp_path):
    model = VAE(n_components=2, max_epochs=1, random_state=0, network=NAMED[name])
    memory = joblib.Memory(tmp_path, verbose=0)
    first, second = (
        clone(make_pipeline(StandardScaler(), model, StandardScaler(), memory=memory)).fit(X) for _ in range(2)
    )
    assert second[1].history_[0]["duration"] == first[1].history_[0]["duration"]
    np.testing.assert_array_equal(second.transform(X), first.transform(X))


def test_pickles_hold_arrays_only():
    class WithoutTorch(pickle.Unpickler):
        def find_class(self, module, name):
            assert not name.startswith("_rebuild"), f"{module}.{name}"
            return super().find_class(module, name)

    model = fit(local_network())
    model.network.decoder_module = nn.Linear(2, 5)
    WithoutTorch(io.BytesIO(pickle.dumps(model))).load()


def test_parameters_of_the_network_can_be_set():
    model = VAE(network=pair(*layers()), n_components=2, max_epochs=1)
    model.set_params(network__encoder_module=nn.Linear(5, 3))
    assert clone(model).fit(X).net_.module_.encoder[0].out_features == 3
