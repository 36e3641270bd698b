"""Several processes train the model that one process trains, or say why not."""

import json
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
import shared_training
from shared_training import REFUSED, TOGETHER, curves, faces

from vaekit.batching import data_parallel


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, shared_training.__file__, str(folder)]
    subprocess.run(command, env=environment, check=True, timeout=300)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {"curves": curves(), "faces": faces()}


@pytest.mark.parametrize("name", TOGETHER)
def test_losses_and_weights_are_those_of_one_process(both, alone, name):
    (losses, weights), (expected, expected_weights) = both[0]["curves"][name], alone["curves"][name]
    np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(weights, expected_weights, rtol=0, atol=1e-6)
    assert np.ptp(expected) > 1e-3


def test_all_processes_end_with_the_same_bits(both):
    assert both[0]["curves"] == both[1]["curves"]
    assert both[0]["faces"] == both[1]["faces"]


@pytest.mark.parametrize("name", ["early stopping", "labels", "scale", "weights", "gaps"])
def test_fits_are_those_of_one_process(both, alone, name):
    """In single precision, as estimators train."""
    np.testing.assert_allclose(both[0]["faces"][name], alone["faces"][name], rtol=1e-3, atol=1e-4)


def test_one_process_writes_and_shows_and_all_go_on(both):
    first, second = (found["gone on"] for found in both)
    assert (first["n_files"], first["n_steps"], first["is_shown"]) == (2, 20, True)
    assert second == {**first, "is_shown": False}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shared_is_refused_in_every_process(both, name):
    for found in both:
        assert REFUSED[name][1] in found["refused"][name]


def test_without_a_group_there_is_nothing_to_share(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(ValueError, match="start the program with torchrun"), data_parallel():
        pass
