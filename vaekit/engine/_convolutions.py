"""Convolutions in a graph of many models: those of our nets have operations of their own, of all models at once."""

import torch
from torch import nn

from vaekit.kernels import are_at_hand, doubled, halved, kernel_gradient

__all__ = ["convolves", "has_convolutions", "many_convolutions"]

ATEN = torch.ops.aten
HALVING = [2, 2], [1, 1], [1, 1]  # stride, padding, dilation; kernels of 4 halve the sides of an image


def has_convolutions(module):
    """Whether a module has weights of more than two axes."""
    return any(weights.ndim > 2 for weights in module.parameters())


def convolves(module, device):
    """Whether all convolutions of a module can be taken for many models at once, on a device."""
    parts = [part for part in module.modules() if any(own.ndim > 2 for own in part.parameters(recurse=False))]
    return are_at_hand(device) and all(map(_halves, parts))


def _halves(part):
    if type(part) not in (nn.Conv2d, nn.ConvTranspose2d) or part.groups != 1 or part.padding_mode != "zeros":
        return False
    own = part.kernel_size, part.stride, part.padding, part.dilation
    return own == ((4, 4), (2, 2), (1, 1), (1, 1))


def many_convolutions(node, values, of_models):
    """Return how a node is taken for all models at once, or None if it is not one of these convolutions.

    Parameters
    ----------
    node : fx.Node
        Of the graph of one model.
    values : dict of Node to value
    of_models : set of Node
        Whose values have the models in front.
    """
    if node.target not in (ATEN.convolution.default, ATEN.convolution_backward.default):
        return None
    is_backward = node.target is ATEN.convolution_backward.default
    tensors, options = node.args[: 2 + is_backward], node.args[3 + is_backward :]
    if not all(tensor in of_models for tensor in tensors) or not are_at_hand(values[tensors[0]].device):
        return None
    stride, padding, dilation, _, _, groups = options[:6]
    is_ours = (list(stride), list(padding), list(dilation)) == HALVING and groups == 1
    if not is_ours or values[tensors[-1]].shape[-2:] != (4, 4):
        return None
    return _backward if is_backward else _forward


def _forward(node, sources, values):
    x, kernel, bias = (None if arg is None else values[arg] for arg in node.args[:3])
    is_transposed, output_padding = node.args[6:8]
    if not is_transposed:
        return halved(x, kernel, bias)
    height, width = (2 * side + more for side, more in zip(x.shape[-2:], output_padding))
    return doubled(x, kernel, bias, height, width)


def _backward(node, sources, values):
    """Gradients by input, kernel and bias, of those that are asked for."""
    gradient, x, kernel = (values[arg] for arg in node.args[:3])
    is_transposed, by = node.args[7], node.args[-1]
    big, small = (gradient, x) if is_transposed else (x, gradient)
    by_x = None
    if by[0]:
        by_x = halved(gradient, kernel, None) if is_transposed else doubled(gradient, kernel, None, *x.shape[-2:])
    by_kernel = kernel_gradient(big, small) if by[1] else None
    by_bias = gradient.sum((1, 3, 4), dtype=torch.float32).to(gradient.dtype) if by[2] else None
    return by_x, by_kernel, by_bias
