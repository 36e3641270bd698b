import logging.handlers
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch

from tests.helpers.drawn_worlds import WORLDS
from tests.helpers.family import IMAGES, NAMES, X, same_bits, tiny
from tests.helpers.foreign_words import own_network
from vaekit.exceptions import UnreadableFileError
from vaekit.nn import MLP, ConvNet, ConvNet1d, Custom
from vaekit.persistence import load

WHAT = ("transform", "inverse_transform", "score_samples")
PICTURES = {
    "bytes": IMAGES,
    "shares": (IMAGES / 255).astype(np.float32),
    "colours": IMAGES[:, None].repeat(3, axis=1),
}
SMALL = ConvNet(channels=2, hidden_layer_sizes=(8,))


def inputs_of(model, what, rows):
    """What a method is given, in the type that its program takes."""
    rows = model.transform(rows).astype(np.float64) if what == "inverse_transform" else rows
    return rows if rows.dtype == np.float64 else rows.astype(np.float32)


def assert_agrees(model, what, rows, run):
    """A program gives what the method gives, for any number of rows."""
    given = inputs_of(model, what, rows)
    expected = getattr(model, what)(given)
    for n_rows in (len(given), 1):
        found = run(given[:n_rows])
        assert (found.shape, found.dtype) == (expected[:n_rows].shape, expected.dtype)
        np.testing.assert_allclose(found, expected[:n_rows], rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def exported(model, what, path):
    model.export(path, what=what)
    program = torch.export.load(path).module()
    return lambda rows: program(torch.from_numpy(rows)).cpu().numpy()


# scores of a model take seconds to trace: all estimators are held to their codes, a few to everything
EVERYTHING = [(name, what) for name in ("VAE", "DPVAE", "AAE") for what in WHAT[1:] if (name, what) != ("AAE", WHAT[2])]


@pytest.mark.parametrize(("name", "what"), [*((name, "transform") for name in NAMES), *EVERYTHING])
def test_programs_of_every_estimator(name, what, tmp_path):
    model = tiny(name, max_epochs=1).fit(100 * X + 1e4)
    assert_agrees(model, what, 100 * X + 1e4, exported(model, what, tmp_path / "program.pt2"))


@pytest.mark.parametrize(("name", "what"), [*zip(PICTURES, WHAT), ("colours", "transform")])
def test_programs_of_images(name, what, tmp_path):
    rows = PICTURES[name]
    model = tiny("BetaVAE", max_epochs=1, network=SMALL).fit(rows)
    assert_agrees(model, what, rows, exported(model, what, tmp_path / "program.pt2"))


WORDS = {
    "a network of ones own": ("score_samples", {"network": own_network()}),
    "columns": ("transform", {"standardize": "column"}),
    "units as they are": ("inverse_transform", {"standardize": None, "likelihood": "laplace"}),
    "a mixture": ("score_samples", {"prior": "mixture"}),
    "a full posterior": ("transform", {"posterior_family": "full_normal"}),
    "a smooth network": ("transform", {"network": MLP(hidden_layer_sizes=(5,), activation="gelu")}),
}


@pytest.mark.parametrize("name", WORDS)
def test_programs_of_other_words(name, tmp_path):
    what, words = WORDS[name]
    model = tiny("VAE", max_epochs=2, **words).fit(X * [1, 10, 100, 1e4])
    assert_agrees(model, what, X * [1, 10, 100, 1e4], exported(model, what, tmp_path / "program.pt2"))


PLACES = np.arange(len(X)) % 3
CONDITIONS = {
    "texts": (np.array(["so", "thus", "yet"])[PLACES], PLACES),
    "numbers": (X[:, 0] / 3, X[:, 0] / 3),
    "both": (np.column_stack([PLACES * 2.0, X[:, 1]]), np.column_stack([PLACES * 2.0, X[:, 1]])),
}
TOLD = [("texts", "inverse_transform", {}), ("both", "score_samples", {}),
        ("numbers", "transform", {"condition_decoder": False, "prior": "conditional_normal"})]  # fmt: skip


@pytest.mark.parametrize(("name", "what", "params"), TOLD)
def test_programs_of_conditional_models_take_what_is_known(name, what, params, tmp_path):
    y, numbers = CONDITIONS[name]
    model = tiny("ConditionalVAE", max_epochs=1, learning_rate=0.03, **params).fit(100 * X + 1e4, y)
    model.export(tmp_path / "program.pt2", what=what)
    program = torch.export.load(tmp_path / "program.pt2").module()
    rows = model.transform(100 * X + 1e4, y).astype(np.float64) if what == "inverse_transform" else 100 * X + 1e4
    expected, others = getattr(model, what)(rows, y=y), getattr(model, what)(rows, y=y[::-1])
    for n_rows in (len(X), 1):
        found = program(torch.from_numpy(rows[:n_rows]), torch.from_numpy(numbers[:n_rows].astype(np.float64)))
        bound = {"rtol": 1e-5, "atol": 1e-5 * np.abs(expected).max()}
        np.testing.assert_allclose(found.numpy(), expected[:n_rows], **bound)
    assert not np.allclose(expected, others, **bound)


EPOCH = pd.Timestamp("1970-01-01")


def numbers_of(frame, columns):
    """A number for each cell, as programs take them: written by hand, cell by cell."""

    def number(cell, column):
        if pd.isna(cell):
            return np.nan
        if column.kind == "category":
            return column.categories.index(cell)
        return (cell - EPOCH) / pd.Timedelta(days=1) if column.kind == "moment" else float(cell)

    cells = [[number(cell, column) for cell in frame[column.name]] for column in columns.columns]
    return np.array(cells, dtype=np.float64).T


MIXED = [("mixed, told", "inverse_transform"), ("mixed with gaps", "score_samples")]


def fitted_on(world):
    make, params = WORLDS[world]
    rows = make(3, n_rows=30)
    return tiny("VAE", max_epochs=1, **params).fit(rows), rows


def assert_agrees_on_cells(model, what, rows, run):
    columns, codes = model.columns_, 5 * model.transform(rows).astype(np.float64)
    given = codes if what == "inverse_transform" else numbers_of(rows, columns)
    expected = getattr(model, what)(codes if what == "inverse_transform" else rows)
    expected = numbers_of(expected, columns) if what == "inverse_transform" else expected
    for n_rows in (len(given), 1):
        found = run(given[:n_rows])
        np.testing.assert_allclose(found, expected[:n_rows], rtol=1e-5, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize(("world", "what"), MIXED)
def test_programs_of_tables_of_several_kinds_take_a_number_for_each_cell(world, what, tmp_path):
    model, rows = fitted_on(world)
    assert_agrees_on_cells(model, what, rows, exported(model, what, tmp_path / "program.pt2"))


def test_programs_of_windows(tmp_path):
    rows = WORLDS["windows"][0](0)
    model = tiny("VAE", network=ConvNet1d(channels=2, hidden_layer_sizes=(4,))).fit(rows)
    assert_agrees(model, "transform", rows, exported(model, "transform", tmp_path / "program.pt2"))


@pytest.mark.onnx
def test_a_file_of_onnx_takes_cells(tmp_path):
    import onnxruntime

    model, rows = fitted_on("mixed, told")
    model.export(tmp_path / "program.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "program.onnx")
    name = session.get_inputs()[0].name
    assert_agrees_on_cells(model, "transform", rows, lambda cells: session.run(None, {name: cells})[0])


def test_a_program_is_a_copy(tmp_path):
    model = tiny("VAE", max_epochs=1).fit(X)
    run, codes = exported(model, "transform", tmp_path / "program.pt2"), model.transform(X)
    history = len(model.partial_fit(X).history_)
    assert same_bits(run(X), codes)
    assert len(model.partial_fit(X).history_) == history + 1


ALONE = """
import sys, torch
program = torch.export.load(sys.argv[1]).module()
print([round(x, 4) for x in program(torch.ones(1, 4, dtype=torch.float64))[0].tolist()])
assert "vaekit" not in sys.modules and "sklearn" not in sys.modules
"""


def test_a_program_runs_without_the_library(tmp_path):
    model = tiny("DPVAE", max_epochs=1).fit(X)
    model.export(tmp_path / "program.pt2")
    command = [sys.executable, "-c", ALONE, str(tmp_path / "program.pt2")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert printed == f"{[round(x, 4) for x in model.transform(np.ones((1, 4)))[0].tolist()]}\n"


@pytest.mark.onnx
def test_a_file_of_onnx_takes_what_is_known(tmp_path):
    import onnxruntime

    model = tiny("ConditionalVAE", max_epochs=1).fit(X, PLACES)
    model.export(tmp_path / "program.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "program.onnx")
    given = zip((each.name for each in session.get_inputs()), (X, PLACES.astype(np.float64)))
    np.testing.assert_allclose(session.run(None, dict(given))[0], model.transform(X, PLACES), rtol=1e-5, atol=1e-5)


@pytest.mark.onnx
@pytest.mark.parametrize(("name", "what"), [("FactorDPVAE", "transform"), ("DPVAE", WHAT[1]), ("VAE", WHAT[2])])
def test_files_of_onnx(name, what, tmp_path, monkeypatch):
    import onnxruntime

    model = tiny(name, max_epochs=1).fit(100 * X + 1e4)
    said = logging.handlers.BufferingHandler(1000)
    monkeypatch.setattr(logging.getLogger("torch.onnx._internal.exporter._registration"), "handlers", [said])
    model.export(tmp_path / "program.onnx", what=what)
    assert said.buffer == []  # torch's own talk of what it skips
    session = onnxruntime.InferenceSession(tmp_path / "program.onnx")
    assert_agrees(model, what, 100 * X + 1e4, lambda rows: session.run(None, {session.get_inputs()[0].name: rows})[0])


BAD = {
    "another ending": ("model.txt", {}, r"must end in one of \['.onnx', '.pt2'\]"),
    "another method": ("model.pt2", {"what": "sample"}, r"must be one of \['transform', 'inverse_transform'"),
    "no method": ("model.pt2", {"what": None}, "must be one of"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_calls_leave_no_file(name, tmp_path):
    path, params, words = BAD[name]
    with pytest.raises(ValueError, match=words):
        tiny("VAE", max_epochs=1).fit(X).export(tmp_path / path, **params)
    assert list(tmp_path.iterdir()) == []


def test_what_an_estimator_has_not_is_not_exported(tmp_path):
    with pytest.raises(ValueError, match=r"one of \['transform', 'inverse_transform'\]"):
        tiny("IWAE", max_epochs=1).fit(X).export(tmp_path / "model.pt2", what="score_samples")


class Deciding(torch.nn.Module):
    """Looks at values, which a program cannot."""

    def forward(self, x):
        return x if x.sum() > 0 else -x


def test_a_module_that_is_no_program_is_said_to_be_none(tmp_path):
    network = Custom(encoder_module=Deciding(), decoder_module=torch.nn.Linear(2, 4))
    with pytest.raises(ValueError, match="cannot be exported"):
        tiny("VAE", max_epochs=1, network=network).fit(X).export(tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_no_model(tmp_path):
    tiny("VAE", max_epochs=1).fit(X).export(tmp_path / "model.pt2")
    with pytest.raises(UnreadableFileError, match="cannot be read"):
        load(tmp_path / "model.pt2")


# ---------------------------------------------------------------------- devices


def test_moving_to_where_it_is_changes_nothing():
    model = tiny("FactorDPVAE").fit(X)
    net, codes = model.net_, model.transform(X)
    assert model.to("cpu") is model
    assert model.set_params(device=torch.device("cpu")) is model
    assert model.net_ is net
    assert same_bits(model.transform(X), codes)
    model.partial_fit(X)


@pytest.mark.parametrize("device", ["cuda:99", "nonsense", "meta"])
def test_a_device_that_is_not_there_is_refused_and_nothing_changes(device):
    model = tiny("VAE").fit(X)
    codes = model.transform(X)
    for move in (lambda: model.to(device), lambda: model.set_params(device=device, n_components=7)):
        with pytest.raises(ValueError, match="'device' parameter"):
            move()
    assert (model.device, model.n_components) == ("auto", 2)
    assert same_bits(model.transform(X), codes)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["VAE", "FactorDPVAE"])
def test_there_and_back(name):
    model = tiny(name, device="cpu").fit(X)
    codes, samples = model.transform(X), model.sample(5, random_state=0)
    moved = model.to("cuda")
    assert moved.net_.flat_.buffer.is_cuda
    np.testing.assert_allclose(moved.transform(X), codes, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(moved.sample(5, random_state=0), samples, rtol=1e-4, atol=1e-4)
    moved.partial_fit(X).to("cpu").partial_fit(X)
    assert model.n_steps_ == 25
