"""Sources of nonlinear mixtures by an identifiable VAE and by a plain one: mean correlation coefficient, three seeds.

python benchmarks/identifiable.py [--scale 0.05]
"""

import argparse
import warnings

from vaekit import VAE, ConditionalVAE
from vaekit.datasets import make_nonlinear_ica
from vaekit.likelihoods import Normal
from vaekit.metrics import mean_correlation_coefficient

COMMON = {"hidden_layer_sizes": (64, 64), "activation": "leaky_relu", "max_epochs": 250, "learning_rate": 3e-3}


def measure(n_sources, n_layers, scale, seed):
    world = make_nonlinear_ica(n_components=n_sources, n_layers=n_layers, n_segments=20, random_state=seed)
    common = {**COMMON, "n_components": n_sources, "likelihood": Normal(scale=scale), "random_state": seed}
    told = ConditionalVAE(prior="conditional_normal", condition_decoder=False, **common)
    told.fit(world.data, world.segments)
    untold = VAE(**common).fit(world.data)
    codes = told.transform(world.data, world.segments), untold.transform(world.data)
    return [mean_correlation_coefficient(world.factors, own) for own in codes]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-sources", type=int, default=4)
    parser.add_argument("--n-layers", type=int, default=2)
    parser.add_argument("--scale", nargs="+", type=float, default=(0.05, 0.1))
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| noise of the likelihood | `ConditionalVAE` | `VAE` |")
    print("|---|---|---|")
    for scale in arguments.scale:
        results = [measure(arguments.n_sources, arguments.n_layers, scale, seed) for seed in arguments.seeds]
        told, untold = (", ".join(f"{value:.3f}" for value in column) for column in zip(*results))
        print(f"| {scale} | {told} | {untold} |", flush=True)


if __name__ == "__main__":
    main()
