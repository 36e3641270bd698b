"""The examples as a user runs them, on less data and for fewer steps."""

import http.client
import importlib.util
import io
import json
import os
import runpy
import subprocess
import sys
import threading
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot
import numpy as np
import pytest

from vaekit import VAE

EXAMPLES = Path(__file__).parents[1] / "examples"
FEW = np.random.default_rng(0).normal(size=(30, 4))


def run(name, *arguments):
    """Run an example in this process, which has imported what it needs, and return the lines it printed."""
    with redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    matplotlib.pyplot.close("all")
    return printed.getvalue().splitlines()


def run_alone(name, *arguments):
    """Run an example as a user does, in a process of its own, and return the lines it printed."""
    command = [sys.executable, str(EXAMPLES / name), *map(str, arguments)]
    tree = {"PYTHONPATH": str(EXAMPLES.parent)}  # not a copy that is installed
    environment = {**os.environ, **tree, "PYTHONWARNINGS": "ignore"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def is_picture(path):
    picture = matplotlib.image.imread(path)
    return picture.shape[0] > 300 and picture[..., :3].std() > 0.05


def check_table(lines, n_rows):
    """One line for PCA and one for each strength; the scores are accuracies."""
    table = [line for line in lines if "+-" in line]
    assert lines[0].startswith(f"ten codes of {n_rows} digits")
    assert [line.split("(")[0] for line in table] == ["PCA"] + ["DecoupledBetaVAE"] * 3
    assert all(0.1 < float(line.split()[1]) <= 1 for line in table)


def test_quickstart(tmp_path):
    check_table(run_alone("quickstart.py", "--rows", 70, "--epochs", 1, "--out", tmp_path / "a.png"), 70)
    assert is_picture(tmp_path / "a.png")


@pytest.mark.real_data
def test_quickstart_on_mnist(tmp_path, data_folder):
    mnist = ["--mnist", data_folder / "mnist"]
    check_table(run("quickstart.py", *mnist, "--rows", 200, "--epochs", 3, "--out", tmp_path / "a.png"), 200)
    assert is_picture(tmp_path / "a.png")


def test_two_moons(tmp_path):
    lines = run("two_moons.py", "--steps", 40, "--out", tmp_path / "a.png")
    assert [line.split(" symmetric KL")[0].strip() for line in lines[:2]] == ["β-VAE", "decoupled β-VAE"]
    assert is_picture(tmp_path / "a.png")


def test_disentanglement_grid(tmp_path):
    small = ["--positions", 2, "--gammas", 0, 10, "--steps", 5, "--jobs", 1]
    lines = run("disentanglement_grid.py", *small, "--out", tmp_path / "a.png")
    assert lines[0] == "180 images of 32 x 32, factors (3, 3, 5, 2, 2)"
    assert [float(line.split()[0]) for line in lines[2:4]] == [0, 10]
    scores = [float(cell) for line in lines[2:4] for cell in line.replace("+-", "").split()[1:9]]
    assert all(0 <= score <= 1 for score in scores)
    assert any(line.startswith("trees, 100 labels: shape") for line in lines)
    assert is_picture(tmp_path / "a.png")


def test_pockets(tmp_path):
    lines = run("pockets.py", "--rows", 120, "--epochs", 1, "--out", tmp_path / "a.png")
    families = ["VAE", "β-VAE", "β-VAE-B", "FactorVAE", "β-TCVAE", "InfoVAE", "DIP-VAE"]
    assert [line.split()[0] for line in lines[2:9]] == families
    assert all(float(distance) > 0 for line in lines[2:9] for distance in line.split()[-2:])
    assert is_picture(tmp_path / "a.png")


# ---------------------------------------------------------------------- a service


@pytest.fixture(scope="module")
def service():
    found = importlib.util.spec_from_file_location("service", EXAMPLES / "service.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_a_service_under_load(service, capsys):
    service.load_test(n_threads=3, n_requests=36)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("36 requests of one row from 3 threads")
    assert [line.split()[0] for line in lines[1:4]] == ["/transform", "/score", "/sample"]
    assert lines[4].endswith("failures: 0")


@pytest.fixture(scope="module")
def server(service):
    """A small model behind a port of this machine, and the model."""
    model = VAE(n_components=2, max_epochs=1, random_state=0).fit(FEW)
    server = service.Server(("127.0.0.1", 0), model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server, model
    server.shutdown()
    server.server_close()
    thread.join()


def ask(server, method, path, body=None, headers=None):
    """Return the status, and the JSON that came."""
    connection = http.client.HTTPConnection(*server[0].server_address, timeout=30)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_a_service_says_what_the_model_says(server):
    X, model = json.dumps({"X": FEW[:3].tolist()}), server[1]
    assert ask(server, "POST", "/transform", X) == (200, {"codes": model.transform(FEW[:3]).tolist()})
    assert ask(server, "POST", "/score", X) == (200, {"scores": model.score_samples(FEW[:3]).tolist()})
    samples = model.sample(2, random_state=7).tolist()
    assert ask(server, "POST", "/sample", '{"n_samples": 2, "random_state": 7}') == (200, {"X": samples})
    assert ask(server, "GET", "/health") == (200, {"model": "VAE", "columns": 4})


WRONG = {
    "no JSON": ("POST", "/transform", "{", 400, "must be JSON"),
    "depth": ("POST", "/transform", "[" * 100_000, 400, "must be JSON"),
    "bytes": ("POST", "/transform", b"\xff\xfe", 400, "must be JSON"),
    "no object": ("POST", "/transform", "[1]", 400, "JSON object"),
    "no rows": ("POST", "/score", "{}", 422, "needs 'X'"),
    "no row": ("POST", "/score", '{"X": []}', 422, "."),
    "a row": ("POST", "/score", '{"X": [1, 2, 3, 4]}', 422, "2D array"),
    "ragged rows": ("POST", "/transform", '{"X": [[1], [1, 2]]}', 422, "of one length"),
    "texts": ("POST", "/transform", '{"X": [["a", "b", "c", "d"]]}', 422, "of numbers"),
    "objects": ("POST", "/transform", '{"X": {"a": 1}}', 422, "of numbers"),
    "other columns": ("POST", "/transform", '{"X": [[1, 2]]}', 422, "features"),
    "not a number": ("POST", "/transform", '{"X": [[1, 2, 3, NaN]]}', 422, "NaN"),
    "none": ("POST", "/transform", '{"X": [[1, 2, 3, null]]}', 422, "NaN"),
    "too many samples": ("POST", "/sample", '{"n_samples": 1000000000}', 422, "'n_samples'"),
    "a fraction": ("POST", "/sample", '{"n_samples": 1.5}', 422, "'n_samples'"),
    "a seed": ("POST", "/sample", '{"random_state": -1}', 422, "'random_state'"),
    "another address": ("POST", "/fit", "{}", 404, "POST to one of"),
    "another page": ("GET", "/", None, 404, "GET /health"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_request_is_told_so_and_the_service_lives(server, name):
    method, path, body, status, words = WRONG[name]
    found, content = ask(server, method, path, body)
    assert (found, list(content)) == (status, ["error"])
    assert words in content["error"]
    assert ask(server, "GET", "/health")[0] == 200


@pytest.mark.parametrize(("length", "status"), [("99999999999", 413), ("-1", 411), ("many", 411)])
def test_a_request_of_no_length_or_too_great_a_one_is_not_read(server, length, status):
    assert ask(server, "POST", "/transform", None, {"Content-Length": length})[0] == status
