"""What a decoupled prior does for a beta-VAE, on two moons.

    python examples/two_moons.py [--out two_moons.png]

A regularised VAE leaves pockets: places its prior draws from and its encoder hardly reaches, so that the decoder makes
up what lies between the data. With a decoupled prior samples are drawn in another space, which an invertible network
maps to the one the codes live in. Samples off the data, further from every row than 99% of the rows are from their
nearest neighbour, are orange, in data space and in both latent spaces.
"""

import argparse

import matplotlib.pyplot as plt
import numpy as np
import torch

from vaekit import BetaVAE, DecoupledBetaVAE
from vaekit.datasets import make_two_moons
from vaekit.evaluation import nearest_neighbours, symmetric_kl
from vaekit.inspection import LatentSpaceDisplay
from vaekit.likelihoods import Normal

ORANGE, DARK, GREY = "#e8720c", "0.3", "0.6"
MODELS = {"β-VAE": BetaVAE, "decoupled β-VAE": DecoupledBetaVAE}


def fit(cls, X, n_steps):
    return cls(
        n_components=2, beta=4, likelihood=Normal(scale=0.15), hidden_layer_sizes=(100, 50), batch_size=100,
        max_epochs=n_steps, max_steps=n_steps, random_state=0,
    ).fit(X)  # fmt: skip


def draw(model, n_samples):
    """Return samples in data, representation and generation space; what `model.sample` does, with the way kept."""
    generation = np.random.default_rng(1).standard_normal((n_samples, model.n_components_))
    representation = model.to_representation_space(generation)
    return model.inverse_transform(representation), representation, generation


def off_the_data(samples, X):
    neighbours = nearest_neighbours(samples, X)
    return neighbours.distance > np.quantile(neighbours.reference_distance, 0.99)


def scatter(ax, points, colour):
    ax.scatter(*points.T, s=4, color=colour, linewidths=0, zorder=3)


def draw_row(axes, model, X, y):
    """Samples, representation space and generation space of one model; return its share of samples off the data."""
    spaces = draw(model, len(X))
    is_off = off_the_data(spaces[0], X)
    LatentSpaceDisplay.from_estimator(model, X, y, random_state=2).plot(axes[1:])
    scatter(axes[0], spaces[0][~is_off], DARK)
    for ax, points in zip(axes, spaces):
        scatter(ax, points[is_off], ORANGE)
    return is_off.mean()


def lay_out():
    """One panel for the data, and three for each of two models."""
    figure = plt.figure(figsize=(10, 5), layout="constrained")
    ((left, right),) = figure.subfigures(1, 2, squeeze=False, width_ratios=[1, 3.4])
    return figure, left.subplots(), right.subplots(2, 3)


def tidy(data_axes, grid, X):
    for ax in (data_axes, *grid[:, 0]):
        ax.set(xticks=[], yticks=[], aspect="equal", xlim=1.15 * np.array([X[:, 0].min(), X[:, 0].max()]),
               ylim=1.15 * np.array([X[:, 1].min(), X[:, 1].max()]))  # fmt: skip
    for ax in grid[:, 1:].flat:
        ax.set_aspect("equal", adjustable="box")
        ax.set(title="", xlim=(-4.5, 4.5), ylim=(-4.5, 4.5), xticks=[-3, 0, 3], yticks=[-3, 0, 3])
    for ax, title in zip((data_axes, *grid[0]), ("data", "samples", "representation space", "generation space")):
        ax.set_title(title)


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=4000, help="training steps of each model")
    parser.add_argument("--out", default="two_moons.png", help="where the picture goes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # steps this small are slower on more

    moons = make_two_moons(2000, noise=0.05, random_state=0)
    X, y = moons.data, moons.factors[:, 0]
    figure, data_axes, grid = lay_out()
    scatter(data_axes, X, GREY)
    for axes, (name, cls) in zip(grid, MODELS.items()):
        model = fit(cls, X, arguments.steps)
        share = draw_row(axes, model, X, y)
        divergence = symmetric_kl(model, X, random_state=0)
        axes[0].set(ylabel=name, xlabel=f"{share:.0%} off the data")
        axes[2].set_xlabel(f"symmetric KL {divergence.value:.2f} nats")
        print(
            f"{name:16} symmetric KL {divergence.value:.3f} +- {divergence.standard_error:.3f} nats; "
            f"{share:.1%} of the samples off the data"
        )
    tidy(data_axes, grid, X)
    figure.savefig(arguments.out, dpi=90)
    print(f"picture: {arguments.out}")


if __name__ == "__main__":
    main()
