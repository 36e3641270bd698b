"""Bad calls: scikit-learn's exception types, a sentence that names the parameter, and no harm to an earlier fit."""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from family import IMAGES, NAMES, WITH_DENSITY, WITH_TWO_SPACES, X, same_bits, tiny
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from skorch.callbacks import EarlyStopping
from torch.utils.data import TensorDataset

import vaekit
from vaekit import VAE
from vaekit.likelihoods import Normal
from vaekit.nn import MLP, Custom
from vaekit.objectives import ELBO
from vaekit.outlier import VAEOutlierDetector
from vaekit.priors import Decoupled

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")


def spoiled(value, A=X):
    A = np.array(A, dtype=float)
    A.flat[7] = value
    return A


@pytest.fixture
def model():
    return tiny("VAE").fit(X)


# ------------------------------------------------------------------ data

DATA = {
    "NaN": (spoiled(np.nan), ValueError, "Input X contains NaN"),
    "infinity": (spoiled(np.inf), ValueError, "Input X contains infinity"),
    "NaN in a tensor": (torch.from_numpy(spoiled(np.nan)), ValueError, "Input X contains NaN"),
    "no rows": (X[:0], ValueError, r"Found array with 0 sample\(s\)"),
    "no columns": (X[:, :0], ValueError, r"0 feature\(s\).*while a minimum of 1 is required"),
    "one dimension": (X[0], ValueError, "Expected 2D array, got 1D array instead"),
    "a number": (3.0, ValueError, "Expected 2D array, got scalar array instead"),
    "five dimensions": (np.zeros((4, 1, 1, 2, 2)), ValueError, "Found array with dim 5, but VAE takes.*reshape"),
    "a list of five dimensions": (np.zeros((4, 1, 1, 2, 2)).tolist(), ValueError, "Found array with dim 5, but VAE"),
    "a torch data set": (TensorDataset(torch.from_numpy(X)), TypeError, "X is a TensorDataset.*pass an array or"),
    "text in a list": (
        [[1.0, "a"]] * 5,
        ValueError,
        "Column 1 of X holds no numbers.*ColumnTransformer.*OneHotEncoder",
    ),
    "NaN in a frame": (
        pd.DataFrame(spoiled(np.nan), columns=list("abcd")),
        ValueError,
        "NaN .in row 1, column 'd'.*Imp",
    ),
    "objects in a frame": (
        pd.DataFrame(X[:, :3], columns=list("abc")).assign(city=[{}] * len(X)),
        ValueError,
        "Column 'city' of X holds {}",
    ),
    "strings": (np.array([["a", "b"]] * 5), ValueError, "could not convert string to float"),
    "objects": (np.array([[{}, {}]] * 5), TypeError, "must be a string or a real number"),
    "complex numbers": (X * 1j, ValueError, "Complex data not supported"),
    "a sparse array with NaN": (sparse.csr_array(np.where(X > 4, np.nan, X)), ValueError, "contains NaN .in row"),
    "a sparse matrix with infinity": (sparse.csc_matrix(np.where(X > 4, np.inf, X)), ValueError, "infinity .in row"),
    "a sparse matrix of complex numbers": (sparse.csr_array(X * 1j), ValueError, "Complex data not supported"),
}
IMAGE_DATA = {
    "NaN in an image": (spoiled(np.nan, IMAGES), ValueError, r"Input X contains NaN \(in image 0\)"),
    "no images": (IMAGES[:0], ValueError, r"Found array with 0 sample\(s\)"),
    "no pixels": (IMAGES[:, :0], ValueError, r"0 feature\(s\)"),
}


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("method", ["fit", "fit_transform", "partial_fit", "transform", "score", "posterior"])
@pytest.mark.parametrize("kind", DATA)
def test_bad_data_are_refused_and_nothing_is_lost(model, method, kind):
    data, error, words = DATA[kind]
    codes, state = model.transform(X), set(vars(model))
    with pytest.raises(error, match=words):
        getattr(model, method)(data)
    assert same_bits(model.transform(X), codes)
    assert set(vars(model)) == state


@pytest.mark.parametrize("kind", [*DATA, *IMAGE_DATA])
def test_bad_data_leave_an_unfitted_estimator_unfitted(kind):
    data, error, words = {**DATA, **IMAGE_DATA}[kind]
    model = tiny("VAE")
    before = dict(vars(model))
    with pytest.raises(error, match=words):
        model.fit(data)
    assert vars(model) == before


def test_names_of_pictures_are_to_be_opened():
    with pytest.raises(ValueError, match=r"^Expected 2D array, got 1D array instead.*PIL.Image.open"):
        tiny("VAE").fit(["first.png", "second.png"])


@pytest.mark.parametrize("data", [X[:1], IMAGES[:1]])
def test_one_row_is_not_enough_to_fit_but_to_transform(data, model):
    with pytest.raises(ValueError, match=r"Found array with 1 sample\(s\).*minimum of 2 is required by VAE"):
        tiny("VAE").fit(data)
    assert model.transform(X[:1]).shape == (1, 2)


@pytest.mark.parametrize(("n_rows", "fraction"), [(2, 0.1), (10, 0.95), (3, 0.5)])
def test_early_stopping_on_too_few_rows_says_what_to_lower(n_rows, fraction):
    with pytest.raises(ValueError, match=r"early stopping leaves \d of \d+ to train on.*lower 'validation_fraction'"):
        tiny("VAE", early_stopping=True, validation_fraction=fraction).fit(X[:n_rows])


ASKED = ["fit", "partial_fit", "fit_transform", "score", "score_samples", "transform", "posterior", "log_likelihood"]


@pytest.mark.parametrize("method", ASKED)
def test_unknown_arguments_are_refused_by_the_name_of_the_class(model, method):
    with pytest.raises(TypeError, match=r"^VAE\.\w+\(\) got an unexpected keyword argument 'weight'"):
        getattr(model, method)(X, weight=1)
    with pytest.raises(TypeError, match=r"^VAE\.fit\(\) got an unexpected keyword argument 'weight'"):
        make_pipeline(tiny("VAE")).fit(X, vae__weight=np.ones(len(X)))


class Mine(VAE):
    """A class of somebody's own."""


def test_so_are_too_many_and_too_few():
    with pytest.raises(TypeError, match=r"^Mine\.transform\(\) takes 2 positional arguments but 3 were given"):
        Mine().transform(X, X)
    with pytest.raises(TypeError, match=r"^Mine\.log_likelihood\(\) missing 1 required positional argument: 'Z'"):
        Mine().log_likelihood(X)
    with pytest.raises(TypeError, match=r"^VAEOutlierDetector\.explain\(\) got an unexpected keyword argument 'order'"):
        VAEOutlierDetector().explain(X, order=2)


LATER = {
    "another width": (X, X[:, :3], "X has 3 features, but VAE is expecting 4 features"),
    "images for a table": (X, IMAGES, r"X has images of shape \(9, 8\), but VAE was fitted on tables"),
    "other images": (IMAGES, IMAGES[:, :8], r"shape \(8, 8\), but VAE was fitted on images of shape \(9, 8\)"),
    "turned images": (IMAGES, IMAGES.transpose(0, 2, 1), r"shape \(8, 9\).*fitted on images of shape \(9, 8\)"),
    "another channel axis": (IMAGES, IMAGES[:, None], r"shape \(1, 9, 8\).*fitted on images of shape \(9, 8\)"),
    "spoiled images": (IMAGES, spoiled(np.nan, IMAGES), "Input X contains NaN"),
    "no images": (IMAGES, IMAGES[:0], r"Found array with 0 sample\(s\)"),
    "a table for images": (IMAGES, X, r"X has 4 features, but VAE is expecting 72.*pixels of images of shape \(9, 8\)"),
}


@pytest.mark.parametrize("method", ["transform", "score_samples", "sample_posterior", "partial_fit", "warm fit"])
@pytest.mark.parametrize("kind", LATER)
def test_later_data_must_be_like_the_first(method, kind):
    first, later, words = LATER[kind]
    model = tiny("VAE", max_epochs=1, warm_start=True).fit(first)
    codes = model.transform(first)
    with pytest.raises(ValueError, match=words):
        getattr(model, method.removeprefix("warm "))(later)
    assert same_bits(model.transform(first), codes)


@pytest.mark.parametrize("data", [X, 2 * X, -np.abs(X), IMAGES.astype(float), spoiled(1.01, np.full((9, 3), 0.5))])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_a_bernoulli_takes_the_unit_interval(data, method):
    with pytest.raises(ValueError, match=r"X lies in \[.*\], but likelihood='bernoulli' needs.*\[0, 1\].*MinMaxScaler"):
        getattr(tiny("VAE", likelihood="bernoulli"), method)(data)
    inside = (data - data.min()) / (data.max() - data.min())
    assert np.isfinite(tiny("VAE", likelihood="bernoulli", max_epochs=1).fit(inside + 1e-7).score(inside))


# ------------------------------------------------------------------ parameters

PARAMETERS = {  # bad values, and what the message says that good ones are
    "n_components": ([0, -1, 2.5, "2", None], "an int in the range [1, inf)"),
    "prior": (["gaussian", 3, None, Decoupled], "'decoupled'"),
    "likelihood": (["gauss", 3, None], "'bernoulli'"),
    "posterior_family": (["gauss", 3], "'normal'"),
    "network": (["cnn", torch.nn.Linear(2, 2)], "'mlp'"),
    "objective": (["loss", 3], "'elbo'"),
    "hidden_layer_sizes": ([5, "ab", None], "an array-like"),
    "hidden_layer_sizes ": ([(0,), (8.5,), (-1,)], "positive integers"),
    "activation": (["sin", torch.relu, None], "'relu'"),
    "standardize": (["yes", True], "'column'"),
    "warmup": ([-0.1, 1.5, -3, "x", None, np.nan], "a float in the range [0.0, 1.0] or an int"),
    "learning_rate": ([0, -1, "x", np.nan, np.inf], "a float in the range (0.0, inf)"),
    "batch_size": ([1, 0, 2.5, None], "an int in the range [2, inf)"),
    "max_epochs": ([0, -1, 1.5, None], "an int in the range [1, inf)"),
    "max_steps": ([0, 1.5], "an int in the range [1, inf) or None"),
    "early_stopping": (["x", 3, None], "bool"),
    "validation_fraction": ([0, 1, 1.5], "a float in the range (0.0, 1.0)"),
    "tol": ([-1, "x", np.nan], "a float in the range [0.0, inf)"),
    "n_iter_no_change": ([0, 1.5], "an int in the range [1, inf)"),
    "warm_start": (["x"], "bool"),
    "device": (["abc", "cuda:x"], "'auto' or a torch device"),
    "device ": ([7, None], "torch.device"),
    "compile": (["x", 3, None], "bool"),
    "callbacks": ([3, "ab"], "an array-like or None"),
    "callbacks ": ([[3], [EarlyStopping, "ab"], [("name", 3)], [()]], "skorch callbacks, alone or as (name, callback)"),
    "random_state": (["x", -1, 2.5], "an int in the range [0, 4294967295]"),
    "verbose": (["x", -1], "an int in the range [0, inf)"),
}


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [(name.strip(), value, remedy) for name, (values, remedy) in PARAMETERS.items() for value in values],
)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_bad_parameters_are_named_when_fitting_and_not_before(model, method, name, value, remedy):
    unfitted = tiny("VAE", **{name: value})  # no error yet
    with pytest.raises(ValueError, match=f"^The '{name}' parameter.* Got ") as error:
        getattr(unfitted, method)(X)
    assert remedy in str(error.value)
    assert not unfitted.__sklearn_is_fitted__()
    codes = model.transform(X)
    with pytest.raises(ValueError, match=f"'{name}'"):  # a fitted model moves at once
        model.set_params(**{name: value}).fit(X)
    assert same_bits(model.transform(X), codes)


OWN_PARAMETERS = [
    ("BetaVAE", {"beta": -1}, "The 'beta' parameter of BetaVAE must be a float in the range"),
    ("BetaVAE", {"beta": np.nan}, "The 'beta' parameter of BetaVAE"),
    ("DecoupledBetaVAE", {"beta": "4"}, "The 'beta' parameter of DecoupledBetaVAE"),
    ("VAE", {"objective": ELBO(beta=-1)}, "The 'beta' parameter of ELBO"),
    ("VAE", {"prior": Decoupled(n_couplings=1)}, r"The 'n_couplings' parameter of Decoupled must be an int.*\[2"),
    ("VAE", {"prior": Decoupled(mask="random")}, "The 'mask' parameter of Decoupled.*'checkerboard'|'halves'"),
    ("VAE", {"likelihood": Normal(scale=0)}, "The 'scale' parameter of Normal"),
    ("VAE", {"likelihood": Normal(scale="fixed")}, "The 'scale' parameter of Normal.*'learned'|'per_feature'"),
    ("VAE", {"network": MLP(hidden_layer_sizes=(3, 0))}, "The 'hidden_layer_sizes' parameter.* positive integers"),
    ("VAE", {"network": MLP(activation="sin")}, "The 'activation' parameter of MLP"),
    ("VAE", {"network": Custom()}, "The '(en|de)coder_module' parameter of Custom"),
    ("VAE", {"network": "conv"}, "(?i)conv.*image"),
]


@pytest.mark.parametrize(("name", "params", "words"), OWN_PARAMETERS)
def test_a_words_own_parameters_are_named_with_the_word(name, params, words):
    with pytest.raises(ValueError, match=words):
        tiny(name, **params).fit(X)


@pytest.mark.parametrize("device", ["cuda", "cuda:1", torch.device("cuda")])
def test_a_device_that_is_not_there(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"The 'device' parameter is .*cuda.*use device='auto' or 'cpu'"):
        tiny("VAE", device=device).fit(X)


def test_unknown_parameters_are_refused_at_once():
    with pytest.raises(TypeError, match="unexpected keyword argument 'latent_dim'"):
        vaekit.VAE(latent_dim=2)
    with pytest.raises(TypeError, match="positional"):
        vaekit.VAE(2)


# ------------------------------------------------------------------ methods

UNFITTED = {
    "transform": (X,), "posterior": (X,), "sample_posterior": (X,),
    "sample_likelihood": (X[:, :2],), "log_posterior": (X, X[:, :2]), "sample": (),
    "inverse_transform": (X[:, :2],), "log_prior": (X[:, :2],), "log_likelihood": (X, X[:, :2]), "score": (X,),
    "score_samples": (X,), "to_generation_space": (X[:, :2],), "to_representation_space": (X[:, :2],),
    "get_feature_names_out": (), "sample_prior": (), "transform_to": (X, "never"),
    "export": ("never.pt2",),
}  # fmt: skip


@pytest.mark.parametrize("method", UNFITTED)
@pytest.mark.parametrize("name", NAMES)
def test_every_method_asks_for_a_fit_first(name, method):
    if not hasattr(tiny(name), method):
        return
    with pytest.raises(NotFittedError, match=f"This {name} instance is not fitted yet"):
        getattr(tiny(name), method)(*UNFITTED[method])


def test_every_public_method_is_in_the_table():
    public = {method for name in NAMES for method in dir(getattr(vaekit, name)) if not method.startswith("_")}
    ways_to_fit = {"fit", "fit_transform", "partial_fit"}
    of_sklearn = {"get_params", "set_params", "to", "set_output", "get_metadata_routing", "set_callbacks"}
    attributes = {name for name in public if name.endswith("_")}
    parameters = {parameter for name in NAMES for parameter in getattr(vaekit, name)().get_params()}
    requests = {method for method in public if method.startswith("set_") and method.endswith("_request")}
    assert public - ways_to_fit - of_sklearn - attributes - parameters - requests == set(UNFITTED)


def test_an_unfitted_history():
    with pytest.raises(AttributeError, match="not fitted yet, so it has no 'history_'"):
        tiny("VAE").history_  # noqa: B018
    assert not hasattr(tiny("VAE"), "history_")


Z = np.zeros((35, 2))
CALLS = {
    "codes too wide": ("inverse_transform", (X,), {}, r"Codes have shape \(35, 4\), but VAE is expecting.*2\)"),
    "one code alone": ("inverse_transform", (Z[0],), {}, "Expected 2D array, got 1D array"),
    "codes with NaN": ("inverse_transform", (spoiled(np.nan, Z),), {}, "contains NaN"),
    "codes of strings": ("inverse_transform", ([["a", "b"]],), {}, "could not convert string to float"),
    "no codes": ("inverse_transform", (Z[:0],), {}, r"Found array with 0 sample\(s\)"),
    "a prior for rows": ("log_prior", (X,), {}, r"Codes have shape \(35, 4\), but VAE is expecting"),
    "a prior for one code alone": ("log_prior", (Z[0],), {}, r"Codes have shape \(2,\), but VAE is expecting"),
    "a prior for no codes": ("log_prior", (Z[:0],), {}, r"Codes have shape \(0, 2\).*at least one row"),
    "a prior at infinity": ("log_prior", (spoiled(np.inf, Z),), {}, "Codes contain NaN or infinity"),
    "too few codes": ("log_posterior", (X, Z[:3]), {}, "Z holds 3 rows of codes, but X has 35 rows"),
    "one code for all rows": ("log_posterior", (X, Z[:1]), {}, "Z holds 1 rows of codes, but X has 35 rows"),
    "too few codes to decode": ("log_likelihood", (X, Z[:3]), {}, "Z holds 3 rows of codes, but X has 35 rows"),
    "codes too wide for X": ("log_likelihood", (X, X), {}, "Codes have shape"),
    "a space of another width": ("to_generation_space", (X,), {}, "Codes have shape"),
    "and back": ("to_representation_space", (X,), {}, "Codes have shape"),
    "no samples": ("sample", (0,), {}, "The 'n_samples' parameter.*integer. Got 0"),
    "fewer than no samples": ("sample", (-1,), {}, "The 'n_samples' parameter.*Got -1"),
    "half a sample": ("sample", (1.5,), {}, "The 'n_samples' parameter.*Got 1.5"),
    "no draws": ("sample_posterior", (X, 0), {}, "The 'n_samples' parameter.*Got 0"),
    "no importance samples": ("score_samples", (X, 0), {}, "The 'n_importance_samples' parameter.*integer. Got 0"),
    "half an importance sample": ("score_samples", (X, 1.5), {}, "The 'n_importance_samples' parameter.*Got 1.5"),
    "a seed that is none": ("sample", (2,), {"random_state": "x"}, "'x' cannot be used to seed"),
}


@pytest.mark.parametrize("kind", CALLS)
def test_bad_calls_of_a_fitted_estimator(model, kind):
    method, arguments, options, words = CALLS[kind]
    with pytest.raises(ValueError, match=words):
        getattr(model, method)(*arguments, **options)


@pytest.mark.parametrize("name", ["AAE", "LearnedPriorAAE"])
def test_a_model_without_a_density_has_no_method_that_asks_for_one(name):
    assert name not in WITH_DENSITY
    assert not any(hasattr(tiny(name), method) for method in ("score", "score_samples", "log_likelihood", "log_prior"))


def test_a_prior_that_cannot_be_inverted_has_no_spaces_to_go_between():
    assert "LearnedPriorAAE" not in WITH_TWO_SPACES
    assert not hasattr(tiny("LearnedPriorAAE"), "to_generation_space")


def test_parameters_given_are_not_changed_by_a_failure():
    model = tiny("VAE", prior=Decoupled(n_couplings=1), callbacks=[EarlyStopping()])
    before = copy.deepcopy(model.get_params(deep=False))
    with pytest.raises(ValueError, match="n_couplings"):
        model.fit(X)
    assert model.get_params(deep=False).keys() == before.keys()
    assert model.prior.n_couplings == 1
