"""All displays on six data sets: a contact sheet of each, and one picture of each display for docs/displays.md.

`python docs/contact.py --out docs/contact` draws digits, dSprites, a table, a mixed table and windows, which come with
scikit-learn or are drawn by vaekit; `--data FOLDER` adds MNIST from FOLDER/mnist. `--only digits` draws one of them.
"""

import argparse
import functools
import io
import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sklearn.datasets import load_digits, load_wine

import vaekit.inspection as look
from vaekit import VAE, BetaVAE, FactorDPVAE, fit_many
from vaekit.datasets import load_mnist, make_dsprites, make_mixed_table
from vaekit.evaluation import generation_report
from vaekit.metrics import dcimig_score, mig_score, modularity_score, sap_score
from vaekit.outlier import VAEOutlierDetector

mpl.use("Agg")
WIDTH, GAP = 1400, 18  # pixels of a sheet, and between pictures


class World:
    """Data of one kind, and models fitted on it: decoupled, plain, by strength, by seed."""

    def __init__(self, X, y, *, factors=None, factor_names=None, image_shape=None, has=None, quick=10, **options):
        self.X, self.y, self.factors, self.factor_names = X, y, factors, factor_names
        self.shape = image_shape
        self.attribute = f"{(factor_names or ['class'])[0]} = {np.unique(y)[0]}"
        self.has = (y == np.unique(y)[0]) if has is None else has
        fit = {"random_state": 0, "batch_size": 64, **options}
        self.model = FactorDPVAE(gamma=5, **fit).fit(X)
        self.flat = FactorDPVAE(gamma=5, **{**fit, "n_components": 2}).fit(X)
        self.plain = VAE(**fit).fit(X)
        short = [{**fit, "max_epochs": quick, "random_state": seed} for seed in range(3)]
        models = {"VAE": VAE, "β-VAE (4)": functools.partial(BetaVAE, beta=4),
                  "FactorDPVAE": functools.partial(FactorDPVAE, gamma=5)}  # fmt: skip
        self.fits = {name: fit_many([model(**one) for one in short], X) for name, model in models.items()}
        strengths = (0.5, 1, 4, 16)
        fits = fit_many([BetaVAE(beta=beta, **short[0]) for beta in strengths], X)
        self.strengths = {f"β = {beta}": model for beta, model in zip(strengths, fits)}
        self.detector = VAEOutlierDetector(self.plain).fit(X)

    @property
    def images(self):
        """What displays are told of rows that are images."""
        return {} if self.shape is None else {"image_shape": self.shape}

    def runs(self):
        """Metrics of every model as a wide table."""
        metrics = {"mig": mig_score, "sap": sap_score, "modularity": modularity_score, "dcimig": dcimig_score}
        rows = [
            (name, seed, model.transform(self.X)) for name, fits in self.fits.items() for seed, model in enumerate(fits)
        ]
        factors = self.y if self.factors is None else self.factors
        factors = np.reshape(factors, (len(factors), -1))
        if factors.shape[1] == 1:
            factors = np.column_stack([factors, np.arange(len(factors)) % 2])
        table = {"model": [row[0] for row in rows], "seed": [row[1] for row in rows]}
        return table | {name: [float(metric(factors, codes)) for *_, codes in rows] for name, metric in metrics.items()}


def displays(world):
    """What is drawn of a world: by name, a function that draws and returns the figure."""
    w, X, options = world, world.X, {"random_state": 0}
    runs = w.runs()
    found = {
        "latent_space": lambda: look.LatentSpaceDisplay.from_estimator(w.flat, X, w.y, **options).plot(),
        "traversal": lambda: look.TraversalDisplay.from_estimator(w.model, X, row=0, **w.images).plot(),
        "traversal_generation": lambda: look.TraversalDisplay.from_estimator(
            w.model, X, row=0, space="generation", components=range(3), **w.images).plot(),
        "reconstruction": lambda: look.ReconstructionDisplay.from_estimator(w.model, X, **w.images).plot(),
        "samples": lambda: look.SamplesDisplay.from_estimator(w.model, X, **w.images, **options).plot(),
        "interpolation": lambda: look.InterpolationDisplay.from_estimator(
            w.model, X[:3], X[-3:], X=X, **w.images).plot(),
        "attribute": lambda: look.AttributeDisplay.from_estimator(
            w.model, X, w.has, name=w.attribute, **w.images).plot(),
        "loss": lambda: look.LossCurveDisplay.from_estimator(w.model).plot(),
        "loss_seeds": lambda: look.LossCurveDisplay.from_estimator(w.fits["VAE"]).plot(by="step"),
        "aggregate_posterior": lambda: look.AggregatePosteriorDisplay.from_estimator(w.model, X, **options).plot(),
        "active_latents": lambda: look.ActiveLatentsDisplay.from_estimator(w.model, X).plot(),
        "leakage": lambda: look.LeakageDisplay.from_estimators(
            {"VAE": w.plain, "FactorDPVAE": w.model}, X, n_samples=2000, **options).plot(),
        "rate_distortion": lambda: look.RateDistortionDisplay.from_estimators(w.strengths, X, **options).plot(),
        "outlier_scores": lambda: look.OutlierScoresDisplay.from_estimator(w.detector, X, **w.images).plot(),
        "comparison": lambda: look.ComparisonDisplay.from_frame(runs).plot(),
        "metric_distribution": lambda: look.MetricDistributionDisplay.from_frame(runs).plot(),
        "rank_correlation": lambda: look.RankCorrelationDisplay.from_frame(runs).plot(),
    }  # fmt: skip
    if not hasattr(X, "dtypes") or X.dtypes.eq(float).all():  # features of rows are numbers
        found["report"] = lambda: generation_report(
            w.model, X, n_samples=500, n_importance_samples=20, n_likelihood_rows=50, **options).plot()  # fmt: skip
    factors = w.y if w.factors is None else w.factors
    found["factor_codes"] = lambda: look.FactorCodeDisplay.from_estimator(
        w.model, X[:1000], factors[:1000], factor_names=w.factor_names).plot()  # fmt: skip
    if X.ndim == 2 and w.shape is None:
        tables = look.TableSamplesDisplay.from_estimator(w.model, X, **options)
        found["table_pairs"] = lambda: tables.plot(kind="pairs")
        found["table_associations"] = lambda: tables.plot(kind="associations")
        found["outliers"] = lambda: look.OutlierDisplay.from_estimator(w.detector, X).plot()
    return found


def digits():
    """Digits of 8 x 8 pixels."""
    X, y = load_digits(return_X_y=True)
    return World(X, y, factor_names=["digit"], image_shape=(8, 8), n_components=8, max_epochs=60, likelihood="normal",
                 has=y == 0)  # fmt: skip


def mnist(folder):
    """Digits of 28 x 28 pixels, from their files."""
    X, y = load_mnist(folder, subset="train", return_X_y=True)
    return World(X[:1500], np.ravel(y)[:1500].astype(int), factor_names=["digit"], n_components=8, max_epochs=25,
                 network="mlp", hidden_layer_sizes=(128, 64))  # fmt: skip


def dsprites():
    """Shapes of 32 x 32 pixels with their factors: upright, of three sizes, in eight by eight places."""
    world = make_dsprites(size=32, scales=3, orientations=1, positions_x=8, positions_y=8)
    varies = [len(np.unique(column)) > 1 for column in world.factors.T]
    names = [name for name, keep in zip(world.factor_names, varies) if keep]
    return World(world.images, world.factors[:, 0], factors=world.factors[:, varies], factor_names=names,
                 n_components=6, max_epochs=120, quick=60, network="mlp", hidden_layer_sizes=(128, 64),
                 learning_rate=2e-3)  # fmt: skip


def table():
    """Thirteen measures of wines, with their names."""
    wine = load_wine(as_frame=True)
    return World(wine.data, wine.target.to_numpy(), factor_names=["cultivar"], n_components=6, max_epochs=150,
                 quick=50)  # fmt: skip


def mixed():
    """Customers: numbers, words, truths, dates, and a tenth of the cells empty."""
    table = make_mixed_table(600, missing=0.1, random_state=0)
    return World(table.data, np.unique(table.complete["plan"], return_inverse=True)[1], factor_names=["plan"],
                 has=np.asarray(table.complete["member"], dtype=bool), n_components=4, max_epochs=100, quick=40,
                 missing_values="mask")  # fmt: skip


def windows():
    """Two channels of 48 steps: a wave of some length and phase, and a step of some height."""
    rng = np.random.default_rng(0)
    cycles, phase, height = rng.integers(1, 4, 1500), rng.uniform(0, 2 * np.pi, 1500), rng.normal(size=1500)
    t = np.linspace(0, 1, 48)
    wave = np.sin(2 * np.pi * cycles[:, None] * t + phase[:, None])
    step = height[:, None] * (t > 0.5)
    X = np.stack([wave, step], axis=1) + 0.1 * rng.normal(size=(1500, 2, 48))
    return World(X.reshape(1500, -1), cycles, factor_names=["cycles"], image_shape=(2, 48), n_components=6,
                 max_epochs=40)  # fmt: skip


# of which data each display is shown in docs/displays.md
PICTURES = {
    "digits": ("latent_space", "traversal", "reconstruction", "samples", "interpolation", "attribute", "loss",
               "aggregate_posterior", "active_latents", "leakage", "rate_distortion", "report"),
    "dsprites": ("factor_codes", "comparison", "metric_distribution", "rank_correlation"),
    "table": ("outliers",),
    "mixed": ("outlier_scores", "table_associations", "table_pairs"),
}  # fmt: skip
WORLDS = {"digits": digits, "mnist": mnist, "dsprites": dsprites, "table": table, "mixed": mixed,
          "windows": windows}  # fmt: skip


def picture_of(display, dpi=80):
    """A drawn display as an image."""
    file = io.BytesIO()
    display.figure_.savefig(file, dpi=dpi, bbox_inches="tight", pad_inches=0.06)
    plt.close(display.figure_)
    return Image.open(file).convert("RGB")


def placed(pictures):
    """Where each picture goes: as high as it can, and there as far left, the wide and high ones first."""
    heights = np.full(max(WIDTH, *(picture.width + 2 * GAP for picture in pictures.values())), GAP)
    for name, picture in sorted(pictures.items(), key=lambda item: -item[1].height):
        width = picture.width + GAP
        free = np.array([heights[x : x + width].max() for x in range(GAP, len(heights) - width + 1, GAP)])
        x, y = GAP * (1 + int(free.argmin())), int(free.min())
        heights[x : x + width] = y + picture.height + 22 + GAP
        yield name, picture, x, y


def sheet_of(pictures):
    """Pictures under their names, close together."""
    font = ImageFont.load_default(size=15)
    places = list(placed(pictures))
    size = [max(end) + GAP for end in zip(*((x + p.width, y + p.height + 22) for _, p, x, y in places))]
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for name, picture, x, y in places:
        pen.text((x, y), name.replace("_", " "), fill="#0072b2", font=font)
        sheet.paste(picture, (x, y + 22))
    return sheet


def save(image, path, most=290_000):
    """Write an image with as many colours as a small file has room for."""
    for colours in (None, 256, 128, 64):
        reduced = image if colours is None else image.quantize(colours, dither=Image.Dither.NONE)
        reduced.save(path, optimize=True)
        if path.stat().st_size < most:
            break


def main():
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("contact"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", choices=WORLDS)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    names = [arguments.only] if arguments.only else list(WORLDS)
    for name in names:
        if name == "mnist" and arguments.data is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            world = mnist(arguments.data / "mnist") if name == "mnist" else WORLDS[name]()
            pictures = {what: picture_of(draw()) for what, draw in displays(world).items()}
        save(sheet_of(pictures), arguments.out / f"{name}.png", most=600_000)
        for what in PICTURES.get(name, ()):
            save(pictures[what], arguments.out / f"{what}.png")


if __name__ == "__main__":
    main()
