"""What the default parameters do on data they must survive: printed, one line per question.

    python benchmarks/defaults.py [--seeds 3] [--family | --law | --draws]

* law: held-out density of the defaults beside that of principal components (nats per row, `PCA.score`);
* draws: how well a forest tells samples from held-out rows, beside a mixture of Normals;
* two moons: how many latents stay active;
* handwritten digits: accuracy of gradient-boosted trees on the codes, beside PCA's;
* awkward tables: share of every column's variance that the reconstruction explains;
* defaults changed: what their alternatives do in the same three worlds.
"""

import argparse
import warnings
from collections import defaultdict

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine, make_moons
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import KFold, cross_val_predict, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import vaekit
from vaekit import DPVAE, VAE, BetaDPVAE, BetaVAE
from vaekit.likelihoods import Normal

ALTERNATIVES = {
    "defaults": {},
    "learned scale": {"likelihood": Normal(scale="learned")},
    "learned scale from 1": {"likelihood": Normal(scale="learned", initial_scale=1)},
    "a scale per column": {"likelihood": Normal(scale="per_feature")},
    "Laplace": {"likelihood": "laplace"},
    "standardised by column": {"standardize": "column"},
    "no warm-up": {"warmup": 0},
    "no warm-up, learned scale": {"warmup": 0, "likelihood": Normal(scale="learned")},
}
TABLES = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "diabetes": load_diabetes}


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


def law(seeds):
    """Held-out nats per row, three shuffled folds: PCA(k), and the defaults with k latents."""
    worlds = {name: (load().data, 2, StandardScaler()) for name, load in TABLES.items()}
    worlds["digits / 16"] = load_digits().data / 16, 10, "passthrough"
    for name, (X, k, scaler) in worlds.items():

        def held_out(model, X=X, scaler=scaler):
            folds = KFold(3, shuffle=True, random_state=0)
            return cross_val_score(make_pipeline(scaler, model), X, cv=folds).mean()

        models = {"VAE": VAE, "DPVAE": DPVAE, "BetaVAE(beta=1)": lambda **params: BetaVAE(beta=1, **params)}
        scores = {
            n: [held_out(make(n_components=k, random_state=seed)) for seed in seeds] for n, make in models.items()
        }
        cells = [" ".join(f"{score:.2f}" for score in scores[n]) for n in models]
        print(f"| {name} | {held_out(PCA(k)):.2f} | " + " | ".join(cells) + " |", flush=True)


def told_apart(rows, samples, seed):
    """AUC of a forest that tells held-out rows from as many samples, cross-validated: .5 is perfect."""
    both, is_sample = np.concatenate([rows, samples]), np.repeat([0, 1], [len(rows), len(samples)])
    forest = RandomForestClassifier(300, random_state=seed)
    shares = cross_val_predict(
        forest, both, is_sample, cv=KFold(5, shuffle=True, random_state=seed), method="predict_proba"
    )
    return roc_auc_score(is_sample, shares[:, 1])


def draws(seeds):
    """Samples of models trained on half of a table, against the other half."""
    for name, load in TABLES.items():
        X = StandardScaler().fit_transform(load().data)
        found = defaultdict(list)
        for seed in seeds:
            train, test = train_test_split(X, test_size=0.5, random_state=seed)
            for cls in (VAE, DPVAE):
                model = cls(n_components=5, max_epochs=300, random_state=seed).fit(train)
                for noise in (True, False):
                    samples = model.sample(len(test), random_state=seed, noise=noise)
                    found[cls.__name__, "draws" if noise else "means"].append(told_apart(test, samples, seed))
            mixture = GaussianMixture(5, reg_covar=1e-3, random_state=seed).fit(train)
            found["GaussianMixture(5)", "draws"].append(told_apart(test, mixture.sample(len(test))[0], seed))
        for (model, how), values in found.items():
            print(f"{name}, {model} {how}: AUC {np.round(values, 3)}", flush=True)


def family():
    """What every estimator's defaults do, one seed: worst column of two tables; active latents and fit on digits."""
    X = load_digits().data / 16
    for name in vaekit.estimators.__all__:
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
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--family", action="store_true", help="every estimator instead, one seed")
    parts.add_argument("--law", action="store_true", help="densities beside those of principal components instead")
    parts.add_argument("--draws", action="store_true", help="samples beside data instead")
    arguments = parser.parse_args()
    seeds = range(arguments.seeds)
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if arguments.family:
        family()
    elif arguments.law:
        law(seeds)
    elif arguments.draws:
        draws(seeds)
    else:
        worlds(seeds)


def worlds(seeds):
    """Two moons, awkward tables and digits: the defaults, and what their alternatives do."""
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
