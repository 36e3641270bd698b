"""What a fitted model computes as one torch program: rows or codes in, numbers in the units of X out."""

import contextlib
import copy
import importlib
import io
import logging
import warnings

import numpy as np
import torch
from torch import nn

from vaekit.fitted._densities import shared_noise
from vaekit.fitted._export_columns import CellsOfNumbers, NumbersOfCells
from vaekit.fitted._preprocessing import LIMIT

__all__ = ["PROGRAMS", "onnx_bytes", "program_of", "torch_bytes"]

N_EXAMPLES = 3  # rows by which a program is traced; it takes any number of them


class Program(nn.Module):
    """A copy of a model's module, with the way from the units of X to those of the network, and back.

    Parameters
    ----------
    model : TrainedModel
    conditions : nn.Module, optional
        Of a conditional model: y, the second input of the program, as rows of numbers. It has an `example(n_rows)`.
    """

    def __init__(self, model, conditions=None):
        super().__init__()
        blueprint, self.conditions = model.blueprint, conditions
        self.module = copy.deepcopy(model.module).cpu().eval().requires_grad_(False)
        self.event_shape, self.is_image = blueprint.event_shape, blueprint.is_image
        self.row_shape = blueprint.image_shape or (blueprint.n_columns,)
        self.numbers, self.cells = nn.Identity(), nn.Identity()
        if blueprint.columns is not None:
            self.numbers = NumbersOfCells(blueprint.columns, blueprint.has_gaps)
            self.cells = CellsOfNumbers(blueprint.columns)
        for name, value in blueprint.preprocessing._asdict().items():
            self.register_buffer(name, torch.tensor(np.asarray(value, dtype=np.float64)))

    def to_network(self, X):
        """Rows of numbers as the network sees them; centred in double precision."""
        values = (X.reshape(X.shape[0], -1).to(torch.float64) - self.offset) / self.unit
        return values.clamp(-LIMIT, LIMIT).to(torch.float32).reshape(-1, *self.event_shape)

    def told(self, y):
        """The module, as it is for rows about which y is known."""
        return self.module if y is None else self.module.given(self.conditions(y))

    def examples(self):
        """All inputs: rows or codes, and what is known about them, if anything is."""
        return (self.example(), *([] if self.conditions is None else [self.conditions.example(N_EXAMPLES)]))

    @property
    def float_type(self):
        """Type of numbers in and out: pixels need no double precision."""
        return torch.float32 if self.is_image else torch.float64


class Transform(Program):
    """Codes of rows."""

    def forward(self, X, y=None):
        """Means of q(z | x), (n_rows, n_components)."""
        return self.told(y).encode(self.to_network(self.numbers(X))).loc.to(self.float_type)

    def example(self):
        """A few rows of the right shape and type."""
        return torch.zeros(N_EXAMPLES, *self.row_shape, dtype=self.float_type)


class InverseTransform(Program):
    """Decoded codes."""

    def __init__(self, model, conditions=None):
        super().__init__(model, conditions)
        self.n_components = model.blueprint.n_components

    def forward(self, Z, y=None):
        """E[x | z] in the units of X."""
        decoded = self.module.likelihood.mean(self.told(y).decode(Z.to(torch.float32)))
        rows = decoded.reshape(decoded.shape[0], -1).to(torch.float64) * self.unit + self.offset
        return self.cells(rows).to(self.float_type).reshape(-1, *self.row_shape)

    def example(self):
        """A few codes."""
        return torch.zeros(N_EXAMPLES, self.n_components, dtype=torch.float64)


class ScoreSamples(Transform):
    """The evidence lower bound of rows."""

    def __init__(self, model, conditions=None):
        model.settle()
        super().__init__(model, conditions)
        self.register_buffer("noise", torch.from_numpy(shared_noise(model))[:, None])
        self.log_volume, self.has_gaps = model.blueprint.log_volume, model.blueprint.has_gaps
        self.register_buffer("log_units", torch.from_numpy(model.blueprint.log_units))

    def forward(self, X, y=None):
        """E_q log p(x | z) - KL(q(z | x) || p(z)) in nats per row, over noise that all rows share."""
        X, told = self.numbers(X), self.told(y)
        x = self.to_network(X)
        posterior = told.encode(x)
        z = posterior.rsample(self.noise)
        bounds = told.likelihood.log_prob(told.decode(z), x) - told.prior.kl(posterior, z)
        return bounds.to(torch.float64).mean(0) + self._log_volumes(X)

    def _log_volumes(self, X):
        if not self.has_gaps:
            return self.log_volume
        return -(~X.reshape(X.shape[0], -1).isnan()).to(torch.float64) @ self.log_units


PROGRAMS = {"transform": Transform, "inverse_transform": InverseTransform, "score_samples": ScoreSamples}


def program_of(model, what, conditions=None):
    """Return what a model computes as an `ExportedProgram` of torch, for any number of rows.

    Parameters
    ----------
    model : TrainedModel
    what : str
        One of `PROGRAMS`.
    conditions : nn.Module, optional
        As in `Program`.
    """
    program = PROGRAMS[what](model, conditions).eval()
    examples, rows = program.examples(), torch.export.Dim("n_rows", min=1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch, about itself
        return torch.export.export(program, examples, dynamic_shapes=tuple({0: rows} for _ in examples))


def torch_bytes(program):
    """The file that `torch.export.load` reads."""
    file = io.BytesIO()
    torch.export.save(program, file)
    return file.getvalue()


def onnx_bytes(program):
    """The file that ONNX runtimes read.

    Raises
    ------
    ImportError
        If the packages that write it are not there.
    """
    for name in ("onnx", "onnxscript"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ImportError(
                f"Files of ONNX are written with {name}, which is not installed: pip install onnx onnxscript; or let "
                "the path end in '.pt2'."
            ) from error
    with warnings.catch_warnings(), _only_errors("torch.onnx", "onnxscript", "onnx_ir"):
        warnings.simplefilter("ignore")  # of torch and onnxscript, about themselves
        written = torch.onnx.export(program, dynamo=True, verbose=False)
    return written.model_proto.SerializeToString()


@contextlib.contextmanager
def _only_errors(*libraries):
    """Let loggers of libraries, and those below them, say nothing less than an error."""
    beginnings = tuple(f"{library}." for library in libraries)
    names = [name for name in logging.root.manager.loggerDict if f"{name}.".startswith(beginnings)]
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(max(logger.level, logging.ERROR))
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)
