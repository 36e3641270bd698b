"""Tests mirror the house: `tests/<room>/test_<file>.py` is about `vaekit/<room>/_<file>.py`, or a law over a table."""

from pathlib import Path

import pytest

import vaekit

TESTS, HOUSE = Path(__file__).parent, Path(vaekit.__file__).parent
ROOMS = sorted(folder.name for folder in TESTS.iterdir() if folder.is_dir() and folder.name != "helpers")
ROOMS = [room for room in ROOMS if not room.startswith(("_", "."))]

# tests of a room that hold several of its files to one law, or a world that it meets
LAWS = {
    "datasets": {"test_datasets", "test_loaders"},
    "estimators": {
        "test_bad_calls",
        "test_defaults",
        "test_docstrings",
        "test_family",
        "test_law",
        "test_likelihood_scale",
        "test_linear_gaussian",
        "test_mnist",
        "test_regularisers",
        "test_same_models",
        "test_sample_weight",
        "test_searches",
        "test_single_precision",
        "test_sparse",
        "test_two_moons",
        "test_windows",
    },
    "evaluation": {"test_estimators_meet_evaluation"},
    "experiments": {"test_main", "test_studies"},
    "inspection": {"test_every_display", "test_latent_map_in_a_browser"},
    "functional": {"test_functional_laws"},
    "likelihoods": {"test_likelihoods"},
    "metrics": {"test_metric_definitions", "test_metric_errors", "test_metric_goldens", "test_metric_worlds"},
    "nn": {"test_networks"},
    "objectives": {
        "test_gradient_separation",
        "test_objective_goldens",
        "test_objective_laws",
        "test_reductions",
        "test_sequences",
        "test_traceable",
        "test_traced_steps",
    },
    "persistence": {"test_hostile_files", "test_same_bits"},
    "posteriors": {"test_families_in_estimators", "test_foreign_posterior", "test_posteriors"},
    "priors": {"test_draws_and_densities", "test_foreign_prior", "test_priors"},
}


def names(folder, pattern):
    return {path.stem for path in folder.glob(pattern)}


@pytest.mark.parametrize("room", ROOMS)
def test_a_folder_of_tests_is_that_of_a_room(room):
    assert (HOUSE / room).is_dir()


@pytest.mark.parametrize("room", ROOMS)
def test_a_file_of_tests_mirrors_a_file_or_is_a_law(room):
    mirrored = {f"test{name}" for name in names(HOUSE / room, "_[!_]*.py")}
    laws = LAWS.get(room, set())
    assert names(TESTS / room, "*.py") - mirrored == laws
    assert laws.isdisjoint(mirrored)


def test_what_tests_share_is_in_one_folder():
    assert [path for path in TESTS.rglob("*.py") if path.parent.name != "helpers" and not is_of_tests(path)] == []


def is_of_tests(path):
    return path.stem.startswith("test_") or path.stem == "conftest"
