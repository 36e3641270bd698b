"""Everything in a net that a training step changes, copied so that it can be given back."""

__all__ = ["Snapshot"]


class Snapshot:
    """Weights, the modules' buffers (a batch normalisation's statistics, say), moments, random state, count of steps.

    Parameters
    ----------
    net : Net
        Initialised.
    """

    def __init__(self, net):
        self._tensors = [tensor.clone() for tensor in _tensors(net)]
        self._optimizer = _copied(net.optimizer_.state_dict())
        self._generator = net.generator.get_state()
        self.step = net.step_

    def packed(self):
        """All of it as plain values and tensors."""
        return vars(self)

    @classmethod
    def unpacked(cls, packed):
        """Return the snapshot that was packed."""
        snapshot = object.__new__(cls)
        vars(snapshot).update(packed)
        return snapshot

    def restore(self, net):
        """Give all of it back."""
        self.restore_weights(net)
        net.optimizer_.load_state_dict(self._optimizer)
        net.generator.set_state(self._generator)

    def restore_weights(self, net):
        """Give back weights, buffers and the count of steps."""
        for tensor, kept in zip(_tensors(net), self._tensors):
            tensor.copy_(kept)
        net.step_ = self.step

    def steps_since(self, net):
        """How many steps the optimizer of each phase that is running has taken since, in a list."""
        counts = [int(state["step"]) for state in net.optimizer_.state.values()]
        since = [count - int(kept["step"]) for count, kept in zip(counts, self._optimizer["state"].values())]
        return since[net.stage_.numbers]


def _tensors(net):
    return net.flat_.buffer, *net.module_.buffers()


def _copied(state):
    """A copy of an optimizer's state; options are numbers."""
    moments = {key: {name: tensor.clone() for name, tensor in own.items()} for key, own in state["state"].items()}
    return {"state": moments, "param_groups": [dict(group) for group in state["param_groups"]]}
