"""A run's key holds all that decides its numbers, and nothing else."""

import subprocess
import sys

import pytest
from sklearn.base import clone

from vaekit import FactorDPVAE
from vaekit.experiments import StudyRun
from vaekit.experiments._keys import key_of
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


def test_it_is_the_same_in_every_process():
    code = (
        "from vaekit import FactorDPVAE; from vaekit.priors import Decoupled; from vaekit.experiments import StudyRun;"
        "from vaekit.experiments._keys import key_of;"
        "print(key_of('s', 1, StudyRun({}, FactorDPVAE(gamma=3, prior=Decoupled(n_couplings=2)),"
        "{'name': 'moons', 'n_rows': 100}, 0)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == key()
