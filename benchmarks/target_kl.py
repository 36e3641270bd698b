"""How far from the target each controller ends: digits and rendered dSprites, three seeds, in percent of the target.

python benchmarks/target_kl.py [--data digits dsprites]

The KL is that of the posterior of all training rows at the end.
"""

import argparse
import warnings

import numpy as np
from sklearn.datasets import load_digits

from vaekit import VAE
from vaekit.datasets import make_dsprites
from vaekit.likelihoods import Normal
from vaekit.nn import ConvNet
from vaekit.objectives import TargetKL

SMALL = ConvNet(channels=4, hidden_layer_sizes=(32,))


def digits():
    X = load_digits().data / 16
    likelihoods = {"default": "auto", "learned scale": Normal(scale="learned"), "bernoulli": "bernoulli"}
    return X, {name: {"likelihood": likelihood} for name, likelihood in likelihoods.items()}, (4, 12)


def dsprites():
    images = make_dsprites(1000, size=32, random_state=0).images[:, None]
    common = {"network": SMALL, "max_epochs": 60}
    return images, {"default": common, "learned scale": {**common, "likelihood": Normal(scale="learned")}}, (8,)


DATA = {"digits": digits, "dsprites": dsprites}


def miss(X, kl, controller, options, seed):
    model = VAE(objective=TargetKL(kl=kl, controller=controller), random_state=seed, **options).fit(X)
    loc, scale = model.posterior(X)
    reached = 0.5 * (loc**2 + scale**2 - 1 - 2 * np.log(scale)).sum(axis=1).mean()
    return 100 * (reached / kl - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", choices=DATA, default=tuple(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| data | likelihood | target | `GECO` | `PI` |")
    print("|---|---|---|---|---|")
    for data in arguments.data:
        X, settings, targets = DATA[data]()
        for (name, options), kl in ((item, kl) for item in settings.items() for kl in targets):
            cells = [[miss(X, kl, c, options, seed) for seed in arguments.seeds] for c in ("geco", "pi")]
            texts = (", ".join(f"{value:+.1f}" for value in cell) for cell in cells)
            print(f"| {data} | {name} | {kl} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
