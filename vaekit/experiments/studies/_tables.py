"""Rows drawn by models of tables, and how well a forest tells them from rows that were held out."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from vaekit import DPVAE, VAE
from vaekit.datasets import make_mixed_table
from vaekit.evaluation import table_report
from vaekit.experiments._study import Data, Study, StudyRun
from vaekit.experiments.studies._tables_claims import CLAIMS, SHOWN, TRIED

DAY = 86_400  # seconds


class Mixture(BaseEstimator):
    """Five normals."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y=None):
        """By expectation maximisation."""
        self.mixture_ = GaussianMixture(5, reg_covar=1e-3, random_state=self.random_state).fit(X)
        return self

    def sample(self, n_samples, random_state):
        """Draw rows; the seed is that of the fit."""
        return np.random.RandomState(random_state).permutation(self.mixture_.sample(n_samples)[0])


class TVAE(BaseEstimator):
    """The TVAE of ctgan, where that is installed; dates, of which it knows nothing, are whole numbers of days."""

    def __init__(self, epochs=300, random_state=None):
        self.epochs = epochs
        self.random_state = random_state

    def fit(self, X, y=None):
        """Train on a frame, or a matrix of numbers."""
        try:
            import ctgan
        except ImportError as error:
            raise ImportError("TVAE needs ctgan: install `vaekit[bench]`.") from error
        import pandas as pd

        self.model_ = ctgan.TVAE(epochs=self.epochs)
        self.model_.set_random_state(self.random_state)
        self.is_frame_ = hasattr(X, "columns")
        frame = X if self.is_frame_ else pd.DataFrame(X, columns=[f"x{j}" for j in range(X.shape[1])])
        self.dates_ = frame.select_dtypes("datetime").dtypes
        frame = frame.assign(**{name: frame[name].astype("M8[s]").astype("int64") // DAY for name in self.dates_.index})
        self.model_.fit(frame, list(frame.select_dtypes(exclude="number")))
        return self

    def sample(self, n_samples, random_state):
        """Draw rows; the seed is that of the fit."""
        frame = self.model_.sample(n_samples)
        dates = {name: (frame[name] * DAY).astype("M8[s]").astype(dtype) for name, dtype in self.dates_.items()}
        return frame.assign(**dates) if self.is_frame_ else frame.to_numpy()


METHODS = {
    "VAE": VAE(n_components=5, max_epochs=300),
    "DPVAE": DPVAE(n_components=5, max_epochs=300),
    "GaussianMixture(5)": Mixture(),
    "TVAE": TVAE(),
}
QUICK = {"VAE": VAE(n_components=2, hidden_layer_sizes=(8,), max_epochs=1)}
TABLES = {"wine": load_wine, "breast cancer": load_breast_cancer, "mixed": make_mixed_table}
N_SEEDS = {"smoke": 1, "small": 3, "paper": 10}


def runs(scale):
    """Methods, tables, seeds, each with a split of its own."""
    methods = QUICK if scale == "smoke" else METHODS
    tables = {"smoke": ["wine"], "small": ["wine", "breast cancer"], "paper": TABLES}[scale]
    fewer = {"n_rows": 60, "n_columns": 2} if scale == "smoke" else {}
    return [
        StudyRun({"table": table, "method": method}, model, {"table": table, "seed": seed, **fewer}, seed)
        for table in tables for seed in range(N_SEEDS[scale]) for method, model in methods.items()
        if (table, method) != ("mixed", "GaussianMixture(5)")  # which knows numbers alone
    ]  # fmt: skip


def load(data, folder):
    """Half of the rows to train on; numbers are standardised as a whole, a frame of mixed columns is as it is."""
    if data["table"] == "mixed":
        X = make_mixed_table(1000, random_state=0).data
    else:
        X = TABLES[data["table"]]().data[: data.get("n_rows"), : data.get("n_columns")]
        X = StandardScaler().fit_transform(X)
    train, test = train_test_split(X, test_size=0.5, random_state=data["seed"])
    return Data(train, more={"test": test})


def measure(model, data, run):
    """All numbers of the report, and what a forest makes of decoded means."""
    report = report_of(data, model.sample(len(data["test"]), random_state=run.seed), run.seed)
    numbers = {name: row.samples for name, row in report.rows.items()}
    numbers |= {f"{name}_holdout": row.holdout for name, row in report.rows.items()}
    if hasattr(model, "inverse_transform"):
        means = model.sample(len(data["test"]), random_state=run.seed, noise=False)
        numbers["detection_auc_of_means"] = report_of(data, means, run.seed)["detection_auc"].samples
    return numbers


def report_of(data, samples, seed):
    """Beside training rows and held-out rows."""
    return table_report(data.X, data["test"], samples, random_state=seed)


STUDY = Study(
    name="tables",
    title="Rows drawn by models of tables",
    source='L. Xu et al., "Modeling Tabular Data using Conditional GAN", NeurIPS 2019, '
    "https://arxiv.org/abs/1907.00503 (TVAE); what is called published is " + TRIED,
    runs=runs,
    load=load,
    measure=measure,
    claims=CLAIMS,
    tables=SHOWN,
    differs="Rows of TVAE are there where ctgan is installed (`vaekit[bench]`); otherwise its runs fail, and say so. "
    "Rows are halved anew with each seed. The mixed table, which `paper` has, is drawn: numbers, categories, words, "
    "truths, counts, dates.",
)  # fmt: skip
