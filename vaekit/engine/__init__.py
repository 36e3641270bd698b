"""The training engine: phases, the pure step, the books kept by skorch."""

from vaekit.engine._autosave import Autosave
from vaekit.engine._callbacks import EarlyStop, EpochBar, EpochLog, EpochTasks, ScaleWatch, has_stopped
from vaekit.engine._data import ResidentRows, batch_bounds, count_batches
from vaekit.engine._job import Job, train
from vaekit.engine._net import Net, Plan
from vaekit.engine._optimizer import PhasedAdam
from vaekit.engine._precision import PRECISIONS
from vaekit.engine._stream import StreamedRows, chunk_sizes
from vaekit.engine._user_callbacks import is_callback, own_copy, reason_to_refuse

__all__ = [
    "PRECISIONS",
    "Autosave",
    "EarlyStop",
    "EpochBar",
    "EpochLog",
    "EpochTasks",
    "Job",
    "Net",
    "PhasedAdam",
    "Plan",
    "ResidentRows",
    "ScaleWatch",
    "StreamedRows",
    "batch_bounds",
    "chunk_sizes",
    "count_batches",
    "has_stopped",
    "is_callback",
    "own_copy",
    "reason_to_refuse",
    "train",
]
