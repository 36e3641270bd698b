"""One ConditionalVAE against one model per class: log p(x | y) of held-out rows of two moons, over three seeds.

python benchmarks/conditional.py [--n-rows 500]

Bounds of 100 importance samples, in nats per row. Each model per class has the network of the conditional one and takes
as many steps, each on rows of its own class.
"""

import argparse
import warnings

import numpy as np

from vaekit import DPVAE, VAE, ConditionalVAE
from vaekit.datasets import make_two_moons

COMMON = {"n_components": 2, "learning_rate": 3e-3}
N_EPOCHS = 100
K = 100


def moons(n_rows, seed):
    made = make_two_moons(n_rows, random_state=seed)
    return made.data, made.factors[:, 0].astype(int)


def of_one(train, test, seed):
    (X, y), (X_test, y_test) = train, test
    model = ConditionalVAE(max_epochs=N_EPOCHS, random_state=seed, **COMMON).fit(X, y)
    return model.score_samples(X_test, y_test, n_importance_samples=K).mean()


def of_each(estimator, train, test, seed):
    (X, y), (X_test, y_test) = train, test
    scores = np.empty(len(X_test))
    for label in np.unique(y):
        own = X[y == label]
        n_epochs = N_EPOCHS * round(len(X) / len(own))
        model = estimator(max_epochs=n_epochs, random_state=seed, **COMMON).fit(own)
        scores[y_test == label] = model.score_samples(X_test[y_test == label], n_importance_samples=K)
    return scores.mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n-rows", nargs="+", type=int, default=(200, 2000))
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1, 2))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| rows | `ConditionalVAE` | a `VAE` for each class | a `DPVAE` for each class | ahead of the better |")
    print("|---|---|---|---|---|")
    for n_rows in arguments.n_rows:
        table = []
        for seed in arguments.seeds:
            train, test = moons(n_rows, seed), moons(2000, seed + 100)
            table.append([of_one(train, test, seed), *(of_each(e, train, test, seed) for e in (VAE, DPVAE))])
        table = np.transpose(table)
        ahead = table[0] - table[1:].max(axis=0)
        cells = [", ".join(f"{value:.2f}" for value in row) for row in (*table, ahead)]
        print(f"| {n_rows} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
