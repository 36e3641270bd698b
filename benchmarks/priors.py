"""Two moons under one VAE and each prior: how far the codes are from the prior, and the bound, over three seeds.

python benchmarks/priors.py
"""

import argparse
import warnings

import numpy as np
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from vaekit import VAE
from vaekit.evaluation import symmetric_kl
from vaekit.likelihoods import Normal

PRIORS = ("normal", "elementwise_flow", "decoupled", "mixture", "vamp", "post_hoc", "flow_matching")


def measure(prior, seed):
    moons = StandardScaler().fit_transform(make_moons(2000, noise=0.05, random_state=seed)[0])
    model = VAE(
        prior=prior, n_components=2, hidden_layer_sizes=(100, 50), likelihood=Normal(scale=0.15), batch_size=200,
        max_epochs=100, random_state=seed,
    ).fit(moons)  # fmt: skip
    seconds = sum(row["duration"] for row in model.history_)
    return symmetric_kl(model, moons, random_state=seed).value, model.score(moons), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--priors", nargs="+", default=PRIORS, help="'maf' and 'neural_spline' need zuko")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| prior | symmetric KL, each seed | bound, mean | seconds of training |")
    print("|---|---|---|---|")
    for prior in arguments.priors:
        divergences, bounds, seconds = np.transpose([measure(prior, seed) for seed in arguments.seeds])
        each = ", ".join(f"{value:.2f}" for value in divergences)
        print(f'| `"{prior}"` | {each} | {bounds.mean():.2f} | {seconds.mean():.1f} |', flush=True)


if __name__ == "__main__":
    main()
