"""One table of objectives, the golden batch as a model, and steps of a tiny model that can be repeated exactly."""

import torch
from golden_batch import DATASET_SIZE, LOC, LOGVAR, NOISE, count
from settings_of_words import setting
from torch import nn

from vaekit._outputs import TRAINED_PARTS, Batch, NoiseWidths, StepInputs
from vaekit.engine import Net, Plan, ResidentRows
from vaekit.engine._step import run_step
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import Bernoulli, Normal
from vaekit.model import LatentVariableModel
from vaekit.nn import MLP
from vaekit.objectives import (
    ELBO,
    MMD,
    AdversarialVariationalBayes,
    AggregateDivergence,
    Capacity,
    CovariancePenalty,
    DensityRatio,
    ImportanceWeighted,
    JensenShannon,
    KLDecomposition,
    LaplaceTransition,
    NetworkContrast,
    PermutationContrast,
    TargetKL,
    TotalCorrelation,
    Tripod,
    Warmup,
)
from vaekit.posteriors import DiagonalNormal, NormalParameters
from vaekit.priors import Decoupled, ElementwiseFlow, Generator, StandardNormal
from vaekit.priors._base import Prior
from vaekit.priors._standard_normal import StandardNormalPrior
from vaekit.utils._torch import make_generator

SMALL = {"discriminator_layer_sizes": (8,), "discriminator_learning_rate": 1e-2}

OBJECTIVES = {
    "elbo": ELBO(),
    "elbo, beta": ELBO(beta=4),
    "elbo, rising beta": ELBO(beta=Warmup(value=4, steps=2)),
    "elbo, free bits": ELBO(free_bits=2, free_bits_per="row"),
    "elbo, split": ELBO(beta=0.5, prior_weight=1),
    "capacity": Capacity(max_capacity=3),
    "capacity, one-sided": Capacity(max_capacity=0.1, prior_training="one_sided"),
    "capacity, split": Capacity(max_capacity=3, prior_training="split"),
    "total correlation": TotalCorrelation(standardize_codes=False, **SMALL),
    "total correlation, standardized": TotalCorrelation(standardize_codes=True, **SMALL),
    "total correlation, split": TotalCorrelation(standardize_codes=False, prior_weight=1, **SMALL),
    "decomposition, mss": KLDecomposition(),
    "decomposition, mws": KLDecomposition(aggregate="mws"),
    "decomposition, batch": KLDecomposition(aggregate="batch"),
    "decomposition, full": KLDecomposition(aggregate="full"),
    "covariance of means": CovariancePenalty(kind="i"),
    "covariance of codes": CovariancePenalty(kind="ii"),
    "mmd and kl": AggregateDivergence(kl_weight=1, weight=99),
    "mmd and kl, representation space": AggregateDivergence(kl_weight=1, weight=99, space="representation"),
    "mmd": AggregateDivergence(divergence=MMD(kernel="imq", unbiased=True)),
    "mmd, split": AggregateDivergence(prior_weight=1),
    "jensen-shannon": AggregateDivergence(divergence=JensenShannon(**SMALL)),
    "jensen-shannon, split": AggregateDivergence(divergence=JensenShannon(**SMALL), prior_weight=1),
    "density ratio": AggregateDivergence(divergence=DensityRatio(**SMALL)),
    "density ratio, split": AggregateDivergence(divergence=DensityRatio(**SMALL), prior_weight=1),
    "density ratio and kl": AggregateDivergence(kl_weight=0.5, divergence=DensityRatio(**SMALL)),
    "importance weighted": ImportanceWeighted(n_samples=4),
    "importance weighted, one sample": ImportanceWeighted(n_samples=1),
    "importance weighted, dreg": ImportanceWeighted(n_samples=3, gradient="dreg"),
    "importance weighted, split": ImportanceWeighted(prior_weight=1),
    "target kl": TargetKL(kl=2),
    "target kl, pi": TargetKL(kl=0.05, controller="pi"),
    "target kl, split": TargetKL(kl=2, prior_weight=1),
    "laplace transition": LaplaceTransition(),
    "laplace transition, forward": LaplaceTransition(form="forward", expectation="point"),
    "laplace transition, split": LaplaceTransition(form="reference", prior_weight=1),
    "adversarial bayes": AdversarialVariationalBayes(adaptive_contrast=False, **SMALL),
    "adversarial bayes, adaptive": AdversarialVariationalBayes(**SMALL),
    "adversarial bayes, split": AdversarialVariationalBayes(adaptive_contrast=False, prior_weight=1, **SMALL),
    "tripod": Tripod(),
    "tripod, split": Tripod(prior_weight=1, nhp_weight=Warmup(value=3, steps=2)),
    "permutation contrast": PermutationContrast(),
    "permutation contrast, split": PermutationContrast(contrast=NetworkContrast(hidden_width=4), prior_weight=1),
}
PRIORS = {
    "normal": StandardNormal(),
    "decoupled": Decoupled(n_couplings=2, hidden_width=8),
    "elementwise_flow": ElementwiseFlow(),
    "generator": Generator(hidden_width=8),
}
N_COMPONENTS, N_STEPS, BATCH = 3, 3, 8
ROWS = torch.randn(4 * BATCH, 5, generator=make_generator(0), dtype=torch.float64)
NOISES = ("posterior", "prior", "second", "permutation")


def stand_together(objective, prior):
    try:
        objective.check(prior.build(setting(n_components=N_COMPONENTS)), NormalParameters(LOC, LOGVAR))
    except IncompatibleChoiceError:
        return False
    return True


PAIRS = [(o, p) for o in OBJECTIVES for p in PRIORS if stand_together(OBJECTIVES[o], PRIORS[p])]


# ---------------------------------------------------------------------- the golden batch


class SampledNormalPrior(StandardNormalPrior):
    """N(0, I) whose KL comes from one sample, as that of a learned prior does."""

    kl = Prior.kl


class Given(nn.Module):
    """A network that is a plain function of its input."""

    def __init__(self, function):
        super().__init__()
        self.forward = function


def golden_model(prior=None, posterior=None, discriminator=None):
    """Return a model that takes every batch to the golden posteriors, and every code to the golden logits."""
    posterior, logits = posterior or NormalParameters(LOC, LOGVAR), 2 * torch.cos(count(20)).reshape(4, 5)
    return LatentVariableModel(
        encoder=nn.Identity(),
        posterior=Given(lambda x: posterior),
        prior=prior or StandardNormalPrior(),
        decoder=Given(lambda z: logits[: len(z)]),
        likelihood=Bernoulli().build(setting((5,))),
        discriminator=discriminator and Given(discriminator),
    )


def golden_inputs(objective, step=0, n_steps=1, n_rows=4):
    """Return the inputs of a step whose codes are those of the golden batch, in a data set of a hundred rows."""
    batch = Batch(((count(20).reshape(4, 5) % 7) / 6)[:n_rows])
    batches, noise = dict.fromkeys(objective.draws, batch), dict.fromkeys(NOISES, NOISE)
    return StepInputs(batches, noise, weights_at(objective, step, n_steps), range(DATASET_SIZE))


def weights_at(objective, step, n_steps, warmup=1.0):
    """Return the scalars of an objective's loss at a step."""
    return {**objective.weights(step, n_steps), "warmup": warmup}


# ---------------------------------------------------------------------- steps of a tiny model


LEARNED = Normal(scale="learned", initial_scale=0.5)


def make_model(objective, prior="normal", seed=0, likelihood=LEARNED):
    """Return a model in double precision; its parts are drawn apart, so that changing one leaves the others."""
    network = MLP(hidden_layer_sizes=(8,), activation="tanh")
    told = [setting((5,), n_components=N_COMPONENTS, n_features=8, seed=seed + part) for part in range(5)]
    encoder, _ = network.encoder(told[0])
    return LatentVariableModel(
        encoder=encoder,
        posterior=DiagonalNormal().build(told[1]),
        decoder=network.decoder(told[2]),
        likelihood=likelihood.build(told[2]),
        prior=PRIORS[prior].build(told[3]) if isinstance(prior, str) else prior,
        discriminator=objective.discriminator(told[4]),
    ).double()


def make_net(objective, prior="normal", seed=0, likelihood=LEARNED):
    """Return the net that trains such a model."""
    return Net(
        make_model(objective, prior, seed, likelihood), objective=objective, plan=Plan(N_STEPS, 0, N_COMPONENTS),
        generator=make_generator(0), lr=1e-2, batch_size=BATCH, device="cpu", verbose=0,
    ).initialize()  # fmt: skip


def inputs_of(objective, step=0):
    """Return the inputs of one step: the same rows, and the same noise of each name, whatever the objective."""
    generator = make_generator(step)
    batches = [Batch(x) for x in ROWS[torch.randperm(len(ROWS), generator=generator)].split(BATCH)]
    drawn = {name: torch.randn(BATCH, N_COMPONENTS, generator=generator, dtype=ROWS.dtype) for name in NOISES}
    columns = objective.noise_columns(NoiseWidths(*[N_COMPONENTS] * 3))
    further = {name: width for name, width in columns.items() if name not in NOISES}
    drawn |= {n: torch.randn(BATCH, width, generator=generator, dtype=ROWS.dtype) for n, width in further.items()}
    noise = {name: drawn[name] for name in columns}
    weights = weights_at(objective, step, N_STEPS)
    return StepInputs(dict(zip(objective.draws, batches)), noise, weights, ResidentRows(ROWS))


def take_step(net, inputs=None, optimizer=None, on_gradients=None):
    """Run one step; return its losses and terms."""
    inputs, optimizer = inputs or inputs_of(net.objective), optimizer or net.optimizer_
    return run_step(net.module_, net.phases_, net.parameters_, optimizer, inputs, on_gradients).terms


def take_steps(net):
    """Run a few steps; return the losses and terms of each."""
    return [take_step(net, inputs_of(net.objective, step)) for step in range(N_STEPS)]


class Standstill:
    """An optimizer that moves nothing."""

    def step_phase(self, phase, gradient):
        """Ignore a gradient."""


def look(net, inputs=None, on_gradients=None):
    """Return the losses and terms of a step that is not taken."""
    return take_step(net, inputs, Standstill(), on_gradients)


def weights(net, parts=TRAINED_PARTS):
    """Return the weights of each part that has any, as one vector."""
    held = [part for part in parts if part in net.flat_.parts]
    return {part: torch.cat([p.detach().flatten() for p in net.flat_.parts[part]]) for part in held}


def gradients(net, inputs=None):
    """Return the gradient of every phase with respect to each of its parts, all taken where the net stands."""
    taken = []
    look(net, inputs, on_gradients=lambda own, gradient: taken.append(dict(zip(own, gradient))))
    return {
        (phase.name, part): torch.cat([gradient[p].flatten() for p in net.flat_.parts[part]])
        for phase, gradient in zip(net.phases_, taken)
        for part in phase.parts
        if part in net.flat_.parts
    }


def shaken(net, part, seed=0):
    """Return the net with one part's weights moved at random."""
    generator = make_generator(seed)
    with torch.no_grad():
        for p in net.flat_.parts.get(part, ()):
            p.add_(0.3 * torch.randn(p.shape, generator=generator, dtype=p.dtype))
    return net
