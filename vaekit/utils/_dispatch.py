"""Seeing each operation of torch, below autograd, without torch's compiler."""

from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["EagerDispatchMode"]


class EagerDispatchMode(TorchDispatchMode):
    """A dispatch mode for what is never compiled.

    torch hides the others from its compiler, and imports that to do so, which takes a second of a first fit or load.
    """

    @classmethod
    def _should_skip_dynamo(cls):
        """Whether torch hides a subclass's `__torch_dispatch__`."""
        return False
