"""The examples as a user runs them, on less data and for fewer steps."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.image
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, *arguments):
    """Run an example and return the lines it printed."""
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
    check_table(run("quickstart.py", "--rows", 100, "--epochs", 1, "--out", tmp_path / "a.png"), 100)
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
    small = ["--positions", 3, "--gammas", 0, 10, "--steps", 5, "--jobs", 1]
    lines = run("disentanglement_grid.py", *small, "--out", tmp_path / "a.png")
    assert lines[0] == "405 images of 32 x 32, factors (3, 3, 5, 3, 3)"
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
