"""One Adam per phase behind one optimizer, so that schedulers, checkpoints and pickles see them all."""

from torch.optim import Adam, Optimizer

__all__ = ["PhasedAdam"]


class PhasedAdam(Optimizer):
    """Adam for each phase of a training step.

    The phases' parameter groups are the groups of this optimizer (the same dictionaries): a scheduler that sets a
    learning rate here sets it there. A parameter may stand in several phases, each with moments of its own.

    Parameters
    ----------
    phases : list of (list of Parameter, dict)
        Parameters and Adam options of each phase.
    """

    def __init__(self, phases):
        unique = {id(parameter): parameter for parameters, _ in phases for parameter in parameters}
        super().__init__(list(unique.values()), {})
        self.adams = [Adam(parameters, **options) for parameters, options in phases]
        self._share_groups()

    def _share_groups(self):
        self.param_groups = [group for adam in self.adams for group in adam.param_groups]

    def step(self, phase=0):
        """Update one phase's parameters from their gradients."""
        self.adams[phase].step()

    def state_dict(self):
        """Return the state of every phase's Adam."""
        return {"phases": [adam.state_dict() for adam in self.adams]}

    def load_state_dict(self, state_dict):
        """Restore the state of every phase's Adam."""
        for adam, state in zip(self.adams, state_dict["phases"], strict=True):
            adam.load_state_dict(state)
        self._share_groups()

    def forget(self):
        """Drop all moments, as after a step that went wrong."""
        for adam in self.adams:
            adam.state.clear()

    def __getstate__(self):
        return {**super().__getstate__(), "adams": self.adams}

    def __setstate__(self, state):
        super().__setstate__(state)
        self._share_groups()
