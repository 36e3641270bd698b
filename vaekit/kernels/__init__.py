"""Operations of many models at once that torch has not, written for a GPU."""

from vaekit.kernels._convolutions import are_at_hand, doubled, halved, kernel_gradient

__all__ = ["are_at_hand", "doubled", "halved", "kernel_gradient"]
