"""The training engine: phases, the pure step, the books kept by skorch."""

from vaekit.engine._callbacks import EarlyStop, EpochBar
from vaekit.engine._data import ResidentRows, batch_bounds
from vaekit.engine._net import Net, Plan
from vaekit.engine._optimizer import PhasedAdam

__all__ = ["EarlyStop", "EpochBar", "Net", "PhasedAdam", "Plan", "ResidentRows", "batch_bounds"]
