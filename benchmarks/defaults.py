"""What the default parameters do on data they must survive: printed, one line per question.

    python benchmarks/defaults.py [--seeds 3] [--family]

* two moons: how many latents stay active;
* handwritten digits: accuracy of gradient-boosted trees on the codes, beside PCA's;
* awkward tables: share of every column's variance that the reconstruction explains;
* defaults changed: what their alternatives do in the same three worlds.
"""

import argparse
import warnings

import numpy as np
import torch
from sklearn.datasets import load_digits, make_moons
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import vaekit
from vaekit import DPVAE, VAE, BetaDPVAE, BetaVAE
from vaekit.likelihoods import Normal

ALTERNATIVES = {
    "defaults": {},
    "scale starts at 1": {"likelihood": Normal(initial_scale=1)},
    "scale starts at 0.3": {"likelihood": Normal(initial_scale=0.3)},
    "scale starts at 0.03": {"likelihood": Normal(initial_scale=0.03)},
    "a scale per column": {"likelihood": Normal(scale="per_feature")},
    "standardised by column": {"standardize": "column"},
    "no warm-up": {"warmup": 0},
    "no warm-up, scale starts at 1": {"warmup": 0, "likelihood": Normal(initial_scale=1)},
}


def two_moons(seed):
    return StandardScaler().fit_transform(make_moons(2000, noise=0.05, random_state=seed)[0])


def factor_table(seed, n_rows=1500):
    """Twelve columns driven by three factors, signal-to-noise 9 to 1."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal((n_rows, 3)) @ rng.standard_normal((3, 12))
    return 3 * signal / signal.std(axis=0) + rng.standard_normal((n_rows, 12))


def wide_table(seed):
    """Columns from 1e-3 to 1e6."""
    return factor_table(seed) * np.logspace(-3, 6, 12)


def offset_table(seed):
    """Every column far from zero."""
    return factor_table(seed) + 1e5


def explained(model, X):
    """Share of each column's variance that the reconstruction explains."""
    reconstruction = model.inverse_transform(model.transform(X))
    return 1 - np.mean((X - reconstruction) ** 2, axis=0) / X.var(axis=0)


def digits_accuracy(encoder, scaler):
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(scaler, encoder, HistGradientBoostingClassifier(random_state=0))
    return cross_val_score(pipeline, X, y, cv=3).mean()


def alternative(changed, seeds):
    """What a VAE does with some defaults changed: active latents, worst column, accuracy."""
    moons = [VAE(random_state=seed, **changed).fit(two_moons(seed)).active_components_.sum() for seed in seeds]
    tables = [
        explained(VAE(random_state=seed, **changed).fit(X), X).min() for seed, X in zip(seeds, map(wide_table, seeds))
    ]
    digits = [digits_accuracy(VAE(max_epochs=60, random_state=seed, **changed), "passthrough") for seed in seeds]
    return (
        f"active on moons {np.array(moons)}, worst of wide columns {np.round(tables, 3)}, digits {np.round(digits, 3)}"
    )


def family():
    """What every estimator's defaults do, one seed: worst column of two tables; active latents and fit on digits."""
    X = load_digits().data / 16
    for name in vaekit.ESTIMATORS:
        make = getattr(vaekit, name)
        shares = [explained(make(random_state=0).fit(T), T).min() for T in (wide_table(0), offset_table(0))]
        model = make(random_state=0).fit(X)
        error = np.mean((X - model.inverse_transform(model.transform(X))) ** 2) / X.var(axis=0).mean()
        print(
            f"| `{name}` | {shares[0]:.3f} | {shares[1]:.3f} | {model.active_components_.sum()} | {1 - error:.3f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--family", action="store_true", help="every estimator instead, one seed")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if arguments.family:
        family()
        return
    for cls in (VAE, DPVAE, BetaVAE, BetaDPVAE):
        counts = [int(cls(random_state=seed).fit(two_moons(seed)).active_components_.sum()) for seed in seeds]
        print(f"two moons, {cls.__name__}: active latents {counts}")
    for make in (wide_table, offset_table):
        for cls in (VAE, DPVAE):
            shares = [explained(cls(random_state=seed).fit(make(seed)), make(seed)).min() for seed in seeds]
            print(f"{make.__name__}, {cls.__name__}: worst column explained {np.round(shares, 3)}")
    for name, scaler in {"MinMaxScaler": MinMaxScaler(), "unscaled": "passthrough"}.items():
        print(f"digits, {name}, PCA(10): {digits_accuracy(PCA(10, random_state=0), scaler):.3f}")
        for cls in (VAE, DPVAE, BetaVAE, BetaDPVAE):
            scores = [digits_accuracy(cls(max_epochs=60, random_state=seed), scaler) for seed in seeds]
            print(f"digits, {name}, {cls.__name__}(max_epochs=60): {np.round(scores, 3)}", flush=True)
    for name, changed in ALTERNATIVES.items():
        print(f"VAE, {name}: {alternative(changed, seeds)}", flush=True)


if __name__ == "__main__":
    main()
