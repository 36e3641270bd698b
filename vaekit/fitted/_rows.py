"""Rows of X as the net sees them: on the device to train on, streamed where they do not fit, or some at a time."""

import numpy as np
import torch

from vaekit.engine import ResidentRows, StreamedRows, chunk_sizes, stored_once
from vaekit.fitted._known import NOTHING
from vaekit.fitted._preprocessing import LIMIT
from vaekit.utils._on_disk import RowsOnDisk
from vaekit.utils._sparse_rows import SparseRows

__all__ = ["network_rows", "resident_rows", "rows_to_send", "sent", "some_rows", "training_rows"]

NARROW = {"uint8", "bool"}  # types that stay as they are on the device until the batch
NARROW_ON_CPU = NARROW | {"int8", "int16", "uint16", "float16"}
SENT_AS_THEY_ARE = NARROW | {"int8", "int16", "int32", "int64", "float16", "float32", "float64"}  # to CUDA, to infer
LARGEST_PINNED = 2**26  # bytes of a transfer from pinned memory
SHARED_FROM = 2**26  # bytes of narrow rows from which a part of them is told by numbers rather than copied
SHARE_OF_DEVICE = 0.6  # of the memory that is free on a device, for rows that stay there


def some_rows(X, numbers):
    """Rows by number, without a copy where the numbers are a range."""
    return X[numbers.start : numbers.stop : numbers.step] if isinstance(numbers, range) else X[numbers]


def network_rows(blueprint, X):
    """A function from a slice to those rows of X in the units and the shape of the network, float32."""

    def rows_of(rows):
        block = blueprint.preprocessing.to_network(X[rows])
        return block.reshape(len(block), *blueprint.event_shape)

    return rows_of


# ---------------------------------------------------------------------- to train on


def training_rows(model, X, known, train, valid):
    """Rows to train on, and rows that are held out, where their numbers are not None.

    Resident on the device, narrow types as they came; streamed where X stays on disk, or does not fit the device.
    """
    is_sparse = isinstance(X, SparseRows)
    parts = [None if valid is None else train, valid]
    is_streamed = not is_sparse and (isinstance(X, RowsOnDisk) or not _fits(model, X))
    if not (is_streamed or is_sparse) and valid is not None and X.nbytes >= SHARED_FROM and _stays_narrow(model, X):
        make = _sharing(model, X)
    else:
        make = streamed_rows if is_streamed else _copied
    rows = make(model, X, known, parts[0])
    return rows, None if valid is None else make(model, X, known._replace(follows=None), valid)


def _copied(model, X, known, numbers):
    if numbers is None:
        return resident_rows(model, X, known)
    rows = X.some(numbers) if isinstance(X, SparseRows) else X[numbers]
    return resident_rows(model, rows, known.of(numbers))


def _sharing(model, X):
    """What makes parts of rows that are on the device once."""
    rows = resident_rows(model, X)

    def part(model, X, known, numbers):
        told = _on_device(model, known._replace(follows=known.of(numbers).follows))
        numbers = torch.from_numpy(numbers).to(rows.device)
        return ResidentRows(rows.values, rows.offset, rows.unit, numbers=numbers, **told)

    return part


def _fits(model, X):
    """Whether rows may stay on the device all the time."""
    device = torch.device(model.net.device)
    if device.type != "cuda":
        return True
    size = X.size * (1 if X.dtype.name in NARROW else 4)
    return size < SHARE_OF_DEVICE * torch.cuda.mem_get_info(device)[0]


def resident_rows(model, X, known=NOTHING):
    """Rows on the model's device, as the engine wants them; narrow types, and sparse rows, stay so until the batch."""
    if isinstance(X, SparseRows):
        return ResidentRows(DensifiedRows(model, X), **_on_device(model, known))
    return _as_rows(model, X, _stays_narrow(model, X), **_on_device(model, known))


def _on_device(model, known):
    facts = {name: fact for name, fact in known._asdict().items() if fact is not None}
    return {name: torch.from_numpy(fact).to(model.net.device) for name, fact in facts.items()}


class DensifiedRows:
    """Rows of a sparse matrix as tensors on the device, made when their batch is due.

    Parameters
    ----------
    model : TrainedModel
    X : SparseRows
    """

    def __init__(self, model, X):
        self._rows_of, self._n_rows = network_rows(model.blueprint, X), len(X)
        self.device = torch.device(model.net.device)

    def __len__(self):
        return self._n_rows

    def __getitem__(self, index):
        rows = index.cpu().numpy() if isinstance(index, torch.Tensor) else index
        return sent(self._rows_of(rows), self.device)


def streamed_rows(model, X, known=NOTHING, numbers=None):
    """Rows that are read chunk by chunk, and sent to the model's device batch by batch."""
    narrow, stored = _stays_narrow(model, X), getattr(getattr(X, "source", X), "chunks", None)
    together = stored[0] if stored is not None and isinstance(stored[0], int) else 1  # HDF5 reads and unpacks them so
    if numbers is not None:  # neighbours stay near each other
        numbers = np.sort(numbers)
        known = known.of(numbers)
    return StreamedRows(
        (lambda rows: X[rows]) if numbers is None else lambda rows: X[numbers[rows]],
        len(X) if numbers is None else len(numbers),
        lambda block: _as_rows(model, block, narrow)[:].x,
        model.net.device,
        *chunk_sizes(max(1, X.shape[1] * X.dtype.itemsize), together),
        **_on_device(model, known._replace(follows=None)),
    )


def _as_rows(model, X, is_narrow, **told):
    blueprint, device = model.blueprint, torch.device(model.net.device)
    shape = (len(X), *blueprint.event_shape)
    if not is_narrow:
        values = sent(blueprint.preprocessing.to_network(X), device).reshape(shape)
        return ResidentRows(stored_once(values), **told)
    values = _writeable(np.ascontiguousarray(X.view(np.uint8) if X.dtype == bool else X))
    scaling = [np.asarray(part, dtype=np.float64) for part in blueprint.preprocessing]
    scaling = [part.reshape(blueprint.event_shape if part.ndim else ()) for part in scaling]
    # bytes in single precision; wider types as `to_network` does, in NumPy, to the same bits
    if X.dtype == np.uint8 or device.type != "cpu":
        scaling = [torch.as_tensor(part.astype(np.float32)).to(device) for part in scaling]
    return ResidentRows(stored_once(sent(values, device).reshape(shape)), *scaling, **told)


def _stays_narrow(model, X):
    """Whether training rows need not become float32 before the batch; far outliers do, to be clipped."""
    device = torch.device(model.net.device)
    if X.dtype.name not in (NARROW_ON_CPU if device.type == "cpu" else NARROW):
        return False
    return X.dtype == np.uint8 or model.blueprint.preprocessing.column_beyond(X.min(), X.max()) is None


class Writeable:
    """The memory of an array that may not be written to, as torch wants it; nothing here writes to rows."""

    def __init__(self, array):
        place = array.__array_interface__["data"][0]
        self.array, self.__array_interface__ = array, {**array.__array_interface__, "data": (place, False)}


def _writeable(array):
    return array if array.flags.writeable or not array.size else np.asarray(Writeable(array))


# ---------------------------------------------------------------------- to infer from


def rows_to_send(model, X):
    """How rows get to the net: a function from a slice to an array, and one from its tensor to what the net sees.

    To CUDA rows are sent in the type they came in, and become float32 there: in double precision on the way, as
    `to_network` does it, and to the same bits.
    """
    blueprint, device = model.blueprint, torch.device(model.net.device)
    if device.type != "cuda" or X.dtype.name not in SENT_AS_THEY_ARE:
        return network_rows(blueprint, X), lambda tensor: tensor
    offset, unit = (torch.as_tensor(np.asarray(part, dtype=np.float64)).to(device) for part in blueprint.preprocessing)

    def as_seen(tensor):
        values = (tensor.double() - offset) / unit
        return values.clamp_(-LIMIT, LIMIT).float().reshape(-1, *blueprint.event_shape)

    return lambda rows: X[rows], as_seen


def sent(array, device):
    """An array as a tensor on a device; from pinned memory to CUDA, so that the host need not wait."""
    tensor = torch.from_numpy(array)
    is_pinned = device.type == "cuda" and 0 < tensor.nbytes <= LARGEST_PINNED
    return tensor.pin_memory().to(device, non_blocking=True) if is_pinned else tensor.to(device)
