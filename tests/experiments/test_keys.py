"""A run's key holds all that decides its numbers, and nothing else."""

import json
import subprocess
import sys
from functools import partial

import pytest
from sklearn.base import BaseEstimator, clone

from vaekit import FactorDPVAE
from vaekit.experiments import StudyRun
from vaekit.experiments._keys import agrees, described, key_of
from vaekit.nn import MLP
from vaekit.priors import Decoupled

MODEL = FactorDPVAE(gamma=3, prior=Decoupled(n_couplings=2))
RUN = StudyRun({"method": "a"}, MODEL, {"name": "moons", "n_rows": 100}, 0)


def key(study="s", version=1, **changed):
    return key_of(study, version, StudyRun(**{**vars(RUN), **changed}))


@pytest.mark.parametrize(
    "changed",
    [
        {"seed": 1}, {"data": {"name": "moons", "n_rows": 101}}, {"study": "t"}, {"version": 2},
        {"model": clone(MODEL).set_params(gamma=3.1)}, {"model": clone(MODEL).set_params(prior__n_couplings=3)},
        {"model": clone(MODEL).set_params(network=MLP(hidden_layer_sizes=(3,)))},
    ],
    ids=str,
)  # fmt: skip
def test_what_decides_numbers_counts(changed):
    assert key(**changed) != key()


@pytest.mark.parametrize("params", [{"device": "cuda"}, {"checkpoint": "there"}, {"verbose": 1}, {"random_state": 3}])
def test_where_and_how_it_is_done_does_not(params):
    assert key(model=clone(MODEL).set_params(**params)) == key()
    assert key(labels={"method": "b"}) == key()


def model_of(code):
    """What a source file of some version of a library makes."""
    names = {"BaseEstimator": BaseEstimator, "__name__": "library._part"}
    exec(code, names)
    return names["Model"]


BEFORE = model_of("""
class Model(BaseEstimator):
    def __init__(self, a=1, b=2):
        self.a, self.b = a, b
""")
LATER = {  # what became of it, and whether Model(b=3) and Model(Model(b=3)) are still the same runs
    "nothing": ("def __init__(self, a=1, b=2): self.a, self.b = a, b", True),
    "a parameter more": ("def __init__(self, a=1, b=2, c=None): self.a, self.b, self.c = a, b, c", True),
    "another default": ("def __init__(self, a=5, b=2): self.a, self.b = a, b", False),
    "the default that was asked for": ("def __init__(self, a=1, b=3): self.a, self.b = a, b", False),
    "a parameter less": ("def __init__(self, b=2): self.b = b", False),
}


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize(("later", "same"), LATER.values(), ids=LATER)
def test_records_outlive_parameters_that_are_added_but_no_default_that_changes(later, same, within):
    model_later = model_of(f"class Model(BaseEstimator):\n    {later}")
    models = [cls(b=cls(b=3)) if within else cls(b=3) for cls in (BEFORE, model_later)]
    recorded = json.loads(json.dumps(described(models[0])))
    found = key(model=models[0]) == key(model=models[1]) and agrees(recorded, described(models[1]))
    assert found is same


def test_a_parameter_that_is_added_and_used_is_another_run():
    later = model_of(f"class Model(BaseEstimator):\n    {LATER['a parameter more'][0]}")
    assert key(model=later(b=3, c=1)) != key(model=BEFORE(b=3))


def test_files_may_be_moved_within_a_package():
    assert described(MODEL)["class"] == "vaekit.estimators.FactorDPVAE"
    assert described(partial(key, "s"))["function"].endswith("key")


def test_it_is_the_same_in_every_process():
    code = (
        "from vaekit import FactorDPVAE; from vaekit.priors import Decoupled; from vaekit.experiments import StudyRun;"
        "from vaekit.experiments._keys import key_of;"
        "print(key_of('s', 1, StudyRun({}, FactorDPVAE(gamma=3, prior=Decoupled(n_couplings=2)),"
        "{'name': 'moons', 'n_rows': 100}, 0)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == key()
