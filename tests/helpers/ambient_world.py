"""Settings that others may leave behind, and calls that they must not change: two tables."""

import contextlib
import decimal
import pickle
import warnings

import joblib
import matplotlib
import numpy as np
import pandas as pd
import scipy.special
import sklearn
import torch
from sklearn.tree import DecisionTreeClassifier
from torch import backends, nn

import vaekit
from vaekit import datasets, evaluation, inspection, metrics
from vaekit.model_selection import UDRSearch
from vaekit.nn import Custom


@contextlib.contextmanager
def changed(write, value, before):
    """A setting that has no context manager of its own."""
    write(value)
    try:
        yield
    finally:
        write(before)


@contextlib.contextmanager
def attributes(value, *owners):
    before = [owner.fp32_precision for owner in owners]
    for owner in owners:
        owner.fp32_precision = value
    try:
        yield
    finally:
        for owner, old in zip(owners, before):
            owner.fp32_precision = old


@contextlib.contextmanager
def warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=sklearn.exceptions.ConvergenceWarning)
        warnings.filterwarnings("ignore", message=".*latents carry information")  # our own: two epochs teach nothing
        warnings.filterwarnings("ignore", message=".*effective sample size")
        yield


@contextlib.contextmanager
def inside(transform):
    """Inside a function that torch differentiates or maps."""
    level = {
        "vmap": lambda: torch._C._functorch._vmap_increment_nesting(2, "error"),
        "grad": torch._C._functorch._grad_increment_nesting,
    }
    leave = {
        "vmap": torch._C._functorch._vmap_decrement_nesting,
        "grad": torch._C._functorch._grad_decrement_nesting,
    }
    level[transform]()
    try:
        yield
    finally:
        leave[transform]()


class Watching(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


class WatchingBelow(torch.utils._python_dispatch.TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return function(*args, **(kwargs or {}))


SETTINGS = {
    # scikit-learn
    "pandas_output": lambda: sklearn.config_context(transform_output="pandas"),
    "polars_output": lambda: sklearn.config_context(transform_output="polars"),
    "array_dispatch": lambda: sklearn.config_context(array_api_dispatch=True),
    "no_checks": lambda: sklearn.config_context(assume_finite=True, skip_parameter_validation=True),
    "routing": lambda: sklearn.config_context(enable_metadata_routing=True),
    "small_chunks": lambda: sklearn.config_context(working_memory=1, pairwise_dist_chunk_size=50),
    "no_cython_distances": lambda: sklearn.config_context(enable_cython_pairwise_dist=False),
    "sparse_arrays": lambda: sklearn.config_context(sparse_interface="sparray"),
    # NumPy, SciPy, pandas, joblib, Python
    "numpy_raises": lambda: np.errstate(all="raise"),
    "numpy_buffer": lambda: changed(np.setbufsize, 16, 8192),
    "numpy_prints": lambda: np.printoptions(precision=1, legacy="1.13"),
    "numpy_seed": lambda: changed(np.random.seed, 3, 4),
    "scipy_raises": lambda: scipy.special.errstate(all="raise"),
    "pandas_strings": lambda: pd.option_context("future.infer_string", False),
    "joblib_threads": lambda: joblib.parallel_config("threading", n_jobs=2),
    "warnings_are_errors": warnings_are_errors,
    "short_decimals": lambda: decimal.localcontext(prec=3),
    # torch
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "float64": lambda: changed(torch.set_default_dtype, torch.float64, torch.float32),
    "bfloat16": lambda: changed(torch.set_default_dtype, torch.bfloat16, torch.float32),
    "meta_device": lambda: changed(torch.set_default_device, "meta", None),
    "inside_meta_device": lambda: torch.device("meta"),
    "no_grad": torch.no_grad,
    "inference_mode": torch.inference_mode,
    "medium_precision": lambda: changed(torch.set_float32_matmul_precision, "medium", "highest"),
    "high_precision": lambda: changed(torch.set_float32_matmul_precision, "high", "highest"),
    "tf32_everywhere": lambda: attributes("tf32", backends),
    "bf16_products": lambda: attributes("bf16", backends.mkldnn.matmul, backends.mkldnn.conv),
    "no_mkldnn": lambda: backends.mkldnn.flags(enabled=False),
    "deterministic": lambda: changed(torch.use_deterministic_algorithms, True, False),
    "flushed_denormals": lambda: changed(torch.set_flush_denormal, True, False),
    "anomalies": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
    "torch_seed": lambda: changed(torch.manual_seed, 3, 4),
    "warn_always": lambda: changed(torch.set_warn_always, True, False),
    "swapped_parameters": lambda: changed(torch.__future__.set_swap_module_params_on_conversion, True, False),
    "overwritten_parameters": lambda: changed(torch.__future__.set_overwrite_module_params_on_conversion, True, False),
    "saved_on_cpu": torch.autograd.graph.save_on_cpu,
    "vmap": lambda: inside("vmap"),
    "grad": lambda: inside("grad"),
    "function_mode": Watching,
    "dispatch_mode": WatchingBelow,
    "two_threads": lambda: changed(torch.set_num_threads, 2, 1),
}  # fmt: skip

# What they are once they are undone, and must still be after a call that put them aside.
READINGS = {
    "sklearn": sklearn.get_config,
    "numpy": lambda: (np.geterr(), np.getbufsize(), np.get_printoptions()["precision"]),
    "scipy": scipy.special.geterr,
    "grad": torch.is_grad_enabled,
    "inference": torch.is_inference_mode_enabled,
    "autocast": lambda: torch.is_autocast_enabled("cpu"),
    "dtype": torch.get_default_dtype,
    "device": torch.get_default_device,
    "libraries": lambda: (backends.mkldnn.enabled, backends.cudnn.enabled, backends.cudnn.benchmark),
    "precision": lambda: [
        owner.fp32_precision.replace("ieee", "none")  # two words for all digits
        for owner in (
            backends, backends.mkldnn, backends.cudnn, backends.cuda.matmul, backends.cudnn.conv, backends.cudnn.rnn,
            backends.mkldnn.matmul, backends.mkldnn.conv, backends.mkldnn.rnn,
        )
    ],
    "denormals": lambda: bool(np.float32(1e-40) * np.float32(1) == 0),
    "threads": torch.get_num_threads,
}  # fmt: skip


# The calls that compute with torch: on these alone its settings are tried. Slow ones are tried with few settings.
OF_TORCH_SETTINGS = list(SETTINGS)[list(SETTINGS).index("autocast") :]
OF_TORCH = {"fit", "fit_images", "fit_module", "fitted", "unpickled", "aggregate"}
SLOW = {
    "fit_images", "fit_adversary", "partial_fit", "search", "generation_report", "LatentSpaceDisplay",
    "ReconstructionDisplay", "SamplesDisplay", "TraversalDisplay",
}  # fmt: skip
ON_ALL = ("numpy_raises", "pandas_output", "warnings_are_errors", "inference_mode")

# Settings that do not hide each other are on together; those above, alone.
TOGETHER = [
    *((setting,) for setting in ON_ALL),
    ("polars_output", "routing", "numpy_buffer", "pandas_strings", "short_decimals"),
    ("array_dispatch", "numpy_prints", "joblib_threads"),
    ("no_checks", "small_chunks", "numpy_seed"),
    ("no_cython_distances", "sparse_arrays", "scipy_raises"),
    ("autocast", "medium_precision", "torch_seed"),
    ("float64", "high_precision", "anomalies", "saved_on_cpu"),
    ("bfloat16", "tf32_everywhere", "warn_always", "function_mode"),
    ("meta_device", "no_grad", "bf16_products"),
    ("inside_meta_device", "no_mkldnn", "swapped_parameters"),
    ("deterministic", "flushed_denormals", "overwritten_parameters", "dispatch_mode"),
    ("vmap", "two_threads"),
    ("grad",),
]


def readings():
    return {name: read() for name, read in READINGS.items()}


# ---------------------------------------------------------------------- calls

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3)) * [1, 2, 300]
IMAGES = rng.integers(0, 256, size=(12, 8, 8), dtype=np.uint8)
FACTORS = rng.integers(0, 2, size=(120, 2))
CODES = FACTORS + 0.1 * rng.normal(size=(120, 2))
SHORT = {"n_components": 2, "max_epochs": 2, "random_state": 0}
SPLIT = {"n_train": 60, "n_test": 40, "random_state": 0}


def encoder(event_shape):
    return nn.Sequential(nn.Linear(*event_shape, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2))


def decoder(n_components, event_shape):
    return nn.Linear(n_components, *event_shape)


def answers(model, X):
    """What the public methods of a fitted model make of rows."""
    Z = np.asarray(model.transform(X))
    calls = {
        "inverse_transform": (Z,), "sample": (3,), "score": (X,), "score_samples": (X, 3), "log_likelihood": (X, Z),
        "log_prior": (Z,), "posterior": (X,), "sample_posterior": (X, 2), "log_posterior": (X, Z),
        "to_generation_space": (Z,), "to_representation_space": (Z,),
    }  # fmt: skip
    return [Z, *(getattr(model, name)(*given) for name, given in calls.items() if hasattr(model, name))]


def fresh(name="VAE", rows=X, **params):
    model = getattr(vaekit, name)(**SHORT, **params).fit(rows)
    return [answers(model, rows), model.kl_per_component_]


def search():
    return UDRSearch(vaekit.VAE(**SHORT), {"n_components": [2]}, n_models=2, random_state=0).fit(X)


def classifier():
    return evaluation.ClassifierFeatures((4,), max_iter=2, random_state=0).fit(X, X[:, 0] > 0)


def shown(display, model, **options):
    display = display.from_estimator(model, X, **options)
    display.plot()
    matplotlib.pyplot.close("all")
    return [value for value in vars(display).values() if isinstance(value, np.ndarray) and value.dtype != object]


def table_of_calls():
    """Named calls, on models that were fitted before anything was set."""
    model = vaekit.DPVAE(**SHORT).fit(X)
    pickled, codes = pickle.dumps(model), model.transform(X)
    seeded = {"random_state": 0}
    of_the_model = {
        "collapse_report": {}, "kl_decomposition": seeded, "reconstruction_error": seeded, "symmetric_kl": seeded,
        "sample_frechet_distance": seeded, "sample_precision_recall": seeded, "low_posterior_samples": seeded,
        "sample_kernel_distance": seeded, "rate_distortion": seeded,
        "high_posterior_samples": seeded, "importance_nll": {"n_importance_samples": 20, **seeded},
        "generation_report": {"n_samples": 40, "n_importance_samples": 10, "n_likelihood_rows": 10, **seeded},
    }  # fmt: skip
    of_factors_and_codes = {
        "beta_vae_score": SPLIT, "factor_vae_score": SPLIT, "explicitness_score": SPLIT, "sap_score": SPLIT,
        "dci_scores": {"estimator": DecisionTreeClassifier(), **SPLIT}, "linear_separability_loss": {},
        "mean_correlation_coefficient": {}, "mig_score": {}, "modularity_score": {}, "mutual_info_matrix": {},
        "mig_sup_score": {"estimator": "neighbors"}, "dcimig_score": {}, "jemmig_score": {}, "infomec_scores": SPLIT,
        "interventional_robustness_score": {},
    }  # fmt: skip
    displays = {
        inspection.LatentSpaceDisplay: seeded, inspection.ReconstructionDisplay: {}, inspection.TraversalDisplay: {},
        inspection.SamplesDisplay: seeded,
    }  # fmt: skip
    return {
        "fit": fresh,
        "fit_images": lambda: fresh("DPVAE", IMAGES),
        "fit_adversary": lambda: fresh("AAE", discriminator_layer_sizes=(8,)),
        "fit_module": lambda: fresh(network=Custom(encoder_module=encoder, decoder_module=decoder)),
        "partial_fit": lambda: vaekit.VAE(**SHORT, early_stopping=True).partial_fit(X).partial_fit(X).transform(X),
        "fit_transform": lambda: vaekit.VAE(**SHORT).fit_transform(pd.DataFrame(X, columns=list("abc"))),
        "fitted": lambda: answers(model, X),
        "unpickled": lambda: answers(pickle.loads(pickled), X),
        "search": lambda: search().best_score_,
        "aggregate": lambda: evaluation.AggregatePosterior.from_estimator(model, X).log_density(codes),
        "nearest_neighbours": lambda: evaluation.nearest_neighbours(X[:9] * 1.01, X),
        "classifier": lambda: classifier().transform(X),
        "frechet_distance": lambda: metrics.frechet_distance(X, 1.1 * X),
        "kernel_distance": lambda: metrics.kernel_distance(X, 1.1 * X, **seeded),
        "precision_recall_scores": lambda: metrics.precision_recall_scores(X, 1.1 * X),
        "udr_scores": lambda: metrics.udr_scores([CODES, 2 * CODES, CODES[:, ::-1]]),
        "gaussian_total_correlation": lambda: metrics.gaussian_total_correlation(CODES),
        "make_two_moons": lambda: datasets.make_two_moons(**seeded),
        "make_linear_mixture": lambda: datasets.make_linear_mixture(**seeded),
        "make_nonlinear_ica": lambda: datasets.make_nonlinear_ica(**seeded).data,
        "make_transitions": lambda: datasets.make_transitions(FACTORS, **seeded).rows,
        "modify_images": lambda: datasets.modify_images(IMAGES, np.arange(24).reshape(12, 2) % 5, (0, 1), **seeded),
        "latent_walk": lambda: inspection.latent_walk(model, X[:3], X[3:6]),
        "attribute_vector": lambda: inspection.attribute_vector(model, X, X[:, 0] > 0),
        **{
            name: lambda name=name, options=options: getattr(metrics, name)(FACTORS, CODES, **options)
            for name, options in of_factors_and_codes.items()
        },
        **{
            name: lambda name=name, options=options: getattr(evaluation, name)(model, X, **options)
            for name, options in of_the_model.items()
        },
        **{
            kind.__name__: lambda kind=kind, options=options: shown(kind, model, **options)
            for kind, options in displays.items()
        },
    }


def bits(value):
    """All numbers and words of a result, as bytes."""
    if isinstance(value, dict):
        return b"".join(bits(part) for _, part in sorted(value.items()))
    if isinstance(value, (tuple, list)):
        return b"".join(map(bits, value))
    if value is None or isinstance(value, str):
        return str(value).encode()
    if isinstance(value, evaluation.GenerationReport):
        return bits(vars(value))
    array = np.asarray(value)
    return str(array.dtype).encode() + array.tobytes()
