"""A trained model: what was decided, what was learned, and the rows on which it is judged."""

import contextlib
import copy

import torch

from vaekit.fitted._blueprint import Blueprint
from vaekit.fitted._packing import pack_net, unpack_net
from vaekit.fitted._rows import resident_rows
from vaekit.fitted._summary import LatentSummary, measure_latents
from vaekit.utils._cudnn import same_convolutions
from vaekit.utils._threads import threads_for

__all__ = ["TrainedModel"]


class TrainedModel:
    """A blueprint and its net.

    All that a fitted model can do is a function of this object and of arrays that are known to be right, and gives
    arrays in the units of X: `encode`, `decode`, `evidence_lower_bounds` and their like are the files of this room.

    Parameters
    ----------
    blueprint : Blueprint
        What was decided; it does not change.
    net : Net
        What was learned; training moves it.

    Attributes
    ----------
    remembered : tuple of ndarray and Known, or None
        Training rows on which `summary` is to be measured, and what is known about them; None once that is done.
    condition : ndarray of shape (n_rows, width) or None
        What is known about the rows and codes that are asked about; see `given`.
    """

    def __init__(self, blueprint, net):
        self.blueprint, self.net = blueprint, net
        self.remembered, self._summary, self.condition = None, None, None

    def given(self, condition):
        """The same model for rows and codes about which this is known: one row of it each, or one for all."""
        told = copy.copy(self)
        told.condition = condition
        return told

    def of(self, rows):
        """The same model for some of the rows it is asked about."""
        return self if self.condition is None else self.given(self.condition[rows])

    @property
    def condition_on_device(self):
        """What is known, as a tensor, or None."""
        return None if self.condition is None else torch.from_numpy(self.condition).to(self.net.device)

    @property
    def module(self):
        """The latent variable model, a torch module."""
        return self.net.module_

    @contextlib.contextmanager
    def inferring(self):
        """The net as it is used after training: without gradients, on as many threads as its size is worth."""
        if any(part.training for part in self.module.modules()):
            self.net.set_training(False)
        # tensors that a foreign module keeps from here must be of use in training, and those of inference mode are not
        mode = torch.no_grad() if self.blueprint.is_foreign else torch.inference_mode()
        with mode, threads_for(self.work_of_a_step), same_convolutions(self.net.device):
            yield

    @property
    def work_of_a_step(self):
        """Multiply-adds of a training step's pass forward: what decides about threads, in inference too."""
        return self.net.batch_size * self.net.work_per_row_

    # ------------------------------------------------------------------ what training came to

    def remember(self, rows, summary=None):
        """Keep rows on which it will be measured, when somebody asks, what training came to; or what was measured."""
        self.remembered, self._summary = rows, summary

    @property
    def memory(self):
        """What `remember` takes to remember the same again."""
        return self.remembered, self._summary

    @property
    def summary(self):
        """What training came to, a `LatentSummary`, measured on the rows that are remembered."""
        self.settle()
        return self._summary

    def settle(self):
        """Let the likelihood take what has a closed form, and measure the latents, if that has not been done."""
        if self.remembered is not None:
            rows, known = self.remembered
            with self.inferring():
                self.net.settle(resident_rows(self, rows, known))
            self._summary = measure_latents(self.given(known.given), rows)
            self.remembered = None

    def as_if_ended(self, rows):
        """A copy as if training had ended here, settled on rows of the engine's."""
        net = unpack_net(self.blueprint, pack_net(self.net))
        net.settle(rows)
        model = TrainedModel(self.blueprint, net)
        model.remember(*self.memory)
        return model

    def move(self, device):
        """Take the net to a device."""
        if device != torch.device(self.net.device):
            self.settle()
            self.net = unpack_net(self.blueprint, pack_net(self.net) | {"device": str(device)})

    # ------------------------------------------------------------------ in a pickle

    def packed(self):
        """All of it as NumPy arrays and plain Python."""
        self.settle()
        summary = self._summary and self._summary._asdict()
        return {"blueprint": self.blueprint.packed(), "net": pack_net(self.net), "summary": summary}

    @classmethod
    def unpacked(cls, packed):
        """Return the model that was packed."""
        blueprint, summary = Blueprint.unpacked(packed["blueprint"]), packed["summary"]
        model = cls(blueprint, unpack_net(blueprint, packed["net"]))
        model.remember(None, summary and LatentSummary(**summary))
        return model
