"""Pockets and leaks of seven regularised VAEs on two moons, and what a decoupled prior does about them.

    python examples/pockets.py [--out pockets.png]

A column for each model, trained twice, with a plain and with a decoupled prior. Grey are data and their codes (draws of
the aggregate posterior q(z)); the lines hold 50 and 90% of the prior. Orange: pockets, the tenth of the prior's samples
where q(z) is lowest, and what they decode to. Blue: leaks, the tenth of the codes where the prior is lowest, which
decode well and are hardly ever generated.

After figures 3 and 4 of R. Bhalodia, I. Lee, S. Elhabian, "dpVAEs: Fixing Sample Generation for Regularized VAEs",
ACCV 2020, https://arxiv.org/abs/1911.10506
"""

import argparse
from copy import deepcopy

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.lines import Line2D

from vaekit import DIPVAE, VAE, AnnealedVAE, BetaTCVAE, BetaVAE, FactorVAE, InfoVAE
from vaekit.datasets import make_two_moons
from vaekit.evaluation import (
    AggregatePosterior,
    high_posterior_samples,
    leakage_curve,
    low_posterior_samples,
    nearest_neighbours,
    symmetric_kl,
)
from vaekit.likelihoods import Normal

MODELS = {
    "VAE": VAE(),
    "β-VAE": BetaVAE(beta=4),
    "β-VAE-B": AnnealedVAE(max_capacity=3),
    "FactorVAE": FactorVAE(gamma=10),
    "β-TCVAE": BetaTCVAE(alpha=1, beta=4, gamma=1),
    "InfoVAE": InfoVAE(alpha=0, lam=1000),
    "DIP-VAE": DIPVAE(lambda_od=10),
}
PRIORS = ("normal", "decoupled")
PANELS = {  # of one column: prior, space -> label of the row
    ("normal", "generation"): "plain prior\nlatent space",
    ("normal", "data"): "plain prior\ndata",
    ("decoupled", "generation"): "decoupled prior\ngeneration space",
    ("decoupled", "representation"): "decoupled prior\nrepresentation space",
    ("decoupled", "data"): "decoupled prior\ndata",
}
LEAKAGE_THRESHOLD = -3  # nats: 31% of a standard normal in the plane lie where its log density is lower
GREY, ORANGE, BLUE, DARK = "0.72", "#e8720c", "#2b6ca3", "0.2"


def fit(model, prior, X, n_epochs):
    return deepcopy(model).set_params(
        prior=prior, n_components=2, likelihood=Normal(scale=0.15), hidden_layer_sizes=(100, 50), batch_size=100,
        max_epochs=n_epochs, random_state=0,
    ).fit(X)  # fmt: skip


# ---------------------------------------------------------------------- numbers


def explore(model, X):
    """Return codes, pockets and leaks in three spaces, and the numbers of the table."""
    q = AggregatePosterior.from_estimator(model, X)
    draws = {"random_state": 0, "aggregate_posterior": q}
    pockets = low_posterior_samples(model, X, n_samples=len(X) // 10, **draws)
    leaks = high_posterior_samples(model, X, n_samples=len(X) // 10, **draws)
    codes = q.sample(len(X), random_state=1)
    points = {
        "representation": (codes, pockets.representation, leaks.representation),
        "generation": (model.to_generation_space(codes), pockets.generation, leaks.generation),
        "data": (X, pockets.data, leaks.data),
    }
    numbers = (
        symmetric_kl(model, X, **draws).value,
        leakage_curve(model, X, [LEAKAGE_THRESHOLD], **draws).value[0],
        nearest_neighbours(pockets.data, X).distance.mean(),
    )
    return points, numbers


def borders(model, space):
    """Circles that hold 50 and 90% of N(0, I) in the plane, r^2 = -2 log(1 - share), where the prior takes them."""
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    circles = [np.sqrt(-2 * np.log(1 - share)) * circle for share in (0.5, 0.9)]
    return circles if space == "generation" else [model.to_representation_space(c) for c in circles]


# ---------------------------------------------------------------------- picture


def draw_panel(ax, space, points, model):
    codes, pockets, leaks = points
    for cloud, colour, size in ((codes, GREY, 2), (leaks, BLUE, 4), (pockets, ORANGE, 4)):
        ax.scatter(*cloud.T, s=size, color=colour, linewidths=0)
    if space != "data":
        for border in borders(model, space):
            ax.plot(*border.T, color=DARK, linewidth=0.8)
    frame(ax, np.concatenate(points), equal=space != "representation")


def frame(ax, points, equal):
    """Fit the panel to all but the most distant points; equal scales where scales mean something."""
    low, high = np.quantile(points, [0.002, 0.998], axis=0)
    reach = 0.6 * (np.full(2, (high - low).max()) if equal else high - low)
    (left, bottom), (right, top) = (low + high) / 2 - reach, (low + high) / 2 + reach
    ax.set(xticks=[], yticks=[], xlim=(left, right), ylim=(bottom, top), box_aspect=1)
    ax.spines[:].set(color=GREY, linewidth=0.6)


def legend(figure):
    marks = {
        "data and their codes": GREY,
        "pockets: prior samples where q(z) is lowest": ORANGE,
        "leaks: codes where the prior is lowest": BLUE,
    }
    handles = [Line2D([], [], marker="o", linestyle="", markersize=4, color=c, label=t) for t, c in marks.items()]
    handles.append(Line2D([], [], color=DARK, linewidth=0.8, label="50 and 90% of the prior"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=9)


def draw_column(axes, name, untrained, X, n_epochs):
    """Train both models, draw their panels, return the numbers of both."""
    panels, table = dict(zip(PANELS, axes)), []
    for prior in PRIORS:
        model = fit(untrained, prior, X, n_epochs)
        points, (divergence, leakage, distance) = explore(model, X)
        for (of, space), ax in panels.items():
            if of == prior:
                draw_panel(ax, space, points[space], model)
        panels[prior, "generation"].set_xlabel(f"sKL {divergence:.2f} nats", fontsize=8)
        panels[prior, "data"].set_xlabel(f"pockets {distance:.3f} off", fontsize=8)
        table.append((divergence, leakage, distance))
    axes[0].set_title(name, fontsize=11)
    return table


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=2000, help="points on the moons")
    parser.add_argument("--epochs", type=int, default=200, help="passes over them")
    parser.add_argument("--out", default="pockets.png", help="where the picture goes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # steps this small are slower on more

    X = make_two_moons(arguments.rows, noise=0.05, random_state=0).data
    figure, grid = plt.subplots(len(PANELS), len(MODELS), figsize=(11, 8.9), layout="constrained")
    print(
        f"{'':10} {'symmetric KL':>17} {'leakage':>17} {'pockets to data':>17}\n{'':10}" + 3 * f"{'plain':>9} {'dp':>8}"
    )
    for axes, (name, untrained) in zip(grid.T, MODELS.items()):
        table = draw_column(axes, name, untrained, X, arguments.epochs)
        print(f"{name:10}" + "".join(f" {plain:8.3f} {dp:8.3f}" for plain, dp in zip(*table)), flush=True)
    for ax, label in zip(grid[:, 0], PANELS.values()):
        ax.set_ylabel(label, fontsize=9)
    legend(figure)
    figure.savefig(arguments.out, dpi=130)
    print(f"picture: {arguments.out}")


if __name__ == "__main__":
    main()
