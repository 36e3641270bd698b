"""Rows of X as the net sees them: all of them on the device to train on, or some at a time."""

import numpy as np
import torch

from vaekit.engine import ResidentRows
from vaekit.fitted._known import NOTHING

__all__ = ["network_rows", "resident_rows", "some_rows"]

NARROW = {"uint8", "bool"}  # types that stay as they are on the device until the batch
NARROW_ON_CPU = NARROW | {"int8", "int16", "uint16", "float16"}


def some_rows(X, numbers):
    """Rows by number, without a copy where the numbers are a range."""
    return X[numbers.start : numbers.stop : numbers.step] if isinstance(numbers, range) else X[numbers]


def network_rows(blueprint, X):
    """A function from a slice to those rows of X in the units and the shape of the network, float32."""

    def rows_of(rows):
        block = blueprint.preprocessing.to_network(X[rows])
        return block.reshape(len(block), *blueprint.event_shape)

    return rows_of


def resident_rows(model, X, known=NOTHING):
    """Rows on the model's device, as the engine wants them; narrow types stay narrow until the batch."""
    facts = {name: fact for name, fact in known._asdict().items() if fact is not None}
    told = {name: torch.from_numpy(fact).to(model.net.device) for name, fact in facts.items()}
    blueprint, device = model.blueprint, torch.device(model.net.device)
    preprocessing, shape = blueprint.preprocessing, (len(X), *blueprint.event_shape)
    if not _stays_narrow(X, preprocessing, device):
        return ResidentRows(torch.from_numpy(preprocessing.to_network(X)).reshape(shape).to(device), **told)
    values = np.ascontiguousarray(X.view(np.uint8) if X.dtype == bool else X)
    values = torch.from_numpy(values if values.flags.writeable else values.copy()).reshape(shape)
    scaling = [
        np.asarray(part, dtype=np.float64).reshape(blueprint.event_shape if np.ndim(part) else ())
        for part in preprocessing
    ]
    if X.dtype == np.uint8:  # in single precision; wider types as `to_network` does, in NumPy, to the same bits
        scaling = [torch.as_tensor(part.astype(np.float32)).to(device) for part in scaling]
    return ResidentRows(values.to(device), *scaling, **told)


def _stays_narrow(X, preprocessing, device):
    """Whether training rows need not become float32 before the batch; far outliers do, to be clipped."""
    is_narrow = X.dtype.name in (NARROW_ON_CPU if device.type == "cpu" else NARROW)
    return is_narrow and preprocessing.column_beyond(X.min(), X.max()) is None
