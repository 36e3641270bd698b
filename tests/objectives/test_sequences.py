"""Objectives of sequences: goldens, closed forms, and sources that are found again."""

import math

import numpy as np
import pytest
import torch
from golden_batch import LOC, LOGVAR, NOISE, assert_golden, double
from objective_world import make_net
from scipy.optimize import linear_sum_assignment
from settings_of_words import setting
from skorch.callbacks import Callback

from vaekit import VAE
from vaekit._outputs import Batch, ModelOutput, StepInputs
from vaekit.datasets import make_ar1_sequence
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import binary_discriminator_loss, entropy_normal, kl_normal
from vaekit.nn import MLP
from vaekit.objectives import ELBO, LaplaceTransition, NetworkContrast, PermutationContrast
from vaekit.posteriors import Implicit, NormalParameters
from vaekit.priors._standard_normal import StandardNormalPrior

BEFORE = (0.8 * LOC - 0.1, LOGVAR / 2)


# ---------------------------------------------------------------------- Laplace transitions


def output_of_pairs():
    """The golden batch, and the rows before it."""
    q = NormalParameters(*(torch.cat(pair) for pair in zip((LOC, LOGVAR), BEFORE)))
    return ModelOutput(
        torch.zeros(8, 1), q, q.rsample(torch.cat([NOISE, NOISE])), torch.zeros(8).double(), StandardNormalPrior()
    )


def regulariser(**parameters):
    objective = LaplaceTransition(**parameters)
    weights = {**objective.weights(0, 1), "warmup": 1.0}
    return objective.penalty(output_of_pairs(), StepInputs({}, {}, weights, None))


def test_golden_costs_of_steps():
    forward, back = LaplaceTransition(expectation="point")._step_costs(output_of_pairs().posterior)
    assert_golden(forward, 9.1334568060, 12.4922918541, 11.4188636057, 11.7355028590)
    assert_golden(back, 10.0887140513, 11.6339489661, 11.3241508643, 11.6250893730)
    for exact in LaplaceTransition()._step_costs(output_of_pairs().posterior):
        assert_golden(exact, 14.8741954699, 18.4658657795, 17.3016197304, 17.3444657248)


def test_golden_divergences_of_steps():
    assert_golden(regulariser(form="forward", expectation="point")[1]["step_kl"], 7.0632131816)
    assert_golden(regulariser(form="forward")[1]["step_kl"], 12.8647210765)
    both = regulariser(expectation="point")[1]["step_kl"]
    assert_golden(both, (7.0632131816 + 6.9736602141) / 2)


def test_golden_regularisers():
    assert_golden(regulariser(expectation="point")[0], 71.2154309160)
    assert_golden(regulariser(expectation="point", form="reference")[0], 183.0304538904)


def test_forward_counts_the_divergence_of_the_row_before():
    penalty, terms = regulariser(form="forward", beta=2, gamma=0)
    torch.testing.assert_close(penalty, 2 * kl_normal(*BEFORE).sum(-1).mean())
    torch.testing.assert_close(terms["kl"], (kl_normal(*BEFORE) + kl_normal(LOC, LOGVAR)).sum(-1).mean() / 2)


def test_without_a_transition_it_is_twice_a_beta_vae_of_both_rows():
    world = make_net(LaplaceTransition(beta=3, gamma=0))
    generator = torch.Generator().manual_seed(0)
    first, before, eps, eps_before = (torch.randn(8, n, generator=generator).double() for n in (5, 5, 3, 3))
    inputs = StepInputs(
        {"first": Batch(first), "before": Batch(before)}, {"posterior": eps, "before": eps_before},
        {"beta": 3.0, "gamma": 0.0, "warmup": 1.0}, None,
    )  # fmt: skip
    both = StepInputs(
        {"first": Batch(torch.cat([first, before]))}, {"posterior": torch.cat([eps, eps_before])},
        {"beta": 1.5, "free_bits": 0.0, "warmup": 1.0}, None,
    )  # fmt: skip
    slow = world.objective.loss(world.module_, inputs).loss
    torch.testing.assert_close(slow, 2 * ELBO(beta=1.5).loss(world.module_, both).loss)


@pytest.mark.parametrize("expectation", ["exact", "point"])
def test_the_divergence_of_a_step_is_that_of_draws(expectation):
    """E_q [log q(z_t) - log prod_j Laplace(z_tj; z_sj, 1 / rate)], with z_s drawn or at its mean."""
    rate, n = 3.0, 200_000
    generator = torch.Generator().manual_seed(0)
    loc, logvar, loc_before, logvar_before = double([0.3, -0.2], [-1, 0.4], [0.1, 0.5], [-2, -1])
    z = loc + (logvar / 2).exp() * torch.randn(n, 2, generator=generator, dtype=torch.float64)
    noise = torch.randn(n, 2, generator=generator, dtype=torch.float64)
    around = loc_before + ((logvar_before / 2).exp() * noise if expectation == "exact" else 0)
    drawn = (rate * (z - around).abs() - math.log(rate / 2)).sum(1)
    q = NormalParameters(*(torch.stack(pair) for pair in ((loc, loc_before), (logvar, logvar_before))))
    cost = LaplaceTransition(rate=rate, expectation=expectation)._step_costs(q)[0]
    assert abs(drawn.mean() - cost.item()) < 5 * drawn.std() / n**0.5
    assert cost.item() > entropy_normal(logvar).item()


def test_a_step_needs_normals():
    posterior = Implicit().build(setting(n_features=2))(torch.zeros(1, 2))
    with pytest.raises(IncompatibleChoiceError, match="posterior_family='normal'"):
        LaplaceTransition().check(StandardNormalPrior(), posterior)


# ---------------------------------------------------------------------- permutation contrast


def test_golden_contrast():
    positive, negative = double(2, -1, 0.5), double(-0.3, 0.1, -2)
    assert_golden(0.5 * binary_discriminator_loss(positive, negative), 0.5566577664)


@pytest.mark.parametrize("contrast", ["laplace", NetworkContrast(hidden_width=4)])
def test_the_score_is_a_sum_over_components(contrast):
    """Permuted with their own B_j components score the same; a component moves the score by itself."""
    module = PermutationContrast(contrast=contrast).discriminator(setting()).double()
    with torch.no_grad():
        for tensor in module.parameters():
            tensor.add_(0.3 * torch.randn(tensor.shape, generator=torch.Generator().manual_seed(1)))
    u, v = LOC, BEFORE[0]
    score, order = module(u, v), [2, 0, 1]
    moved = module(u + double(0, 1, 0), v) - score
    with torch.no_grad():
        for tensor in module.parameters():
            if tensor.ndim:
                tensor.copy_(tensor[order])
    torch.testing.assert_close(module(u[:, order], v[:, order]), score)
    also = u[:, order] + double([5, 0, 0])
    torch.testing.assert_close(module(also + double(0, 0, 1), v[:, order]) - module(also, v[:, order]), moved)


def test_a_score_of_nothing_costs_log_two():
    objective = PermutationContrast()
    net = make_net(objective)
    with torch.no_grad():
        for tensor in net.module_.discriminator.parameters():
            tensor.zero_()
    inputs = StepInputs(
        {"first": Batch(torch.ones(4, 5).double()), "before": Batch(torch.zeros(4, 5).double())},
        {"posterior": NOISE, "permutation": NOISE[:, :1]}, {}, None,
    )  # fmt: skip
    assert objective.loss(net.module_, inputs).loss.item() == pytest.approx(math.log(2))


def test_without_a_decoder_there_is_one_phase():
    assert [phase.name for phase in PermutationContrast(reconstructs=False).phases()] == ["joint"]
    joint, decoder = PermutationContrast().phases()
    assert joint.parts == ("encoder", "posterior", "discriminator")
    assert decoder.parts == ("decoder", "likelihood")


# ---------------------------------------------------------------------- sources

N_TIMES = 4000
FOLLOWS = torch.from_numpy(np.stack([np.arange(1, N_TIMES), np.arange(N_TIMES - 1)]))


class Tell(Callback):
    """Tell the training rows which of them follow each other."""

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        X.follows = FOLLOWS


def correlation_with_sources(objective, innovation, mixing):
    """Mean correlation of sources and codes, each source with a code of its own; rho is .8 for all."""
    world = make_ar1_sequence(
        N_TIMES, n_features=4, autocorrelation=0.8, innovation=innovation, mixing=mixing, random_state=0
    )
    model = VAE(
        objective=objective, network=MLP(hidden_layer_sizes=(32,), activation="tanh"), n_components=2, max_epochs=40,
        batch_size=256, learning_rate=5e-3, warmup=0, random_state=0, callbacks=[Tell()],
    )  # fmt: skip
    codes = model.fit(world.data).transform(world.data)
    correlation = np.abs(np.corrcoef(world.factors.T, codes.T)[:2, 2:])
    return correlation[linear_sum_assignment(-correlation)].mean()


@pytest.mark.parametrize("mixing", ["linear", "smooth"])
def test_permutation_contrast_finds_laplace_sources(mixing):
    """Measured: .996 and .977."""
    assert correlation_with_sources(PermutationContrast(reconstructs=False), "laplace", mixing) > 0.95


def test_it_does_not_find_normal_sources_of_equal_coefficients():
    """Rotated they are as good: measured .815."""
    assert correlation_with_sources(PermutationContrast(reconstructs=False), "normal", "smooth") < 0.9


def test_laplace_transitions_find_laplace_sources():
    """Measured: .991, and .777 for normal innovations."""
    assert correlation_with_sources(LaplaceTransition(), "laplace", "linear") > 0.95
    assert correlation_with_sources(LaplaceTransition(), "normal", "linear") < 0.9


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_early_stopping_has_a_number_to_watch():
    model = VAE(
        objective=PermutationContrast(), n_components=2, max_epochs=2, early_stopping=True, random_state=0,
        callbacks=[TellFew()],
    ).fit(make_ar1_sequence(200, n_features=4, random_state=0).data)  # fmt: skip
    assert np.isfinite(model.history_[-1]["valid_loss"])


class TellFew(Callback):
    def on_train_begin(self, net, X=None, y=None, **kwargs):
        X.follows = FOLLOWS[:, :100]
