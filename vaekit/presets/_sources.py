"""What the sources state, as data: one entry per source, one row per method, one row per data set."""

from typing import NamedTuple

from vaekit.likelihoods import Normal
from vaekit.nn import ConvNet
from vaekit.presets._networks import (
    DLIB,
    DPVAE_CELEBA,
    DPVAE_MNIST,
    DPVAE_MNIST_FACTOR,
    DPVAE_SVHN,
    INFOGAN_28,
    INFOGAN_32,
    KIM_MNIH,
)
from vaekit.priors import Decoupled

__all__ = ["SOURCES", "Source"]


class Source(NamedTuple):
    """One source's rows; a preset's parameters are those of source, data set, prior and method, later ones winning.

    Attributes
    ----------
    reference : str
        Authors, title, year.
    shared : dict
        Parameters of every preset of the source.
    data : dict of str to dict
        Parameters that hold for a data set; the first one is the default. "" stands for the source's only one.
    methods : dict of str to dict
        Parameters that are a method's own. A key names one estimator or several, apart by blanks; a hyphen tells
        variants of an estimator apart, a slash data sets for which the method has strengths of its own.
    decoupled : dict
        Parameters of the estimators whose prior is decoupled.
    grids : dict of str to dict
        Strengths that the source searched, by method; a decoupled twin has those of its plain method.
    """

    reference: str
    shared: dict
    data: dict
    methods: dict
    decoupled: dict = {}
    grids: dict = {}


def steps(n):
    """Train for n steps, however many rows there are, without a warm-up of the KL."""
    return {"max_steps": n, "max_epochs": n, "warmup": 0}


def discriminator(n_layers):
    """Hidden layers of 1000 units. Under a normal prior they see codes as they are, as all sources have it."""
    return {"discriminator_layer_sizes": (1000,) * n_layers, "discriminator_learning_rate": 1e-4}


def squared_error(weight):
    """The likelihood whose negative log is weight * (x - m)^2 and a constant."""
    return {"likelihood": Normal(scale=(2 * weight) ** -0.5)}


MOONS = {"n_components": 2, "hidden_layer_sizes": (100, 50), "activation": "leaky_relu"}
AS_THEY_ARE = {"standardize_codes": False}  # also under a decoupled prior, where sources have one
FOUR_COUPLINGS = {"prior": Decoupled(n_couplings=4, hidden_width=64)}  # of twins that are ours, not the source's
SIX_COUPLINGS = {"prior": Decoupled(n_couplings=6, hidden_width=64)}
AS_PRINTED_TC = {"alpha": 1, "beta": 4, "gamma": 15}
AS_PRINTED_INFO = {"alpha": 0, "lam": 1000, "kernel": "infovae"}

DPVAE = Source(
    'Bhalodia, Lee and Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs", ACCV 2020',
    shared={"batch_size": 50, "learning_rate": 1e-4, "standardize": None, **steps(100_000)},
    data={
        "mnist": {"n_components": 2, "batch_size": 100, "likelihood": "bernoulli", "network": DPVAE_MNIST},
        "svhn": {"likelihood": "squared_error", "network": DPVAE_SVHN},
        "celeba": {"likelihood": "squared_error", "network": DPVAE_CELEBA},
        "moons": {**MOONS, "batch_size": 100, "likelihood": Normal(scale=0.15)},
    },
    methods={
        "VAE DPVAE": {},
        "BetaVAE BetaDPVAE": {"beta": 4},
        "AnnealedVAE AnnealedDPVAE": {"gamma": 15, "max_capacity": 25, "capacity_steps": 100_000},
        "FactorVAE": {"gamma": 1000, **discriminator(5)},
        "FactorDPVAE": {"gamma": 1000, **discriminator(5), **AS_THEY_ARE},
        "BetaTCVAE": AS_PRINTED_TC,
        "BetaTCDPVAE": {"alpha": 1, "beta": 15, "gamma": 4},
        "BetaTCDPVAE-as-printed": {**AS_PRINTED_TC, "allow_unbounded": True},
        "InfoVAE InfoDPVAE": AS_PRINTED_INFO,
        "InfoDPVAE-as-printed": {**AS_PRINTED_INFO, "mmd_space": "representation"},
    },
    decoupled=SIX_COUPLINGS,
)

# The loss of that code is a sum over the batch, to which terms that are means over the batch are added: in nats per row
# those weigh less by the size of the batch.
CODE_FACTOR = {
    "batch_size": 24, "learning_rate": 1e-4, **squared_error(1), "network": DPVAE_MNIST_FACTOR,
    "gamma": 1000 / 24, **discriminator(5),
}  # fmt: skip
DPVAE_CODE = Source(
    "The code that goes with that paper, config/*/*mnist.json",
    shared={"n_components": 2, "standardize": None, "network": DPVAE_MNIST, **steps(100_000)},
    data={"": {}},
    methods={
        "VAE DPVAE": {"batch_size": 100, "learning_rate": 1e-4, **squared_error(1)},
        "BetaVAE": {"batch_size": 24, "learning_rate": 1e-4, **squared_error(1), "beta": 5},
        "BetaDPVAE": {"batch_size": 100, "learning_rate": 1e-3, **squared_error(10), "beta": 5},
        "AnnealedVAE AnnealedDPVAE": {
            "batch_size": 24, "learning_rate": 1e-3, **squared_error(100),
            "gamma": 15, "max_capacity": 25 / 24, "capacity_steps": 100_000,
        },
        "FactorVAE": CODE_FACTOR,
        "FactorDPVAE": {**CODE_FACTOR, **AS_THEY_ARE},
        "BetaTCVAE": {
            "batch_size": 100, "learning_rate": 1e-4, **squared_error(10),
            "alpha": 1 / 100, "beta": 4 / 100, "gamma": 15 / 100,
        },
        "InfoVAE": {
            "batch_size": 24, "learning_rate": 1e-4, **squared_error(10),
            "alpha": 0, "lam": 1 + 999 / 24, "kernel": "infovae",
        },
        "InfoDPVAE": {
            "batch_size": 24, "learning_rate": 1e-3, **squared_error(10),
            "alpha": 0, "lam": 1 + 999 / 24, "kernel": "infovae", "mmd_space": "representation",
        },
    },
    decoupled=SIX_COUPLINGS,
)  # fmt: skip

TWO_MOONS = Source(
    "The dpVAE paper's methods at a size that a CPU trains in seconds; our own protocol",
    shared={
        **MOONS, "batch_size": 128, "learning_rate": 1e-3, "standardize": None,
        "likelihood": Normal(scale=0.15), **steps(4000),
    },
    data={"": {}},
    methods={
        "VAE DPVAE": {},
        "BetaVAE BetaDPVAE": {"beta": 4},
        "AnnealedVAE AnnealedDPVAE": {"gamma": 15, "max_capacity": 3},
        "BetaTCVAE BetaTCDPVAE": {"alpha": 1, "beta": 4, "gamma": 1},
        "BetaTCVAE-as-printed": AS_PRINTED_TC,
        "BetaTCDPVAE-as-printed": {**AS_PRINTED_TC, "allow_unbounded": True},
        "InfoVAE InfoDPVAE": {"alpha": 0, "lam": 1000},
        "InfoDPVAE-as-printed": {"alpha": 0, "lam": 1000, "mmd_space": "representation"},
    },
    decoupled={"prior": Decoupled(n_couplings=4, hidden_width=32)},
)  # fmt: skip

STUDY = {
    "n_components": 10, "batch_size": 64, "learning_rate": 1e-4, "likelihood": "bernoulli", "network": DLIB,
    **steps(300_000),
}  # fmt: skip
STUDY_TC = {"alpha": 1, "gamma": 1, "aggregate": "mws"}  # its total correlation leaves out the constant of "mws"
STUDY_FACTOR = discriminator(6)

DISENTANGLEMENT_STUDY = Source(
    'Locatello et al., "Challenging Common Assumptions in the Unsupervised Learning of Disentangled Representations", '
    "ICML 2019, and its code, disentanglement_lib",
    shared=STUDY,
    data={"": {}},
    methods={
        "BetaVAE BetaDPVAE": {"beta": 4},
        "AnnealedVAE AnnealedDPVAE": {"gamma": 1000, "max_capacity": 25, "capacity_steps": 100_000},
        "FactorVAE FactorDPVAE": {"gamma": 30, **STUDY_FACTOR},
        "DIPVAE-i DIPDPVAE-i": {"kind": "i", "lambda_od": 5},
        "DIPVAE-ii DIPDPVAE-ii": {"kind": "ii", "lambda_od": 5},
        "BetaTCVAE BetaTCDPVAE": {"beta": 4, **STUDY_TC},
    },
    decoupled=FOUR_COUPLINGS,
    grids={
        "BetaVAE": {"beta": [1, 2, 4, 6, 8, 16]},
        "AnnealedVAE": {"max_capacity": [5, 10, 25, 50, 75, 100]},
        "FactorVAE": {"gamma": [10, 20, 30, 40, 50, 100]},
        "DIPVAE-i": {"lambda_od": [1, 2, 5, 10, 20, 50]},
        "DIPVAE-ii": {"lambda_od": [1, 2, 5, 10, 20, 50]},
        "BetaTCVAE": {"beta": [1, 2, 4, 6, 8, 10]},
    },
)


DEMYSTIFYING = Source(
    'Zietlow, Rolinek and Martius, "Demystifying Inductive Biases for (Beta-)VAE Based Architectures", ICML 2021',
    shared=STUDY,
    data={"": {}},
    methods={
        "BetaVAE/dsprites BetaDPVAE/dsprites": {"beta": 8},
        "BetaVAE/shapes3d BetaDPVAE/shapes3d": {"beta": 32},
        "FactorVAE/dsprites FactorDPVAE/dsprites": {"gamma": 35, **STUDY_FACTOR},
        "FactorVAE/shapes3d FactorDPVAE/shapes3d": {"gamma": 7, **STUDY_FACTOR},
        "BetaTCVAE/dsprites BetaTCDPVAE/dsprites": {"beta": 6, **STUDY_TC},
        "BetaTCVAE/shapes3d BetaTCDPVAE/shapes3d": {"beta": 32, **STUDY_TC},
    },
    decoupled=FOUR_COUPLINGS,
)

FACTORISING = Source(
    'Kim and Mnih, "Disentangling by Factorising", ICML 2018',
    shared={
        "n_components": 10, "batch_size": 64, "learning_rate": 1e-4, "likelihood": "bernoulli", "network": KIM_MNIH,
        **steps(300_000),
    },
    data={"dsprites": {}},
    methods={
        "FactorVAE FactorDPVAE": {"gamma": 35, **discriminator(6)},
        "BetaVAE BetaDPVAE": {"beta": 4},
    },
    decoupled=FOUR_COUPLINGS,
)  # fmt: skip

THESIS = Source(
    "Mushom, master's thesis",
    shared={
        "n_components": 10, "batch_size": 64, "learning_rate": 1e-4, "max_epochs": 30, "warmup": 0,
        "likelihood": "bernoulli", "network": ConvNet(channels=32, hidden_layer_sizes=(256, 256)),
    },
    data={"": {}},
    methods={
        "BetaVAE BetaDPVAE": {"beta": 10},
        "FactorVAE FactorDPVAE": {"gamma": 25, **discriminator(5)},
        "BetaTCVAE BetaTCDPVAE": {"alpha": 1, "beta": 1, "gamma": 1},
        "DIPVAE DIPDPVAE": {"kind": "ii", "lambda_od": 1, "lambda_d": None},
    },
    decoupled=FOUR_COUPLINGS,
    grids={
        "BetaVAE": {"beta": [1, 3, 10, 30]},
        "FactorVAE": {"gamma": [5, 10, 25, 50, 100]},
        "BetaTCVAE": {"beta": [1, 3, 6, 10]},
        "DIPVAE": {"lambda_od": [1, 3, 10, 30]},
    },
)  # fmt: skip

LEARNED_PRIORS = Source(
    '"Empirical observations pertaining to learned priors for deep latent variable models"',
    shared={"standardize": None, **steps(100_000)},
    data={
        "mnist": {"n_components": 8, "likelihood": "bernoulli", "network": INFOGAN_28},
        "cifar10": {"n_components": 64, "likelihood": "squared_error", "network": INFOGAN_32},
    },
    methods={"FlowPriorVAE": {"warmup": 50_000}, "LearnedPriorAAE": {}},
)

SOURCES = {
    "dpvae": DPVAE,
    "dpvae_code": DPVAE_CODE,
    "two_moons": TWO_MOONS,
    "kim_mnih": FACTORISING,
    "thesis": THESIS,
    "demystifying": DEMYSTIFYING,
    "dlib": DISENTANGLEMENT_STUDY,
    "learned_priors": LEARNED_PRIORS,
}
