"""What an objective reduces to: one step's numbers, and where a few steps lead."""

import math

import pytest
import torch
from golden_batch import (
    LOC,
    LOGVAR,
    NOISE,
    Z,
    double,
    golden_flow,
    to_generation_space,
    to_representation_space,
)
from golden_prior import as_prior
from objective_world import (
    PRIORS,
    ROWS,
    SMALL,
    SampledNormalPrior,
    golden_inputs,
    golden_model,
    inputs_of,
    look,
    make_net,
    shaken,
    take_steps,
    weights,
    weights_at,
)
from settings_of_words import setting
from sklearn.base import clone

from vaekit import AAE, VAE, WAE, InfoDPVAE, InfoVAE, LearnedPriorAAE
from vaekit._outputs import GENERATIVE_PARTS, Batch
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.functional import kl_normal, maximum_mean_discrepancy
from vaekit.objectives import (
    ELBO,
    MMD,
    AggregateDivergence,
    Capacity,
    CovariancePenalty,
    DensityRatio,
    JensenShannon,
    KLDecomposition,
    TotalCorrelation,
    Warmup,
)
from vaekit.posteriors import NormalParameters

AGGREGATES = ["mss", "mws", "batch", "full"]


class MonteCarloNormalPrior(SampledNormalPrior):
    """N(0, I) whose KL is that of log densities at one sample."""

    def kl(self, posterior, z):
        return posterior.log_prob(z) - self.log_prob(z)


def of(estimator, **changes):
    return estimator._make_objective().validated().set_params(**changes)


def adversarial(weight, divergence=JensenShannon):
    return AggregateDivergence(weight=weight, divergence=divergence(**SMALL), prior_weight=1)


# what is asked, what it reduces to, under which prior
BIT_FOR_BIT = {
    "beta = 1 is the VAE": (ELBO(beta=1), ELBO(), "normal"),
    "beta = 1 is the dpVAE": (ELBO(beta=1), ELBO(), "decoupled"),
    "no free bits": (ELBO(free_bits=0, free_bits_per="row"), ELBO(), "normal"),
    "FactorVAE, gamma = 0": (TotalCorrelation(gamma=0, **SMALL), ELBO(), "normal"),
    "FactorVAE, gamma = 0, decoupled": (TotalCorrelation(gamma=0, **SMALL), ELBO(), "decoupled"),
    "a fixed prior leaves codes to the discriminator as they are": (
        TotalCorrelation(**SMALL), TotalCorrelation(standardize_codes=False, **SMALL), "normal",
    ),
    "a learned prior has them standardized": (
        TotalCorrelation(**SMALL), TotalCorrelation(standardize_codes=True, **SMALL), "decoupled",
    ),
    "DIP-VAE, both weights 0": (CovariancePenalty(lambda_od=0, lambda_d=0), ELBO(), "normal"),
    "InfoVAE, alpha = 0, lam = 1": (of(InfoVAE(alpha=0, lam=1)), ELBO(), "normal"),
    "WAE, lam = 0": (of(WAE(lam=0)), ELBO(beta=0), "normal"),
    "WAE is InfoVAE with alpha = 1": (
        of(WAE(lam=5)), of(InfoVAE(alpha=1, lam=5, kernel="imq"), divergence__unbiased=True), "normal",
    ),
    "AAE, weight = 0": (adversarial(0), ELBO(beta=0), "normal"),
    "density ratio, weight = 0": (adversarial(0, DensityRatio), ELBO(beta=0), "normal"),
    "a normal prior has nothing to split": (ELBO(beta=4, prior_weight=1), ELBO(beta=4), "normal"),
    "nor to train on one side": (Capacity(prior_training="one_sided"), Capacity(), "normal"),
}  # fmt: skip
NUMERICALLY = {
    "no capacity is beta = gamma": (Capacity(gamma=4, max_capacity=0), ELBO(beta=4), "normal"),
    "beta = 1, a flow with its own loss": (ELBO(prior_weight=1), ELBO(), "decoupled"),
    "weighted sampling pulls as the batch does": (
        KLDecomposition(aggregate="mws"), KLDecomposition(aggregate="batch"), "decoupled",
    ),
    **{
        f"alpha = beta = gamma = 1, {aggregate}": (
            KLDecomposition(beta=1, aggregate=aggregate), ELBO(), MonteCarloNormalPrior(),
        )
        for aggregate in AGGREGATES
    },
}  # fmt: skip


@pytest.mark.parametrize(("asked", "reduced", "prior"), BIT_FOR_BIT.values(), ids=BIT_FOR_BIT)
def test_three_steps_are_the_same_to_the_last_bit(asked, reduced, prior):
    nets = make_net(asked, prior), make_net(reduced, prior)
    assert take_steps(nets[0])[0]["train"] == take_steps(nets[1])[0]["train"]
    for one, other in zip(*(weights(net, GENERATIVE_PARTS).values() for net in nets), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(("asked", "reduced", "prior"), NUMERICALLY.values(), ids=NUMERICALLY)
def test_three_steps_are_the_same(asked, reduced, prior):
    nets = make_net(asked, prior), make_net(reduced, prior)
    take_steps(nets[0]), take_steps(nets[1])
    torch.testing.assert_close(*(weights(net, GENERATIVE_PARTS) for net in nets), rtol=1e-7, atol=1e-9)


def test_names_for_the_same_objective():
    assert repr(of(LearnedPriorAAE(beta=0.3))) == repr(of(AAE(weight=0.3)))
    info, wae = of(InfoVAE(alpha=1, lam=1)), AggregateDivergence(kl_weight=0.0, weight=1.0)
    assert info.get_params(deep=False).keys() == wae.get_params(deep=False).keys()
    assert (info.kl_weight, info.weight) == (0, 1)
    assert (of(InfoVAE()).kl_weight, of(InfoVAE()).weight) == (1, 999)


# ---------------------------------------------------------------------- parts of the KL


@pytest.mark.parametrize("prior", ["normal", "decoupled", "elementwise_flow"])
@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_the_parts_add_up(aggregate, prior):
    net = make_net(KLDecomposition(alpha=3, beta=2, gamma=0.5, aggregate=aggregate), prior)
    if prior != "normal":
        shaken(net, "prior")
    inputs, terms = inputs_of(net.objective), look(net)
    mi, tc, dw = (terms[name] for name in ("mutual_information", "total_correlation", "dimension_kl"))
    output = net.module_(inputs.batches["first"], inputs.noise["posterior"])
    kl = output.posterior.log_prob(output.z) - output.prior.log_prob(output.z)
    torch.testing.assert_close(mi + tc + dw, kl.mean(), rtol=0, atol=1e-12)
    torch.testing.assert_close(terms["train"], terms["reconstruction"] + 3 * mi + 2 * tc + 0.5 * dw)


def test_the_data_set_is_as_large_as_its_rows_unless_told():
    by_rows, told, told_less = (KLDecomposition(aggregate="mws", total_samples=n) for n in (None, 100, 50))
    inputs = golden_inputs(by_rows)
    loss = by_rows.loss(golden_model(), inputs).loss
    assert loss == told.loss(golden_model(), inputs._replace(rows=None)).loss
    assert loss != told_less.loss(golden_model(), inputs).loss


# ---------------------------------------------------------------------- covariance


def whitened(rows):
    """Return rows whose covariance is I."""
    centred = rows - rows.mean(0)
    return centred @ torch.linalg.inv(torch.linalg.cholesky(centred.T @ centred / len(rows))).T


def covariance_penalty(loc, variance, kind):
    objective, posterior = CovariancePenalty(kind=kind), NormalParameters(loc, torch.full_like(loc, variance).log())
    output = golden_model(posterior=posterior)(Batch(ROWS[: len(loc)]), loc)
    return objective.penalty(output, golden_inputs(objective))[1]["covariance_penalty"]


@pytest.mark.parametrize(("kind", "variance"), [("i", 0.36), ("ii", 0.36), ("ii", 1e-6)])
def test_only_a_covariance_of_one_costs_nothing(kind, variance):
    loc = whitened(ROWS[:4, :3]) * (1 if kind == "i" else (1 - variance) ** 0.5)
    sheared = loc @ double([1, 0.1, 0], [0, 1, 0], [0, 0, 1])
    assert covariance_penalty(loc, variance, kind) == pytest.approx(0, abs=1e-20)
    assert covariance_penalty(loc + 7, variance, kind) == pytest.approx(0, abs=1e-20)
    assert all(covariance_penalty(other, variance, kind) > 1e-2 for other in (1.1 * loc, 0.9 * loc, sheared))


# ---------------------------------------------------------------------- total correlation


@pytest.mark.parametrize("standardize_codes", [True, False])
def test_standardized_codes_hide_their_scale_from_the_discriminator(standardize_codes):
    """Both sides of it: what the model is told, and what the discriminator learns from."""

    def looked(stretch):
        def stretched(module, inputs, q):
            return NormalParameters(q.loc * stretch, q.logvar + 2 * math.log(stretch))

        net = make_net(TotalCorrelation(standardize_codes=standardize_codes, **SMALL))
        net.module_.posterior.register_forward_hook(stretched)
        terms = look(net)
        return double(terms["total_correlation"].detach(), terms["discriminator"].detach())

    assert torch.allclose(looked(1.0), looked(30.0), rtol=1e-6) == standardize_codes


# ---------------------------------------------------------------------- capacity


def test_a_kl_at_its_capacity_costs_nothing():
    kl = kl_normal(LOC, LOGVAR).sum(-1).mean().item()
    objective = Capacity(max_capacity=kl, capacity_steps=1)
    loss, terms, _ = objective.loss(golden_model(), golden_inputs(objective, step=1))
    assert terms["kl"] == terms["capacity"] == kl
    assert loss == terms["reconstruction"]


@pytest.mark.parametrize("steps", [50, 0.5])
@pytest.mark.parametrize(("step", "share"), [(0, 0), (25, 0.5), (50, 1), (99, 1)])
def test_capacity_rises_over_a_count_or_a_fraction_of_the_steps(steps, step, share):
    objective = Capacity(max_capacity=8, capacity_steps=steps)
    assert objective.loss(golden_model(), golden_inputs(objective, step, n_steps=100)).terms["capacity"] == 8 * share


# ---------------------------------------------------------------------- rising weights

RISING = {
    "beta": ELBO,
    "gamma of the capacity": Capacity,
    "gamma of the total correlation": lambda **weight: TotalCorrelation(**weight, **SMALL),
    "alpha": KLDecomposition,
    "beta of the decomposition": KLDecomposition,
    "gamma of the decomposition": KLDecomposition,
    "lambda_od": CovariancePenalty,
    "lambda_d": CovariancePenalty,
    "kl_weight": AggregateDivergence,
    "weight": AggregateDivergence,
    "weight of the game": lambda **weight: AggregateDivergence(**weight, divergence=JensenShannon(**SMALL)),
}


@pytest.mark.parametrize("steps", [10, 0.1])
@pytest.mark.parametrize(("step", "share"), [(0, 0), (5, 0.5), (10, 1), (60, 1)])
@pytest.mark.parametrize("name", RISING)
def test_a_rising_weight_is_at_every_step_a_number(name, step, share, steps):
    weight = name.split()[0]

    def terms(value):
        net = make_net(RISING[name](**{weight: value}))
        return look(net, inputs_of(net.objective)._replace(weights=weights_at(net.objective, step, n_steps=100)))

    rising = terms(Warmup(value=3, steps=steps))
    assert all(rising[name] == value for name, value in terms(3.0 * share).items())


# ---------------------------------------------------------------------- where codes and prior are compared


@pytest.mark.parametrize(("space", "name"), [("generation", "mmd"), ("representation", "mmd")])
def test_codes_meet_the_prior_in_either_space(space, name):
    flow, model = golden_flow(3), golden_model(as_prior(golden_flow(3)))
    objective = AggregateDivergence(divergence=name, space=space)
    spaces = {
        "generation": (to_generation_space(flow, Z)[0], NOISE),
        "representation": (Z, to_representation_space(flow, NOISE)[0]),
    }
    expected = maximum_mean_discrepancy(*spaces[space])
    torch.testing.assert_close(objective.loss(model, golden_inputs(objective)).terms["divergence"], expected)


def test_generation_space_is_the_default_and_the_form_of_the_paper_an_option():
    assert of(InfoDPVAE()).space == of(WAE()).space == AggregateDivergence().space == "generation"
    assert of(InfoDPVAE(mmd_space="representation")).space == "representation"


def test_a_generator_is_compared_where_its_draws_live():
    net = make_net(AggregateDivergence(), "generator")
    inputs = inputs_of(net.objective)
    z = net.module_(inputs.batches["first"], inputs.noise["posterior"]).z
    expected = maximum_mean_discrepancy(z, net.module_.prior.sample(inputs.noise["prior"]))
    torch.testing.assert_close(look(net, inputs)["divergence"], expected.detach())


# ---------------------------------------------------------------------- weights without a lower bound

UNBOUNDED = {"alpha": 1, "beta": 4, "gamma": 15}


@pytest.mark.parametrize("rising", [False, True])
def test_a_reward_for_total_correlation_is_refused(rising):
    flow = as_prior(golden_flow(3))
    objective = KLDecomposition(**{name: Warmup(value=w) if rising else w for name, w in UNBOUNDED.items()})
    with pytest.raises(IncompatibleChoiceError, match=r"elementwise_flow.*allow_unbounded=True"):
        objective.check(flow, NormalParameters(LOC, LOGVAR))
    objective.set_params(allow_unbounded=True).check(flow, NormalParameters(LOC, LOGVAR))
    for weights_with_a_bound in ((1, 15, 4), (1, 4, 1), (0, 4, 4)):
        KLDecomposition(**dict(zip(UNBOUNDED, weights_with_a_bound))).check(flow, NormalParameters(LOC, LOGVAR))


@pytest.mark.parametrize("prior", ["normal", "elementwise_flow"])
def test_but_not_under_a_prior_that_factorises(prior):
    KLDecomposition(**UNBOUNDED).check(PRIORS[prior].build(setting(n_components=3)), NormalParameters(LOC, LOGVAR))


# ---------------------------------------------------------------------- words within words


@pytest.mark.parametrize(
    ("model", "nested"),
    [
        (VAE(objective="aggregate_divergence"), "objective__divergence__kernel"),
        (VAE(objective=AggregateDivergence()), "objective__divergence__kernel"),
        (AggregateDivergence(), "divergence__kernel"),
    ],
    ids=["words", "a spec", "by itself"],
)
def test_parameters_of_a_divergence_can_be_searched(model, nested):
    assert clone(model).set_params(**{nested: "imq"}).get_params()[nested] == "imq"
    with pytest.raises(ValueError, match="Invalid parameter 'kernl' for divergence='mmd'"):
        clone(model).set_params(**{nested.replace("kernel", "kernl"): "imq"})


# ---------------------------------------------------------------------- errors

BAD = [
    (KLDecomposition(aggregate="exact"), "'aggregate' parameter of KLDecomposition"),
    (KLDecomposition(alpha=-1), "'alpha' parameter of KLDecomposition"),
    (KLDecomposition(beta="4"), "'beta' parameter of KLDecomposition"),
    (KLDecomposition(total_samples=1), "'total_samples' parameter of KLDecomposition"),
    (Capacity(capacity_steps=0), "'capacity_steps' parameter of Capacity"),
    (Capacity(capacity_steps=0.0), "'capacity_steps' parameter of Capacity"),
    (Capacity(capacity_steps=1.5), "'capacity_steps' parameter of Capacity"),
    (Capacity(max_capacity=-1), "'max_capacity' parameter of Capacity"),
    (Capacity(prior_training="alone"), "'prior_training' parameter of Capacity"),
    (CovariancePenalty(kind="iii"), "'kind' parameter of CovariancePenalty"),
    (CovariancePenalty(lambda_od=-1), "'lambda_od' parameter of CovariancePenalty"),
    (TotalCorrelation(gamma=-1), "'gamma' parameter of TotalCorrelation"),
    (TotalCorrelation(discriminator_layer_sizes=(8, 0)), "'discriminator_layer_sizes' parameter.*positive integers"),
    (TotalCorrelation(standardize_codes="never"), "'standardize_codes' parameter of TotalCorrelation"),
    (TotalCorrelation(discriminator_learning_rate=0), "'discriminator_learning_rate' parameter of TotalCorrelation"),
    (AggregateDivergence(divergence="wasserstein"), "'divergence' parameter.*'mmd'"),
    (AggregateDivergence(space="data"), "'space' parameter of AggregateDivergence"),
    (AggregateDivergence(weight=-1), "'weight' parameter of AggregateDivergence"),
    (AggregateDivergence(prior_weight=0), "'prior_weight' parameter of AggregateDivergence"),
    (AggregateDivergence(divergence=MMD(kernel="linear")), "'kernel' parameter of MMD"),
    (AggregateDivergence(divergence=MMD(bandwidth=0)), "'bandwidth' parameter of MMD"),
    (AggregateDivergence(divergence=JensenShannon(discriminator_layer_sizes=(0,))), "'discriminator_layer_sizes'"),
    (ELBO(beta=Warmup(steps=0)), "'steps' parameter of Warmup"),
    (ELBO(beta=Warmup(steps=1.5)), "'steps' parameter of Warmup"),
    (TotalCorrelation(gamma=Warmup(value=-1)), "'value' parameter of Warmup"),
]


@pytest.mark.parametrize(("objective", "words"), BAD, ids=[words for _, words in BAD])
def test_a_bad_choice_is_named(objective, words):
    with pytest.raises(ValueError, match=words):
        objective.validated()
