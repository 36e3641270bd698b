"""The training engine: phases, the pure step, the books kept by skorch."""

from vaekit.engine._autosave import Autosave
from vaekit.engine._callbacks import EarlyStop, EpochLog, EpochTasks, ScaleWatch, has_stopped
from vaekit.engine._company import Company, in_company, stored_once
from vaekit.engine._data import ResidentRows, batch_bounds, count_batches
from vaekit.engine._interrupts import HeldInterrupt
from vaekit.engine._job import Job, train
from vaekit.engine._live_loss import watching
from vaekit.engine._many import groups_of, take_together
from vaekit.engine._net import Net, Plan
from vaekit.engine._optimizer import PhasedAdam
from vaekit.engine._precision import PRECISIONS
from vaekit.engine._ranks import is_first_rank, ranks_here, refuse_differences, together
from vaekit.engine._recordings import Recordings
from vaekit.engine._stream import StreamedRows, chunk_sizes
from vaekit.engine._user_callbacks import is_callback, own_copy, reason_to_refuse

__all__ = [
    "PRECISIONS",
    "Autosave",
    "Company",
    "EarlyStop",
    "EpochLog",
    "EpochTasks",
    "HeldInterrupt",
    "Job",
    "Net",
    "PhasedAdam",
    "Plan",
    "Recordings",
    "ResidentRows",
    "ScaleWatch",
    "StreamedRows",
    "batch_bounds",
    "chunk_sizes",
    "count_batches",
    "groups_of",
    "has_stopped",
    "in_company",
    "is_callback",
    "is_first_rank",
    "own_copy",
    "ranks_here",
    "reason_to_refuse",
    "refuse_differences",
    "stored_once",
    "take_together",
    "together",
    "train",
    "watching",
]
