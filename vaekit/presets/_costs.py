"""What presets cost: weights and steps, and the time that follows from the stated seconds of a step."""

from typing import NamedTuple

from vaekit.utils._repr import short_repr

__all__ = ["PresetCost", "cost_of"]

DSPRITES_ROWS = 737_280  # for the source that counts epochs
# Seconds of a step on an H100: kernels are small there, and their number decides, not their size.
GPU_TABLE, GPU_IMAGES, GPU_DISCRIMINATOR, GPU_DECOUPLED = 0.0022, 0.0040, 0.0051, 0.0039

# name: weights, seconds of a step on one thread of a CPU (`benchmarks/preset_costs.py`; presets with the same network,
# batch and parts share a measurement)
COSTS = {
    "dpvae/VAE/mnist": (467_173, 0.055),
    "dpvae/VAE/svhn": (169_815, 0.095),
    "dpvae/VAE/celeba": (2_751_415, 0.57),
    "dpvae/VAE/moons": (11_006, 0.0017),
    "dpvae/DPVAE/mnist": (494_845, 0.058),
    "dpvae/DPVAE/svhn": (206_799, 0.098),
    "dpvae/DPVAE/celeba": (2_788_399, 0.57),
    "dpvae/DPVAE/moons": (38_678, 0.0054),
    "dpvae/BetaVAE/mnist": (467_173, 0.055),
    "dpvae/BetaVAE/svhn": (169_815, 0.095),
    "dpvae/BetaVAE/celeba": (2_751_415, 0.57),
    "dpvae/BetaVAE/moons": (11_006, 0.0017),
    "dpvae/BetaDPVAE/mnist": (494_845, 0.058),
    "dpvae/BetaDPVAE/svhn": (206_799, 0.098),
    "dpvae/BetaDPVAE/celeba": (2_788_399, 0.57),
    "dpvae/BetaDPVAE/moons": (38_678, 0.0054),
    "dpvae/AnnealedVAE/mnist": (467_173, 0.055),
    "dpvae/AnnealedVAE/svhn": (169_815, 0.095),
    "dpvae/AnnealedVAE/celeba": (2_751_415, 0.57),
    "dpvae/AnnealedVAE/moons": (11_006, 0.0017),
    "dpvae/AnnealedDPVAE/mnist": (494_845, 0.058),
    "dpvae/AnnealedDPVAE/svhn": (206_799, 0.098),
    "dpvae/AnnealedDPVAE/celeba": (2_788_399, 0.57),
    "dpvae/AnnealedDPVAE/moons": (38_678, 0.0054),
    "dpvae/FactorVAE/mnist": (4_476_175, 0.14),
    "dpvae/FactorVAE/svhn": (4_186_817, 0.18),
    "dpvae/FactorVAE/celeba": (6_768_417, 0.66),
    "dpvae/FactorVAE/moons": (4_020_008, 0.092),
    "dpvae/FactorDPVAE/mnist": (4_503_847, 0.15),
    "dpvae/FactorDPVAE/svhn": (4_223_801, 0.19),
    "dpvae/FactorDPVAE/celeba": (6_805_401, 0.66),
    "dpvae/FactorDPVAE/moons": (4_047_680, 0.095),
    "dpvae/BetaTCVAE/mnist": (467_173, 0.055),
    "dpvae/BetaTCVAE/svhn": (169_815, 0.095),
    "dpvae/BetaTCVAE/celeba": (2_751_415, 0.57),
    "dpvae/BetaTCVAE/moons": (11_006, 0.0017),
    "dpvae/BetaTCDPVAE/mnist": (494_845, 0.058),
    "dpvae/BetaTCDPVAE/svhn": (206_799, 0.098),
    "dpvae/BetaTCDPVAE/celeba": (2_788_399, 0.57),
    "dpvae/BetaTCDPVAE/moons": (38_678, 0.0054),
    "dpvae/BetaTCDPVAE-as-printed/mnist": (494_845, 0.058),
    "dpvae/BetaTCDPVAE-as-printed/svhn": (206_799, 0.098),
    "dpvae/BetaTCDPVAE-as-printed/celeba": (2_788_399, 0.57),
    "dpvae/BetaTCDPVAE-as-printed/moons": (38_678, 0.0054),
    "dpvae/InfoVAE/mnist": (467_173, 0.055),
    "dpvae/InfoVAE/svhn": (169_815, 0.095),
    "dpvae/InfoVAE/celeba": (2_751_415, 0.57),
    "dpvae/InfoVAE/moons": (11_006, 0.0017),
    "dpvae/InfoDPVAE/mnist": (494_845, 0.058),
    "dpvae/InfoDPVAE/svhn": (206_799, 0.098),
    "dpvae/InfoDPVAE/celeba": (2_788_399, 0.57),
    "dpvae/InfoDPVAE/moons": (38_678, 0.0054),
    "dpvae/InfoDPVAE-as-printed/mnist": (494_845, 0.058),
    "dpvae/InfoDPVAE-as-printed/svhn": (206_799, 0.098),
    "dpvae/InfoDPVAE-as-printed/celeba": (2_788_399, 0.57),
    "dpvae/InfoDPVAE-as-printed/moons": (38_678, 0.0054),
    "dpvae_code/VAE": (467_173, 0.055),
    "dpvae_code/DPVAE": (494_845, 0.058),
    "dpvae_code/BetaVAE": (467_173, 0.02),
    "dpvae_code/BetaDPVAE": (494_845, 0.058),
    "dpvae_code/AnnealedVAE": (467_173, 0.02),
    "dpvae_code/AnnealedDPVAE": (494_845, 0.023),
    "dpvae_code/FactorVAE": (6_572_911, 0.14),
    "dpvae_code/FactorDPVAE": (6_600_583, 0.14),
    "dpvae_code/BetaTCVAE": (467_173, 0.055),
    "dpvae_code/InfoVAE": (467_173, 0.02),
    "dpvae_code/InfoDPVAE": (494_845, 0.023),
    "two_moons/VAE": (11_006, 0.0017),
    "two_moons/DPVAE": (16_142, 0.0047),
    "two_moons/BetaVAE": (11_006, 0.0017),
    "two_moons/BetaDPVAE": (16_142, 0.0047),
    "two_moons/AnnealedVAE": (11_006, 0.0017),
    "two_moons/AnnealedDPVAE": (16_142, 0.0047),
    "two_moons/BetaTCVAE": (11_006, 0.0017),
    "two_moons/BetaTCDPVAE": (16_142, 0.0047),
    "two_moons/BetaTCVAE-as-printed": (11_006, 0.0017),
    "two_moons/BetaTCDPVAE-as-printed": (16_142, 0.0047),
    "two_moons/InfoVAE": (11_006, 0.0017),
    "two_moons/InfoDPVAE": (16_142, 0.0047),
    "two_moons/InfoDPVAE-as-printed": (16_142, 0.0047),
    "kim_mnih/FactorVAE/dsprites": (5_516_007, 0.23),
    "kim_mnih/FactorDPVAE/dsprites": (5_540_663, 0.23),
    "kim_mnih/BetaVAE/dsprites": (498_005, 0.11),
    "kim_mnih/BetaDPVAE/dsprites": (522_661, 0.11),
    "thesis/BetaVAE": (502_005, 0.11),
    "thesis/BetaDPVAE": (526_661, 0.11),
    "thesis/FactorVAE": (4_519_007, 0.2),
    "thesis/FactorDPVAE": (4_543_663, 0.2),
    "thesis/BetaTCVAE": (502_005, 0.11),
    "thesis/BetaTCDPVAE": (526_661, 0.11),
    "thesis/DIPVAE": (502_005, 0.11),
    "thesis/DIPDPVAE": (526_661, 0.11),
    "demystifying/BetaVAE/dsprites": (690_517, 0.12),
    "demystifying/BetaDPVAE/dsprites": (715_173, 0.12),
    "demystifying/BetaVAE/shapes3d": (692_567, 0.12),
    "demystifying/BetaDPVAE/shapes3d": (717_223, 0.12),
    "demystifying/FactorVAE/dsprites": (5_708_519, 0.24),
    "demystifying/FactorDPVAE/dsprites": (5_733_175, 0.24),
    "demystifying/FactorVAE/shapes3d": (5_710_569, 0.24),
    "demystifying/FactorDPVAE/shapes3d": (5_735_225, 0.24),
    "demystifying/BetaTCVAE/dsprites": (690_517, 0.12),
    "demystifying/BetaTCDPVAE/dsprites": (715_173, 0.12),
    "demystifying/BetaTCVAE/shapes3d": (692_567, 0.12),
    "demystifying/BetaTCDPVAE/shapes3d": (717_223, 0.12),
    "dlib/BetaVAE": (690_517, 0.12),
    "dlib/BetaDPVAE": (715_173, 0.12),
    "dlib/AnnealedVAE": (690_517, 0.12),
    "dlib/AnnealedDPVAE": (715_173, 0.12),
    "dlib/FactorVAE": (5_708_519, 0.24),
    "dlib/FactorDPVAE": (5_733_175, 0.24),
    "dlib/DIPVAE-i": (690_517, 0.12),
    "dlib/DIPDPVAE-i": (715_173, 0.12),
    "dlib/DIPVAE-ii": (690_517, 0.12),
    "dlib/DIPDPVAE-ii": (715_173, 0.12),
    "dlib/BetaTCVAE": (690_517, 0.12),
    "dlib/BetaTCDPVAE": (715_173, 0.12),
    "learned_priors/FlowPriorVAE/mnist": (13_182_545, 0.36),
    "learned_priors/FlowPriorVAE/cifar10": (17_340_163, 0.47),
    "learned_priors/LearnedPriorAAE/mnist": (13_299_099, 0.37),
    "learned_priors/LearnedPriorAAE/cifar10": (17_434_821, 0.48),
}


class PresetCost(NamedTuple):
    """What it takes to train a preset, roughly.

    Attributes
    ----------
    n_weights : int
        Trained numbers, those of a discriminator among them.
    n_steps : int
        Steps of the source.
    cpu_hours : float
        On one thread of a CPU.
    gpu_hours : float
        On an H100.
    """

    n_weights: int
    n_steps: int
    cpu_hours: float
    gpu_hours: float

    __repr__ = short_repr


def cost_of(name, estimator, parameters):
    """Return the cost of a preset, from the stated seconds of one of its steps."""
    n_weights, cpu_seconds = COSTS[name]
    n_steps = parameters.get("max_steps") or parameters["max_epochs"] * (DSPRITES_ROWS // parameters["batch_size"])
    gpu_seconds = GPU_IMAGES if "network" in parameters else GPU_TABLE
    gpu_seconds += GPU_DISCRIMINATOR * estimator.startswith(("Factor", "LearnedPrior"))
    gpu_seconds += GPU_DECOUPLED * ("DP" in estimator or estimator.startswith("FlowPrior"))
    return PresetCost(n_weights, n_steps, n_steps * cpu_seconds / 3600, n_steps * gpu_seconds / 3600)
