"""Faint patterns of a trained network: whether they decide if a VAE mixes two factors of images, or parts them."""

import numpy as np

from vaekit import BetaVAE
from vaekit.datasets import make_xy_squares, modify_images
from vaekit.experiments._claims import Claim, in_every_run, is_lower
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments._tables import Table
from vaekit.metrics import mean_correlation_coefficient
from vaekit.nn import fit_manipulation

PAIR = (0, 1)  # positions
VERSIONS = ("entangling", "disentangling", "shuffled")
SIZES = {"smoke": (20, 2, 1), "small": (500, 600, 3), "paper": (2000, 3000, 10)}  # steps, epochs, seeds
STRENGTH = 0.05


def runs(scale):
    """Versions of the images, and seeds of the patterns and of the VAE."""
    n_steps, n_epochs, n_seeds = SIZES[scale]
    model = BetaVAE(n_components=4, beta=2, max_epochs=n_epochs, likelihood="bernoulli")
    return [
        StudyRun({"version": version}, model, {"version": version, "n_steps": n_steps, "seed": seed}, seed)
        for version in VERSIONS for seed in range(n_seeds)
    ]  # fmt: skip


def load(data, folder):
    """Squares with the patterns of a network trained for them; "shuffled" are entangling ones of other images."""
    squares = make_xy_squares()
    kind = "entangling" if data["version"] == "shuffled" else data["version"]
    how = {"strength": STRENGTH, "random_state": data["seed"]}
    made = fit_manipulation(squares.images, squares.factors, PAIR, kind=kind, n_steps=data["n_steps"], **how)
    shuffled = data["version"] == "shuffled"
    images = modify_images(squares.images, squares.factors, PAIR, modification=made, shuffled=shuffled, **how)
    return Data(images, more={"factors": squares.factors, "advantage": np.mean(made.advantage[-50:])})


def measure(model, data, run):
    """Nats by which mixing is ahead in the two pairs; how codes of a VAE lie, to positions and to their mixes."""
    codes, positions = model.transform(data.X), data["factors"][:, list(PAIR)].astype(float)
    mixes = np.column_stack([positions.sum(axis=1), np.diff(positions, axis=1)])
    parted, mixed = (mean_correlation_coefficient(axes, codes) for axes in (positions, mixes))
    return {"advantage": data["advantage"], "parted": parted, "mixed": mixed, "turn": mixed - parted}


STUDY = Study(
    name="manipulation",
    title="Patterns that make a VAE mix two factors",
    source='Zietlow, Rolinek and Martius, "Demystifying Inductive Biases for (Beta-)VAE Based Architectures", ICML '
    "2021, https://arxiv.org/abs/2102.06822, section 4 and supplement",
    runs=runs,
    load=load,
    measure=measure,
    claims=[
        Claim("of the two pairs of encoder and decoder the one that mixes positions is ahead under entangling ones",
              "supplement", in_every_run("advantage", least=0, version="entangling")),
        Claim("under disentangling ones the one that parts them is ahead", "supplement",
              in_every_run("advantage", most=0, version="disentangling")),
        Claim("codes of a VAE of its own lie nearer to sum and difference of the positions than to these under "
              "entangling patterns", "section 4", in_every_run("turn", least=0, form="+.3f", version="entangling")),
        Claim("they lie nearer to the positions under disentangling ones", "section 4",
              in_every_run("turn", most=0, form="+.3f", version="disentangling")),
        Claim("they are turned less by the same patterns on other images", "section 4, noise",
              is_lower("turn", {"version": "shuffled"}, {"version": "entangling"})),
    ],
    tables=[
        Table("Nats by which mixing is ahead; correlations of codes", ["version"],
              {"advantage": "advantage:.2f", "parted": "with positions", "mixed": "with sum and difference",
               "turn": "difference:.2f"}),
    ],
    differs="8 x 8 squares; networks, sizes and lengths are ours, and so is our reading of the pairs: latents are "
    "noisy factors in one, their sum and difference in the other. Patterns have .05 of the variance of mean images.",
)  # fmt: skip
