"""What whoever writes a word needs beside the base class of its kind: `spec`, and what the pieces hand each other."""

from vaekit._outputs import Batch, LossTerms, ModelOutput, NoiseWidths, Phase, Stage, StepInputs
from vaekit._setting import Setting
from vaekit.utils._spec import spec

__all__ = ["Batch", "LossTerms", "ModelOutput", "NoiseWidths", "Phase", "Setting", "Stage", "StepInputs", "spec"]
