"""Models in files that run no code, and checkpoints of fits."""

from vaekit.files import Checkpoint
from vaekit.persistence._saving import load, save
from vaekit.persistence._trusted import trusted_types

__all__ = ["Checkpoint", "load", "save", "trusted_types"]
