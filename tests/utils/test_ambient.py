"""Settings of others change no number, break no call, and are found as they were left."""

import contextlib
import inspect
import subprocess
import sys
import threading

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.special
import sklearn
import torch
from ambient_world import (
    OF_TORCH,
    OF_TORCH_SETTINGS,
    ON_ALL,
    READINGS,
    SETTINGS,
    SHORT,
    SLOW,
    TOGETHER,
    X,
    answers,
    bits,
    readings,
    table_of_calls,
)

import vaekit
from vaekit import datasets, evaluation, impute, inspection, metrics, model_selection, outlier
from vaekit.estimators._base import BaseEncoder
from vaekit.utils._ambient import GuardedMethods, guarded, guarded_arithmetic, own_arithmetic, own_settings

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*latents carry information"),
    pytest.mark.filterwarnings("ignore:.*effective sample size"),
]


@pytest.fixture(scope="module")
def calls():
    """Named calls with what they give while nothing is set."""
    return {name: (call, bits(call())) for name, call in table_of_calls().items()}


def names_for(settings, calls):
    """The calls on which settings are tried: those that compute with torch for torch's, nearly all for the others."""
    if settings[0] in ON_ALL:
        return list(calls)
    return sorted(OF_TORCH) if settings[0] in OF_TORCH_SETTINGS else sorted(calls.keys() - SLOW)


@contextlib.contextmanager
def all_of(settings):
    with contextlib.ExitStack() as stack:
        for setting in settings:
            stack.enter_context(SETTINGS[setting]())
        yield


# ---------------------------------------------------------------------- no setting changes a number


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("settings", TOGETHER, ids=" ".join)
def test_no_setting_changes_a_number_or_breaks_a_call(settings, calls):
    before, changed = readings(), []
    for name in names_for(settings, calls):
        call, expected = calls[name]
        with all_of(settings):
            during = readings()
            found = bits(call())
            after = readings()
        changed += [name] if found != expected else []
        assert after == during, name
    assert changed == []
    assert readings() == before


def test_every_setting_is_tried_with_those_of_its_side():
    assert sorted(setting for settings in TOGETHER for setting in settings) == sorted(SETTINGS)
    assert all(len({setting in OF_TORCH_SETTINGS for setting in settings}) == 1 for settings in TOGETHER)


@pytest.mark.parametrize(
    "setting",
    ["pandas_output", "numpy_raises", "float64", "autocast", "medium_precision", "meta_device", "no_grad", "vmap"],
)
def test_the_settings_of_the_table_are_felt_by_others(setting):
    """Without a guard the same arithmetic is different, or refused: the table tests something."""

    def unguarded():
        layer, tiny = torch.ones(64, 64, requires_grad=True), np.full(3, 1e-300)
        scaled = sklearn.preprocessing.StandardScaler().fit_transform(X)
        noise = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
        product = torch.linspace(0, 1, 64)[None] * layer @ noise
        return type(scaled).__name__, bits((tiny * tiny, product.detach().float().numpy(), product.requires_grad))

    expected = unguarded()
    try:
        with SETTINGS[setting]():
            felt = unguarded() != expected
    except (RuntimeError, FloatingPointError, TypeError):
        felt = True
    assert felt


@pytest.mark.parametrize(("container", "frame"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_the_container_asked_for_is_that_of_our_own_output(container, frame):
    model = vaekit.VAE(**SHORT).fit(X)
    with sklearn.config_context(transform_output=container):
        assert isinstance(model.transform(X), frame)
        assert isinstance(vaekit.VAE(**SHORT).fit_transform(X), frame)
    assert isinstance(model.set_output(transform=container).transform(X), frame)


def test_estimators_of_others_keep_the_settings_they_were_written_for():
    """Evaluation calls objects of any origin: they see what their user set, arithmetic alone is calmed."""
    seen = []

    class Model:
        def transform(self, X):
            seen.append((sklearn.get_config()["transform_output"], torch.get_default_dtype(), np.geterr()["over"]))
            return X[:, :2]

    with sklearn.config_context(transform_output="pandas"), np.errstate(all="raise"), SETTINGS["float64"]():
        model_selection.udr_ranking([Model(), Model()], X)
    assert set(seen) == {("pandas", torch.float64, "warn")}


def test_global_generators_are_where_they_were(calls):
    np.random.seed(5)  # noqa: NPY002
    torch.manual_seed(5)
    names = ["fit", "fit_module", "fitted", "generation_report", "TraversalDisplay"]
    for name in names:
        calls[name][0]()
    assert np.random.rand() == np.random.RandomState(5).rand()  # noqa: NPY002
    assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(5))


# ---------------------------------------------------------------------- what is set is given back


LOUD = [setting for setting in SETTINGS if setting not in ("numpy_seed", "torch_seed", "warnings_are_errors")]


@pytest.mark.parametrize("setting", LOUD)
def test_a_call_that_fails_gives_back_what_was_set(setting):
    @guarded
    def fails():
        raise ZeroDivisionError

    with SETTINGS[setting]():
        during = readings()
        with pytest.raises(ZeroDivisionError):
            fails()
        assert readings() == during


SEVERAL = ["float64", "inference_mode", "autocast", "bf16_products", "no_mkldnn", "scipy_raises", "pandas_output"]
SEVERAL += ["array_dispatch", "flushed_denormals", "two_threads", "tf32_everywhere"]


def test_inside_a_call_all_is_as_in_a_fresh_process():
    """The table of what is ours is checked against a process in which nobody has set anything."""
    script = "from ambient_world import readings; import torch; torch.set_num_threads(1); print(readings())"
    folder = __file__.rsplit("/", 2)[0] + "/helpers"
    result = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)

    def inside():
        with own_settings():
            return str({**readings(), "numpy": (np.geterr(), np.getbufsize(), np.get_printoptions()["precision"])})

    fresh = result.stdout.strip().replace("'warn'", "'ignore'")  # floating-point errors are left to our own checks
    assert inside() == fresh
    with contextlib.ExitStack() as stack:
        for setting in SEVERAL:
            stack.enter_context(SETTINGS[setting]())
        assert inside() == fresh


def test_precision_set_through_both_of_torchs_interfaces_is_given_back():
    backends, before = torch.backends, READINGS["precision"]()
    try:
        torch.set_float32_matmul_precision("medium")
        backends.mkldnn.matmul.fp32_precision = "tf32"
        backends.cudnn.conv.fp32_precision = "ieee"
        during = READINGS["precision"]()
        with own_settings():
            assert READINGS["precision"]() == before
        assert READINGS["precision"]() == during
        with pytest.raises(RuntimeError, match="mix of the legacy and new"):
            torch.get_float32_matmul_precision()
    finally:
        backends.cudnn.conv.fp32_precision = "tf32"
        torch.set_float32_matmul_precision("highest")
        backends.mkldnn.matmul.fp32_precision = backends.cuda.matmul.fp32_precision = "none"
    assert READINGS["precision"]() == before


def test_calls_in_several_threads_share_the_settings_of_the_process():
    """The last one to leave gives them back, whoever found them."""
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()
    seen = {}

    def first():
        with own_settings():
            first_in.set()
            second_in.wait(10)
        seen["one is left"] = torch.get_default_dtype()
        first_out.set()

    def second():
        first_in.wait(10)
        with own_settings():
            second_in.set()
            first_out.wait(10)
            seen["inside"] = torch.get_default_dtype()

    with SETTINGS["float64"]():
        threads = [threading.Thread(target=target) for target in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen["after"] = torch.get_default_dtype()
    assert seen == {"one is left": torch.float32, "inside": torch.float32, "after": torch.float64}


def test_what_a_callback_sets_for_itself_is_put_aside_and_given_back_to_it():
    with own_settings():
        torch.set_default_dtype(torch.float64)
        with own_settings():
            assert torch.get_default_dtype() == torch.float32
        assert torch.get_default_dtype() == torch.float64
        torch.set_default_dtype(torch.float32)


def test_arithmetic_of_others_is_calmed_only_where_it_would_raise():
    with np.errstate(divide="raise", over="ignore", under="call", invalid="warn"), own_arithmetic():
        assert np.geterr() == {"divide": "warn", "over": "ignore", "under": "ignore", "invalid": "warn"}
    with scipy.special.errstate(domain="raise"), own_arithmetic():
        assert scipy.special.geterr()["domain"] == "ignore"


# ---------------------------------------------------------------------- every public call is guarded


def members(cls):
    """Public methods and properties of a class and its bases, but those of other libraries, as functions."""
    for base in cls.__mro__:
        if not base.__module__.startswith("vaekit."):
            continue
        for name, member in vars(base).items():
            function = (
                getattr(member, "fget", None) or getattr(member, "__func__", None) or getattr(member, "fn", member)
            )
            if not name.startswith("_") and inspect.isfunction(function):
                yield f"{cls.__name__}.{name}", function


ROOMS = [datasets, evaluation, inspection, metrics, model_selection, outlier, impute]
PUBLIC = [(f"{room.__name__}.{name}", getattr(room, name)) for room in ROOMS for name in room.__all__]
ESTIMATORS = [getattr(vaekit, name) for name in sorted(vaekit.estimators.__all__)]


def is_guarded(function):
    """Whether a function, or one it wraps, runs in one of the two contexts."""
    while function is not None:
        if getattr(function, "__guard__", None) in (own_settings, own_arithmetic):
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def test_every_public_function_is_guarded():
    functions = [(name, value) for name, value in PUBLIC if inspect.isfunction(value)]
    assert len(functions) > 50
    assert [name for name, function in functions if not is_guarded(function)] == []


def test_every_public_method_is_guarded():
    classes = [value for _, value in PUBLIC if inspect.isclass(value) and not issubclass(value, tuple)]
    methods = [pair for cls in (*ESTIMATORS, *classes) for pair in members(cls)]
    assert len(methods) > 200
    assert [name for name, function in methods if not is_guarded(function)] == []


def test_pickling_is_guarded():
    assert all(is_guarded(getattr(BaseEncoder, name)) for name in ("__getstate__", "__setstate__"))


def test_a_guard_hides_nothing_of_a_function():
    @guarded
    @guarded_arithmetic
    def double(x, *, times=2):
        """Words."""
        return x * times

    assert (double.__name__, double.__doc__, double(3)) == ("double", "Words.", 6)
    assert str(inspect.signature(double)) == "(x, *, times=2)"


def test_methods_of_every_kind_are_guarded():
    class Thing(GuardedMethods):
        @property
        def prop(self):
            return np.geterr()["over"]

        @classmethod
        def made(cls):
            return np.geterr()["over"]

        @staticmethod
        def static():
            return np.geterr()["over"]

        def method(self):
            return np.geterr()["over"]

        def _private(self):
            return np.geterr()["over"]

        number = 3

    thing = Thing()
    with np.errstate(all="raise"):
        assert {thing.prop, thing.made(), thing.static(), thing.method()} == {"ignore"}
        assert thing._private() == "raise"
    assert thing.number == 3


def test_models_train_and_answer_in_threads_of_their_own(calls):
    """Four threads at once, each with a setting of its thread, give what one gives."""
    expected, found = bits(answers(vaekit.VAE(**SHORT).fit(X), X)), []

    def run(setting):
        with SETTINGS[setting]():
            found.append(bits(answers(vaekit.VAE(**SHORT).fit(X), X)))

    threads = [
        threading.Thread(target=run, args=(s,)) for s in ("no_grad", "autocast", "numpy_raises", "pandas_output")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
