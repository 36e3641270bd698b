"""One fit by several processes, of a machine or of many: a context around it, and a launcher of torch's."""

import contextlib
import os
from collections.abc import Iterator

from torch import distributed

from vaekit.engine import ranks_here, together

__all__ = ["data_parallel"]

FROM_LAUNCHER = ("MASTER_ADDR", "MASTER_PORT", "RANK", "WORLD_SIZE")  # what torchrun tells each process


@contextlib.contextmanager
def data_parallel() -> Iterator[None]:
    """Context in which several processes train one model: each takes its part of every batch.

    All of them run the same program, started by `torchrun --nproc-per-node 2 program.py` (or by whatever else
    initialises torch's process group), with the same X and the same integer `random_state`. A fit inside is then one
    fit: a batch of `batch_size` rows is divided among the processes, gradients are added up, and every process ends
    with the same weights, which are those of one process up to the rounding of sums. Orders and noise are drawn for
    whole batches, so the loss does not depend on how many processes there are.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        If there is no process group, and none of torchrun's variables to make one of; in `fit`, if the processes have
        other rows, seeds or parameters.
    IncompatibleChoiceError
        In `fit`, if the loss of a row hangs on the other rows of its batch: objectives other than `ELBO` and
        `ImportanceWeighted`, free bits per component, networks of one's own.

    Notes
    -----
    The steps are eager ones, and worth dividing if they take several milliseconds. Each process holds all rows, or
    reads its own from a disk. Checkpoints are written, and bars shown, by the first process alone, and `callbacks` are
    called in each. On GPUs `device="cuda:auto"` gives each process of a machine one of its own. A process that fails
    or is killed leaves the others waiting: torchrun ends them, and the same call goes on from the last checkpoint.

    References
    ----------
    S. Li et al., "PyTorch Distributed: Experiences on Accelerating Data Parallel Training", VLDB 2020,
    https://arxiv.org/abs/2006.15704.

    Examples
    --------
    A group of one process:

    >>> import tempfile, numpy as np, torch
    >>> from vaekit import VAE
    >>> from vaekit.batching import data_parallel
    >>> file = "file://" + tempfile.mkdtemp() + "/group"
    >>> torch.distributed.init_process_group("gloo", init_method=file, rank=0, world_size=1)
    >>> with data_parallel():
    ...     model = VAE(n_components=2, max_epochs=2, random_state=0).fit(np.eye(4))
    >>> torch.distributed.destroy_process_group()
    """
    if ranks_here() is not None:
        raise ValueError("A 'data_parallel' context is open already; open it once, around all fits.")
    with _group(), together():
        yield


@contextlib.contextmanager
def _group():
    """torch's process group, opened here if nobody has opened one."""
    if not distributed.is_available():
        raise ValueError("This torch was built without torch.distributed; train in one process.")
    if distributed.is_initialized():
        yield
        return
    missing = [name for name in FROM_LAUNCHER if name not in os.environ]
    if missing:
        raise ValueError(
            f"There is no process group to train in, and no {missing} in the environment to make one of; start the "
            "program with torchrun (python -m torch.distributed.run --nproc-per-node 2 program.py)."
        )
    distributed.init_process_group()
    try:
        yield
    finally:
        distributed.destroy_process_group()
