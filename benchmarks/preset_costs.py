"""What presets cost: weights, and seconds per step on one thread, as rows of `vaekit/presets/_costs.py`.

    python benchmarks/preset_costs.py [NAME ...]

Every preset is trained for a few steps on noise of the size of its data; the fastest epoch of two steps counts, in
seconds of this process, so that other processes do not.
"""

import argparse
import time
import warnings

import numpy as np
import torch
from skorch.callbacks import Callback

from vaekit.nn import ConvNet
from vaekit.presets import LayeredNet, preset, preset_names

COLOURED = {"svhn", "celeba", "cifar10", "shapes3d"}
EPOCHS, STEPS = 4, 2


class Clock(Callback):
    """Seconds of this process that each epoch took."""

    seconds = ()

    def on_epoch_begin(self, net, **kwargs):
        self.started = time.process_time()

    def on_epoch_end(self, net, **kwargs):
        net.clocked = [*getattr(net, "clocked", ()), time.process_time() - self.started]


def rows_like(model, name):
    """Noise of the shape of a preset's data, for `STEPS` full batches."""
    network = model.network
    size = network.image_size if isinstance(network, LayeredNet) else (64, 64) if isinstance(network, ConvNet) else None
    shape = (2,) if size is None else (3 if name.split("/")[-1] in COLOURED else 1, *size)
    return np.random.default_rng(0).random((STEPS * model.batch_size, *shape), dtype=np.float32)


def measure(name):
    """Return the number of weights and the seconds per step of a preset."""
    model = preset(name, max_epochs=EPOCHS, max_steps=None, callbacks=[Clock()], random_state=0, device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = model.fit(rows_like(model, name)).net_
    return sum(weights.numel() for weights in net.module_.parameters()), min(net.clocked) / STEPS


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="presets; all of them if there are none")
    torch.set_num_threads(1)
    for name in parser.parse_args().names or preset_names():
        n_weights, seconds = measure(name)
        print(f'    "{name}": ({n_weights:_}, {float(f"{seconds:.2g}")}),', flush=True)


if __name__ == "__main__":
    main()
