"""What whoever writes a word needs beside the base class of its kind: `spec`, and what the pieces hand each other."""

from vaekit._outputs import Batch, LossTerms, ModelOutput, Phase, StepInputs
from vaekit.utils._spec import spec

__all__ = ["Batch", "LossTerms", "ModelOutput", "Phase", "StepInputs", "spec"]
