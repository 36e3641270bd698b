"""One flat buffer for all parameters, and one Adam per phase of a step over slices of it."""

import inspect
import itertools

import numpy as np
import torch
from torch.optim import Optimizer
from torch.optim.adam import adam

__all__ = ["FlatParameters", "PhasedAdam", "flat_gradient", "fused_adam", "rate_tensor"]

# A vector kernel computes what is left over behind the last full vector one by one, and rounds otherwise: a buffer that
# is a multiple of any vector's length has the same bits alone and beside others.
MULTIPLE = 16


class FlatParameters:
    """The parameters of a module's parts in one contiguous buffer, part after part.

    Each parameter becomes a view of the buffer, so an optimizer updates a whole phase as one tensor, and keeping or
    restoring all weights is one copy. A parameter that several parts share stands with the first of them, once. Zeros
    behind each part, which have gradient zero and stay zero, fill it up to a multiple of 16.

    Parameters
    ----------
    module : nn.Module
        Its parameters are moved into the buffer in place.
    parts : sequence of str
        Names of its parts. Parts that are None, and frozen parameters, are left out.
    together : sequence of sequence of str, optional
        Names of parts (of a phase, say) that are to follow each other in the buffer. It has them in the order given if
        they do so there, else in the first order in which they do.

    Raises
    ------
    ValueError
        If there is no such order.
    """

    def __init__(self, module, parts, together=()):
        self.used = {name: self._trainable(getattr(module, name)) for name in parts}
        owner = {p: name for name, used in reversed(self.used.items()) for p in used}
        owned = {name: [p for p in used if owner[p] == name] for name, used in self.used.items()}
        self.parts = {name: owned[name] for name in in_one_piece([name for name in parts if owned[name]], together)}
        parameters = list(itertools.chain.from_iterable(self.parts.values()))
        with torch.no_grad():
            self.buffer = torch.cat([piece for own in self.parts.values() for piece in _filled_up(own)])
        for parameter, start in zip(parameters, self._starts()):
            parameter.data = self.buffer[start : start + parameter.numel()].view_as(parameter)

    @staticmethod
    def _trainable(part):
        return [] if part is None else [p for p in part.parameters() if p.requires_grad]

    def holds(self, names):
        """Whether any of these parts has something to train."""
        return any(name in self.parts for name in names)

    def of(self, names):
        """Parameters of some parts, and the slice of the buffer that holds them.

        The parts must follow each other in the buffer; and what they share with another part is trained with both or
        not at all.

        Raises
        ------
        ValueError
            If the parts are not such.
        """
        self._refuse_shared(names)
        if not follow_each_other(list(self.parts), names):
            raise ValueError(f"The parts {names} of a phase do not follow each other among {list(self.parts)}.")
        chosen = list(itertools.chain.from_iterable(own for name, own in self.parts.items() if name in names))
        before = itertools.takewhile(lambda name: name not in names, self.parts)
        start, length = self._size(before), self._size(name for name in self.parts if name in names)
        return chosen, self.buffer[start : start + length]

    def _size(self, names):
        return sum(_rounded_up(sum(p.numel() for p in self.parts[name])) for name in names)

    def _starts(self):
        """Where each parameter begins in the buffer."""
        begin = itertools.accumulate((self._size([name]) for name in self.parts), initial=0)
        for start, own in zip(begin, self.parts.values()):
            yield from itertools.accumulate((p.numel() for p in own[:-1]), initial=start)

    def _refuse_shared(self, names):
        inside = {p: name for name, used in self.used.items() if name in names for p in used}
        outside = {p: name for name, used in self.used.items() if name not in names for p in used}
        for parameter in inside.keys() & outside.keys():
            raise ValueError(
                f"The parts {inside[parameter]!r} and {outside[parameter]!r} share a weight, and a phase that trains "
                f"{tuple(names)} would train half of its uses; give each a weight of its own, or train both in one "
                "phase."
            )


def _rounded_up(size):
    return -(-size // MULTIPLE) * MULTIPLE


def _filled_up(parameters):
    """The values of a part's parameters, and the zeros behind them."""
    size = sum(p.numel() for p in parameters)
    return [*(p.reshape(-1) for p in parameters), parameters[0].new_zeros(_rounded_up(size) - size)]


def flat_gradient(parameters, gradients):
    """The gradients of a phase as its slice of the buffer has them, with zeros where nothing is trained.

    Parameters
    ----------
    parameters : list of Parameter
        Views of the buffer of a `FlatParameters`, in its order.
    gradients : list of Tensor
    """
    ends = [p.storage_offset() + p.numel() for p in parameters]
    followers = [*(p.storage_offset() for p in parameters[1:]), _rounded_up(ends[-1])]
    pieces = []
    for gradient, end, follower in zip(gradients, ends, followers):
        pieces.append(gradient.reshape(-1))
        if follower > end:
            pieces.append(gradient.new_zeros(follower - end))
    return torch.cat(pieces)


def follow_each_other(order, names):
    """Whether some names stand side by side in an order; those that are not in it do not count."""
    places = [place for place, name in enumerate(order) if name in names]
    return not places or places[-1] - places[0] + 1 == len(places)


def in_one_piece(names, together):
    """The first order of names, counted from the one given, in which each of some groups stands side by side.

    >>> in_one_piece(["a", "b", "c"], [("a", "c"), ("b", "c")])
    ['a', 'c', 'b']
    """
    for order in itertools.permutations(names):  # of six parts at most
        if all(follow_each_other(order, group) for group in together):
            return list(order)
    raise ValueError(
        f"The parts {names} have no order in which those of each phase follow each other: {[*map(tuple, together)]}; "
        "train some of them in a phase of their own."
    )


class PhasedAdam(Optimizer):
    """Adam over flat weights, one parameter group per phase of a training step.

    Being one optimizer, all of it is seen by schedulers, checkpoints and pickles. A weight may stand in several phases,
    with moments of its own in each.

    Parameters
    ----------
    phases : list of (Tensor, dict)
        The flat weights of each phase, and the options (`lr`, `betas`, `eps`) in which it differs.
    lr : float
        Step size.
    fused : bool
        Whether to use torch's fused kernel.
    """

    # torch hides these from its compiler, and imports that to do so: a second of every first fit
    add_param_group = inspect.unwrap(Optimizer.add_param_group)
    state_dict = inspect.unwrap(Optimizer.state_dict)
    load_state_dict = inspect.unwrap(Optimizer.load_state_dict)

    def __init__(self, phases, *, lr, fused):
        groups = [{"params": [weights], **options} for weights, options in phases]
        super().__init__(groups, {"lr": lr, "betas": (0.9, 0.999), "eps": 1e-8, "fused": fused})
        for group in self.param_groups:
            group["initial_lr"] = group["lr"]  # what a scheduler that joins later counts from
        self.forget()

    @property
    def is_fused(self):
        """Whether torch's fused kernel does the updates."""
        return all(group["fused"] for group in self.param_groups)

    def forget(self):
        """Set all moments to zero, as at the start or after a step that went wrong."""
        for group in self.param_groups:
            (weights,) = group["params"]
            moments = {name: torch.zeros_like(weights) for name in ("exp_avg", "exp_avg_sq")}
            self.state[weights] = {"step": torch.zeros((), dtype=torch.float32, device=weights.device), **moments}

    @torch.no_grad()
    def step_phase(self, phase, gradient):
        """Update one phase's weights along their flat gradient."""
        group = self.param_groups[phase]
        (weights,) = group["params"]
        state, (beta1, beta2) = self.state[weights], group["betas"]
        # a graph reads the rate from a tensor, whose kernel takes single precision: so does every other step there
        rate = float(np.float32(group["lr"])) if weights.is_cuda else group["lr"]
        # the functional form, because Optimizer.step's hooks and grouping cost as much as the update of a small net
        adam(
            [weights], [gradient], [state["exp_avg"]], [state["exp_avg_sq"]], [], [state["step"]],
            amsgrad=False, beta1=beta1, beta2=beta2, lr=rate, weight_decay=0.0, eps=group["eps"],
            maximize=False, fused=group["fused"], foreach=False, capturable=False,
        )  # fmt: skip
        self.note_steps()

    def note_steps(self):
        """Say that steps were taken, for learning-rate schedulers that look for it."""
        self._opt_called = True


class DrawingOptimizer:
    """An optimizer whose state holds that of a generator, so that steps taken from files are those of one training.

    Parameters
    ----------
    optimizer : Optimizer
    generator : torch.Generator
        What its steps draw from.
    """

    def __init__(self, optimizer, generator):
        self.optimizer, self.generator = optimizer, generator

    def state_dict(self):
        """Moments, rates, and the state of the generator."""
        return self.optimizer.state_dict() | {"generator": self.generator.get_state()}

    def load_state_dict(self, state):
        """Take all of it over; a generator of another kind of device is left as it is."""
        state = dict(state)
        drawn = state.pop("generator", None)
        self.optimizer.load_state_dict(state)
        if drawn is not None and len(drawn) == len(self.generator.get_state()):
            self.generator.set_state(drawn.cpu())


def rate_tensor(rates, like):
    """Learning rates as a tensor in the type that the fused kernel reads where some weights are."""
    return torch.tensor(rates, dtype=torch.float32 if like.is_cuda else torch.float64, device=like.device)


def fused_adam(weights, average, square, count, rate, gradient, group, piece=None):
    """torch's fused Adam as `PhasedAdam` calls it, its learning rate a tensor.

    Parameters
    ----------
    weights, average, square : Tensor
        Flat weights and their moments, changed in place.
    count, rate : Tensor of shape ()
        Steps so far, one more afterwards; step size.
    gradient : Tensor
    group : dict
        Gives `betas` and `eps`.
    piece : int, optional
        Numbers that the kernel is handed as one tensor. It gives a tensor few processors of a GPU, whatever its size:
        many small ones are done sooner, with the same bits.
    """
    (beta1, beta2), eps = group["betas"], group["eps"]
    flat = (weights, gradient, average, square)
    pieces = [[tensor] if piece is None else tensor.split(piece) for tensor in flat]
    torch._foreach_add_([count], 1)
    torch._fused_adam_(
        *pieces, [], [count] * len(pieces[0]),
        lr=rate, beta1=beta1, beta2=beta2, weight_decay=0.0, eps=eps, amsgrad=False, maximize=False,
    )  # fmt: skip
