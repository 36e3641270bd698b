"""Codes for a classifier, and samples: a decoupled beta-VAE in a scikit-learn pipeline, beside PCA.

    python examples/quickstart.py [--mnist FOLDER [--rows 4000]] [--out quickstart.png]

Searches the strength `beta` by the cross-validated accuracy of gradient-boosted trees on ten codes of handwritten
digits, prints the table, and draws samples of the best model beside data. The digits are those that come with
scikit-learn, or with --mnist the first rows of the idx files in a folder.
"""

import argparse
import time

from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler
from threadpoolctl import threadpool_limits

from vaekit import DecoupledBetaVAE
from vaekit.datasets import load_mnist
from vaekit.inspection import SamplesDisplay

BETAS = [1, 4, 16]


def read_data(mnist, rows):
    """Flat images, labels, and the shape of an image."""
    if mnist is None:
        X, y = load_digits(return_X_y=True)
        return X[:rows], y[:rows], (8, 8)
    images = load_mnist(mnist)
    return images.images[:rows].reshape(-1, 28 * 28), images.target[:rows], (28, 28)


def make_search(encoder, grid):
    steps = [
        ("scaler", MinMaxScaler()),
        ("encoder", encoder),
        ("classifier", HistGradientBoostingClassifier(random_state=0)),
    ]
    return GridSearchCV(Pipeline(steps), {f"encoder__{name}": values for name, values in grid.items()}, cv=3)


def print_scores(search):
    """Print a line of the table for every candidate."""
    name, results = type(search.estimator["encoder"]).__name__, search.cv_results_
    for parameters, mean, deviation, seconds in zip(
        results["params"], results["mean_test_score"], results["std_test_score"], results["mean_fit_time"]
    ):
        words = ", ".join(f"{key.removeprefix('encoder__')}={value}" for key, value in parameters.items())
        print(f"{name + '(' + words + ')':40} {mean:.3f} +- {deviation:.3f} {seconds:12.1f}")


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--mnist", metavar="FOLDER", help="folder with MNIST's idx files")
    parser.add_argument("--rows", type=int, default=4000, help="how many rows to use, at most")
    parser.add_argument("--epochs", type=int, default=60, help="passes over the data of each fit")
    parser.add_argument("--out", default="quickstart.png", help="where the picture goes")
    arguments = parser.parse_args()
    started = time.perf_counter()

    X, y, image_shape = read_data(arguments.mnist, arguments.rows)
    vae = DecoupledBetaVAE(n_components=10, max_epochs=arguments.epochs, random_state=0)
    with threadpool_limits(1):  # steps this small are slower on more threads, and crawl beside another busy process
        pca = make_search(PCA(random_state=0), {"n_components": [10]}).fit(X, y)
        search = make_search(vae, {"beta": BETAS}).fit(X, y)
    print(f"{f'ten codes of {len(X)} digits':40} {'accuracy':15} seconds per fit")
    print_scores(pca)
    print_scores(search)

    encoder = search.best_estimator_[:2]
    display = SamplesDisplay.from_estimator(encoder, X, image_shape=image_shape, noise=False, random_state=0)
    display.plot(cmap="gray_r").figure_.savefig(arguments.out, dpi=150)
    beta = search.best_params_["encoder__beta"]
    print(f"data beside samples of DecoupledBetaVAE(beta={beta}): {arguments.out}")
    print(f"all in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
