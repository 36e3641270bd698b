"""Fits that processes do together: what is trained, and a program that writes down what came of it."""

import io
import json
import os
import sys
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import torch
from skorch.callbacks import Callback
from tiny_training import X, tiny
from torch import nn
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from vaekit import IWAE, BetaVAE, ConditionalVAE, FactorVAE
from vaekit.batching import data_parallel
from vaekit.engine import Job, ResidentRows, train
from vaekit.estimators._blueprint import sentence_of, training_of
from vaekit.fitted import begin
from vaekit.likelihoods import Normal
from vaekit.nn import Custom
from vaekit.objectives import ELBO
from vaekit.utils._torch import converted

LABELS = np.arange(len(X)) % 3
GAPS = np.where(np.random.default_rng(2).uniform(size=X.shape) < 0.3, np.nan, X)
OWN = Custom(encoder_module=nn.Linear(4, 4), decoder_module=nn.Linear(2, 4))
TOGETHER = {
    "VAE": lambda: tiny(),  # its scale is learned, and found anew after training
    "BetaVAE": lambda: tiny(BetaVAE, beta=4.0, likelihood="squared_error"),
    "IWAE": lambda: tiny(IWAE, n_samples=3),
    "a phase for the prior": lambda: tiny(objective=ELBO(prior_weight=1), prior="decoupled"),
    "closed forms": lambda: tiny(likelihood=Normal(scale="per_feature")),
    "a batch of three rows": lambda: tiny(batch_size=16, max_epochs=2),
}
REFUSED = {
    "covariances": (lambda rank: tiny(FactorVAE).fit(X), "looks at each batch as a whole"),
    "free bits": (lambda rank: tiny(objective=ELBO(free_bits=0.1)).fit(X), "looks at each batch as a whole"),
    "a capacity": (lambda rank: tiny(objective="capacity").fit(X), "looks at each batch as a whole"),
    "a module": (lambda rank: tiny(network=OWN).fit(X), "one's own"),
    "seeds": (lambda rank: tiny(random_state=rank).fit(X), "integer 'random_state'"),
    "no seed": (lambda rank: tiny(random_state=None).fit(X), "integer 'random_state'"),
    "rows": (lambda rank: tiny().fit(X + rank * X[0]), "same rows"),
}


def in_double_precision(estimator):
    """Losses and weights of a training all of whose numbers are float64."""
    training = training_of(estimator, estimator.max_epochs, None)
    how = {"n_planned": len(X), "warmup": estimator.warmup, "training": training, "device": "cpu"}
    net = begin(sentence_of(estimator), X, None, random_state=np.random.RandomState(0), **how).net
    converted(net.module_, nn.Module.double)
    net.initialize()
    job = {"n_epochs": estimator.max_epochs, "max_steps": None, "learning_rate": 1e-2, "batch_size": net.batch_size}
    train([Job(net=net, rows=ResidentRows(torch.from_numpy(X)), valid=None, callbacks=[], **job)])
    return [row["train_loss"] for row in net.history], net.flat_.buffer.tolist()


def curves():
    """Those of all that can be trained together."""
    found = {}
    for name, make in TOGETHER.items():
        estimator = make()
        estimator.image_shape_ = estimator.columns_ = None  # as `fit` would have them
        found[name] = in_double_precision(estimator)
    return found


def faces():
    """Fits as users call them: what came of early stopping, of labels, and of a fit that ended and went on."""
    early = tiny(early_stopping=True, validation_fraction=0.3).fit(X)
    conditional = tiny(ConditionalVAE, learning_rate=1e-2).fit(X, LABELS)
    weighted = tiny(learning_rate=1e-2).fit(X, sample_weight=1.0 + LABELS)
    with_gaps = tiny(missing_values="mask", learning_rate=1e-2, likelihood=Normal(scale="per_feature")).fit(GAPS)
    return {
        "weights": weighted.transform(X).tolist(),
        "gaps": with_gaps.score_samples(GAPS).tolist(),
        "early stopping": [row["valid_loss"] for row in early.history_],
        "labels": conditional.transform(X, LABELS).tolist(),
        "scale": early.likelihood_scale_,
    }


class EndsAt(Callback):
    """Ends a fit by an error after so many epochs."""

    def __init__(self, n_epochs):
        self.n_epochs = n_epochs

    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == self.n_epochs:
            raise FloatingPointError


class Terminal(io.StringIO):
    """Somebody looks."""

    def isatty(self):
        return True


def gone_on(folder):
    """Codes of a fit without a seed that ended amid training, and what was written and shown."""
    how = {"checkpoint": folder, "max_epochs": 4, "random_state": None}
    with redirect_stderr(Terminal()) as shown:
        try:
            tiny(callbacks=[EndsAt(3)], verbose=1, **how).fit(X)
        except FloatingPointError:
            n_files = len(list(Path(folder).glob("checkpoint-*")))
    again = tiny(callbacks=[EndsAt(9)], **how).fit(X)
    return {"n_files": n_files, "n_steps": again.n_steps_, "codes": again.transform(X).tolist(),
            "is_shown": "epoch" in shown.getvalue()}  # fmt: skip


def refusals(rank):
    found = {}
    for name, (attempt, _) in REFUSED.items():
        try:
            attempt(rank)
        except ValueError as error:
            found[name] = str(error)
    return found


def write_down(folder):
    """What each process does that torchrun starts."""
    torch.set_num_threads(1)
    rank = int(os.environ["RANK"])
    with data_parallel():
        found = {"curves": curves(), "faces": faces(), "gone on": gone_on(folder / "fit"), "refused": refusals(rank)}
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    # as torchrun does with `--standalone --nproc-per-node 2`, but in copies of a process that has imported all
    how = {"run_id": "together", "rdzv_backend": "c10d", "rdzv_endpoint": "localhost:0", "max_restarts": 0}
    launched = LaunchConfig(min_nodes=1, max_nodes=1, nproc_per_node=2, start_method="fork", **how)
    elastic_launch(launched, write_down)(Path(sys.argv[1]))
