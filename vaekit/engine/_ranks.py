"""One net trained by several processes: each takes its part of every batch, and all of them take the same steps.

Of n rows, rank r has n_r. A loss that is a mean over rows is a mean over ranks, and so are its gradient and its terms:

    loss = sum_r (n_r / n) loss_r

Orders of rows and noise are drawn for the whole batch, by the same generator everywhere, and cut into parts. So the
loss does not depend on the number of ranks, but for the order of a sum.
"""

import contextlib
import hashlib
from contextvars import ContextVar

import torch
from torch import distributed
from torch.nn.modules import batchnorm

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import Likelihood

__all__ = [
    "SharedRows",
    "SharedStep",
    "is_first_rank",
    "ranks_here",
    "refuse_differences",
    "refuse_what_is_not_shared",
    "together",
]

_here = ContextVar("ranks", default=None)


class Ranks:
    """The processes of torch's default group.

    Attributes
    ----------
    number, count : int
        Which of them this is, and how many there are.
    """

    def __init__(self):
        self.number, self.count = distributed.get_rank(), distributed.get_world_size()

    def part(self, n_rows):
        """The rows of a batch that are this rank's, and their share of it.

        A rank without any, of a batch of fewer rows than ranks, has the first row, and a share of 0.
        """
        start, stop = (number * n_rows // self.count for number in (self.number, self.number + 1))
        return slice(start, max(stop, start + 1)), (stop - start) / n_rows

    def sum(self, tensor):
        """The sum of all ranks' tensors."""
        tensor = tensor.contiguous()
        distributed.all_reduce(tensor)
        return tensor

    def mean(self, number):
        """The mean of all ranks' numbers: what they decide by is then the same to the last bit.

        They are sent as objects, because a group of GPUs alone adds up no tensor of the host.
        """
        return sum(self._said_by_all(float(number))) / self.count

    def said_by_first(self, value):
        """What the first rank's value is."""
        values = [value]
        distributed.broadcast_object_list(values)
        return values[0]

    def are_of_one_mind(self, value):
        """Whether all ranks have the same value."""
        return len(set(self._said_by_all(value))) == 1

    def _said_by_all(self, value):
        values = [None] * self.count
        distributed.all_gather_object(values, value)
        return values


def ranks_here():
    """The ranks that train together in this thread; None if it trains alone."""
    return _here.get()


def is_first_rank():
    """Whether this process writes and shows what one of several is enough for."""
    ranks = ranks_here()
    return ranks is None or ranks.number == 0


@contextlib.contextmanager
def together():
    """Have this thread's nets trained together with those of the other processes of torch's default group."""
    before = _here.set(Ranks())
    try:
        yield
    finally:
        _here.reset(before)


class SharedRows:
    """Rows whose orders are, batch by batch, those of one rank.

    Parameters
    ----------
    rows : Rows
        All of them.
    ranks : Ranks
    """

    def __init__(self, rows, ranks):
        self.rows, self.ranks, self.device, self.weight = rows, ranks, rows.device, rows.weight

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]

    def orders(self, draws, generator, is_one_batch=False):
        """Numbers of rows in the order of one pass; a slice of them, a batch, gives this rank's part."""
        orders = self.rows.orders(draws, generator, is_one_batch)
        return {name: SharedOrder(order, self.ranks) for name, order in orders.items()}


class SharedOrder:
    """Row numbers of a pass, of which a slice is a rank's part of a batch."""

    def __init__(self, order, ranks):
        self.order, self.ranks = order, ranks

    def __getitem__(self, places):
        batch = self.order[places]
        return batch[self.ranks.part(len(batch))[0]]


class SharedStep:
    """Takes steps on a rank's parts of batches; loss, gradients and terms are those of the whole batches.

    Parameters
    ----------
    step : callable (StepInputs, on_gradients, agree)
        The eager one.
    model : LatentVariableModel
        Its likelihood is told of whole batches, where it has numbers in closed form.
    ranks : Ranks
    """

    def __init__(self, step, model, ranks):
        self.step, self.ranks = step, ranks
        self.likelihoods = [part for part in model.modules() if isinstance(part, Likelihood)]

    def __call__(self, inputs, on_gradients=None):
        """One step, handed the noise of a whole batch."""
        n_rows = len(next(iter(inputs.noise.values())))
        part, share = self.ranks.part(n_rows)
        own = inputs._replace(noise={name: noise[part] for name, noise in inputs.noise.items()})
        with self._pooling(share):
            names, values, seen = self.step(own, on_gradients, lambda gradients: self._summed(gradients, share))
        return names, self.ranks.sum(share * values), seen

    @contextlib.contextmanager
    def _pooling(self, share):
        """Means over a part of a batch, of which no gradient is taken, are made those over all of it."""
        for likelihood in self.likelihoods:
            likelihood.pool = lambda mean: self.ranks.sum(share * mean)
        try:
            yield
        finally:
            for likelihood in self.likelihoods:
                del likelihood.pool

    def _summed(self, gradients, share):
        flat = self.ranks.sum(share * torch.cat([gradient.reshape(-1) for gradient in gradients]))
        pieces = flat.split([gradient.numel() for gradient in gradients])
        return [piece.view(gradient.shape) for piece, gradient in zip(pieces, gradients)]


# ---------------------------------------------------------------------- what cannot be shared


def refuse_what_is_not_shared(net, rows):
    """Raise an error, with the remedy, if a net is not trained on parts of batches as it is on whole ones.

    Raises
    ------
    IncompatibleChoiceError
        If the loss of a row hangs on others of its batch, or a step may draw random numbers of its own.
    ValueError
        If the ranks are about to train different nets, or on different rows.
    """
    _refuse_losses_of_whole_batches(net)
    refuse_differences(lambda: _digest(net, rows))


def refuse_differences(value):
    """Raise ValueError if ranks that train together begin with different things; `value()` is what is compared."""
    ranks = ranks_here()
    if ranks is not None and not ranks.are_of_one_mind(value()):
        raise ValueError(
            "Processes that train one model together must begin with the same weights and the same rows, and these "
            "differ: pass the same X and parameters everywhere, with an integer 'random_state'."
        )


def _refuse_losses_of_whole_batches(net):
    objective = net.objective
    # a class says it of itself: another penalty in a class that inherits may be no mean
    if "is_mean_over_rows" not in vars(type(objective)) or not objective.is_mean_over_rows:
        raise IncompatibleChoiceError(
            f"{objective!r} looks at each batch as a whole, and processes that train one model together see parts of "
            "it; choose an objective that is a mean over rows (ELBO without free bits per component, "
            "ImportanceWeighted), or train in one process."
        )
    if net.is_foreign or any(type(part).__module__ == batchnorm.__name__ for part in net.module_.modules()):
        raise IncompatibleChoiceError(
            "A 'network' or 'likelihood' of one's own may look at a batch as a whole or draw random numbers, and "
            "processes that train one model together must not; choose network='mlp' or 'conv', or train in one process."
        )
    if not all(part.can_pool for part in net.module_.modules() if isinstance(part, Likelihood)):
        raise IncompatibleChoiceError(
            "A scale in closed form of a single column with gaps is found in whole batches, and processes that train "
            "one model together see parts of them; choose Normal(scale='learned'), or train in one process."
        )


def _digest(net, rows):
    """Of all that a training begins with; of the rows, a batch."""
    parts = [net.flat_.buffer, net.generator.get_state(), rows[: net.batch_size].x]
    parts += [] if rows.weight is None else [rows.weight]
    digest = hashlib.blake2b(f"{net.step_} {len(rows)}".encode())
    for part in parts:
        digest.update(part.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
