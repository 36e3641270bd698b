"""Damaged and hostile files: one clear error each, and no more memory than a small multiple of the file."""

import resource

import numpy as np
import pytest

from tests.helpers.broken_files import mutations
from tests.helpers.family import X, tiny
from vaekit.exceptions import UnreadableFileError
from vaekit.files import read_container, write_container
from vaekit.persistence import load, save


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("good") / "model"
    model = tiny("AVB", prior="decoupled").fit(X)
    save(model, path)
    return path


def test_500_mutated_files_are_all_refused(good, tmp_path):
    for mutated in mutations(good.read_bytes(), 500):
        (tmp_path / "file").write_bytes(mutated)
        with pytest.raises(UnreadableFileError, match="cannot be read"):
            load(tmp_path / "file")


def deep(n):
    value = []
    for _ in range(n):
        value = [value]
    return value


def word(content, name):
    """Parameters of a word of the model, name by name."""
    return content["model"]["words"][name]["word"][1]


def put(content, name, parameter, value):
    parameters = word(content, name)
    parameters[:] = [[key, value if key == parameter else old] for key, old in parameters]


def numbers(content, name, value):
    content["model"]["numbers"][name] = value


# what a forger, who can write a checksum, makes of a good file's content
FORGERIES = {
    "another library": lambda c: c.update(estimator="os.system"),
    "a word that is none": lambda c: c["model"]["words"]["prior"]["word"].__setitem__(0, "builtins.eval"),
    "an estimator for a word": lambda c: c["model"]["words"]["prior"]["word"].__setitem__(0, "VAE"),
    "a method": lambda c: c["learned"].update(transform="evil"),
    "a private attribute": lambda c: c["learned"].update(__class__="evil"),
    "a billion latents": lambda c: numbers(c, "n_components", 10**9),
    "a billion units": lambda c: put(c, "network", "hidden_layer_sizes", {"tuple": [10**9]}),
    "two wide layers": lambda c: put(c, "network", "hidden_layer_sizes", {"tuple": [900, 900, 900, 900, 900, 900]}),
    "many layers": lambda c: put(c, "network", "hidden_layer_sizes", {"tuple": [1] * 100_000}),
    "many couplings": lambda c: put(c, "prior", "n_couplings", 10**9),
    "a thousand couplings": lambda c: put(c, "prior", "n_couplings", 1000),
    "wide noise": lambda c: put(c, "posterior", "noise_width", 10**6),
    "a large image": lambda c: numbers(c, "event_shape", {"tuple": [3, 10**5, 10**5]}),
    "a negative shape": lambda c: numbers(c, "event_shape", {"tuple": [-4]}),
    "deep": lambda c: numbers(c, "event_shape", deep(300)),
    "very deep": lambda c: numbers(c, "event_shape", deep(900)),
    "an array that is not there": lambda c: c["model"]["net"].update(generator={"array": "999"}),
    "another kind of value": lambda c: c["model"]["net"].update(weights=3),
    "an unknown kind": lambda c: c["model"]["net"].update(weights={"pickle": "abc"}),
    "a parameter out of its range": lambda c: c["parameters"].update(batch_size=-3),
    "an unknown parameter": lambda c: c["parameters"].update(evil=1),
    "another number of features": lambda c: c["learned"].update(n_features_in_=7),
    "no model": lambda c: c.update(model=None),
    "nothing learned": lambda c: c.pop("learned"),
    "a list": lambda c: c.update(parameters=[1, 2]),
    "a foreign device": lambda c: c["model"]["net"].update(device="evil:0"),
    "a random state that is none": lambda c: c["parameters"].update(random_state={"random_state": ["MT", 1]}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_files_are_refused_within_bounds(good, tmp_path, name):
    content, arrays, _ = read_container(good, "model")
    FORGERIES[name](content)
    write_container(tmp_path / "file", "model", content, arrays)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        load(tmp_path / "file")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB


@pytest.mark.parametrize("change", [lambda a: a[:-1], lambda a: a.astype("f8")[None], lambda a: np.zeros((3, 0))])
def test_weights_of_another_shape_are_refused(good, tmp_path, change):
    content, arrays, _ = read_container(good, "model")
    (_, entry), *_ = content["model"]["net"]["weights"]["dict"]
    arrays[entry["array"]] = change(arrays[entry["array"]])
    write_container(tmp_path / "file", "model", content, arrays)
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        load(tmp_path / "file")
