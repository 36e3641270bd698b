"""Networks that compute in a shorter type while they are trained."""

import contextlib

import torch
from torch import nn

__all__ = ["PRECISIONS", "networks_in"]

PRECISIONS = {"float32": None, "bf16": torch.bfloat16}


@contextlib.contextmanager
def networks_in(precision, model):
    """Let encoder and decoder, and them alone, compute in a shorter type: products of it, sums and weights in float32.

    What they give out is float32 again, so densities, divergences, priors and updates keep their digits. Images pass
    through convolutions with their channels last, where processors are faster at short types.
    """
    dtype = PRECISIONS[precision]
    networks = [] if dtype is None else [model.encoder, model.decoder]
    with contextlib.ExitStack() as hooks:
        for network in networks:
            for hook in _hooked(network, dtype):
                hooks.callback(hook.remove)
        yield


def _hooked(network, dtype):
    """Hooks under which a module computes under autocast."""
    entered = []

    def begin(module, args):
        entered.append(torch.autocast(args[0].device.type, dtype=dtype))
        entered[-1].__enter__()

    def end(module, args, output):
        entered.pop().__exit__(None, None, None)
        return output.float() if isinstance(output, torch.Tensor) else output

    convolutions = [part for part in network.modules() if isinstance(part, (nn.Conv2d, nn.ConvTranspose2d))]
    return [
        network.register_forward_pre_hook(begin),
        network.register_forward_hook(end, always_call=True),
        *(part.register_forward_pre_hook(_channels_last) for part in convolutions),
    ]


def _channels_last(module, args):
    images, *others = args
    if images.ndim != 4:
        return args
    # one channel is last wherever it is: only its strides tell a convolution in which order its results shall be
    arranged = torch.Tensor.clone if images.shape[1] == 1 else torch.Tensor.contiguous
    return arranged(images, memory_format=torch.channels_last), *others
