"""One table of what a fitted model's samples, codes and likelihood are worth."""

import functools
import math
import warnings
from typing import NamedTuple

import numpy as np
from scipy.stats import chi2
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._collapse import collapse_report
from vaekit.evaluation._estimate import Estimate
from vaekit.evaluation._fitted import check_count, count_rows, last_step, make_random_state, require, take_rows
from vaekit.evaluation._generation import (
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_precision_recall,
)
from vaekit.evaluation._kl import kl_decomposition, symmetric_kl
from vaekit.evaluation._likelihood import importance_nll, reconstruction_error
from vaekit.evaluation._neighbours import nearest_neighbours
from vaekit.evaluation._pockets import leakage_curve
from vaekit.exceptions import VaekitError

TAIL_SHARES = 0.1, 0.01  # of the table's rows
CURVE_SHARES = np.geomspace(0.001, 1.0, 13)[:-1]


class ReportRow(NamedTuple):
    """One line of a `GenerationReport`.

    Attributes
    ----------
    value, standard_error : float
        The number; NaN where the model does not have it, NaN for an error that is not known.
    unit : str
        Its unit.
    better : str
        "lower", "higher", or what else to look for.
    note : str
        Why the number is missing; empty otherwise.
    """

    value: float
    standard_error: float
    unit: str
    better: str
    note: str = ""


class GenerationReport:
    """The numbers of a fitted model, as `generation_report` collects them.

    Attributes
    ----------
    rows : dict of str to ReportRow
        The table; ``report["nll"]`` is one line of it.
    leakage : LeakageCurve or None
        Leakage in generation space over thresholds.
    collapse : CollapseReport or None
        What each component does.
    """

    def __init__(self, rows, leakage=None, collapse=None):
        self.rows = rows
        self.leakage = leakage
        self.collapse = collapse

    def __getitem__(self, name):
        return self.rows[name]

    def __repr__(self):
        lines = [("", "value", "s.e.", "unit", "better")]
        lines += [(name, _number(row.value), _number(row.standard_error), *row[2:4]) for name, row in self.rows.items()]
        widths = [max(map(len, column)) for column in zip(*lines)]
        table = ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in lines]
        notes = {row.note for row in self.rows.values() if row.note}
        return "\n".join([*table, *sorted(notes)])

    def to_frame(self):
        """Return the table as a pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            Indexed by name, with columns `value`, `standard_error`, `unit`, `better`, `note`.
        """
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows, orient="index", columns=ReportRow._fields)

    def plot(self, axes=None):
        """Draw the leakage curve, the parts of the KL, and the components in use.

        Parameters
        ----------
        axes : array of three matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        self : GenerationReport
            With `axes_` and `figure_`.
        """
        import matplotlib.pyplot as plt

        self.axes_ = plt.subplots(1, 3, figsize=(12, 3.5), layout="constrained")[1] if axes is None else np.ravel(axes)
        self.figure_ = self.axes_[0].figure
        self._plot_leakage(self.axes_[0])
        self._plot_kl(self.axes_[1])
        self._plot_components(self.axes_[2])
        return self

    def _plot_leakage(self, ax):
        if self.leakage is not None:
            ax.errorbar(*self.leakage[:2], yerr=self.leakage.standard_error, marker="o", capsize=2)
        ax.set(title="Leakage", xlabel="threshold on log N(g(z); 0, I)", ylabel="nats")

    def _plot_kl(self, ax):
        parts = {name: self.rows[name] for name in ("mutual_information", "total_correlation", "dimension_kl")}
        labels = [name.replace("_", "\n") for name in parts]
        ax.bar(labels, [row.value for row in parts.values()], yerr=[row.standard_error for row in parts.values()])
        ax.set(title="Parts of the KL", ylabel="nats per row")

    def _plot_components(self, ax):
        if self.collapse is not None:
            share, active = self.collapse.variance_share, self.collapse.active
            ax.bar(np.arange(len(share)), share, color=np.where(active, "C0", "C7"))
        ax.set(title="Components in use", xlabel="component", ylabel="share of variance", ylim=(0, 1))


def generation_report(
    estimator,
    X,
    *,
    features="auto",
    n_samples=5000,
    n_importance_samples=1000,
    n_likelihood_rows=500,
    random_state=None,
):
    """Measure a fitted model from every side at once.

    Parameters
    ----------
    estimator : fitted object
        Any model with some of the public methods; numbers that need others are NaN, with the reason. Pipelines and
        searches are looked through.
    X : array-like of shape (n_rows, ...)
        Data, at least 2 rows. All encodings make the aggregate posterior; means over rows take at most `n_samples` of
        them.
    features : {"auto", "flatten", "pca"}, fitted transformer, or callable, default="auto"
        For Fréchet distances, precision and recall, as in `sample_frechet_distance`.
    n_samples : int, default=5000
        Draws for each number; samples that are compared with data are at most as many as X has rows.
    n_importance_samples : int, default=1000
        Importance samples of each row for the likelihood.
    n_likelihood_rows : int, default=500
        Rows whose likelihood is estimated.
    random_state : int, RandomState instance or None, default=None
        Decides all draws; None is fresh entropy.

    Returns
    -------
    report : GenerationReport
        Prints as a table, becomes a DataFrame (`to_frame`) and a figure (`plot`).

    Raises
    ------
    ValueError
        If X has fewer than 2 rows or a count is not a positive integer.

    Notes
    -----
    Rows: `symmetric_kl`, `kl_q_to_p`, `kl_p_to_q`, `leakage_10`, `leakage_1` (thresholds below which a prior draw falls
    with probability 10% and 1%), `nll`, `effective_sample_size` (median over rows), `mutual_information`,
    `total_correlation`, `dimension_kl`, `reconstruction_error`, `reconstruction_error_sampled`,
    `reconstruction_rms`, `active_components`, `fid`, `low_posterior_fid`, `low_posterior_fid_plain`, `precision`,
    `recall`, `density`, `coverage`, `share_closer`.

    Examples
    --------
    >>> from vaekit import VAE
    >>> from vaekit.evaluation import generation_report
    >>> from sklearn.datasets import load_iris
    >>> X = load_iris().data
    >>> vae = VAE(n_components=2, max_epochs=20, random_state=0).fit(X)
    >>> report = generation_report(vae, X, n_samples=500, n_importance_samples=50, random_state=0)
    >>> report["symmetric_kl"].unit, report["coverage"].better
    ('nats', 'higher')
    """
    for name, count in (
        ("n_samples", n_samples),
        ("n_importance_samples", n_importance_samples),
        ("n_likelihood_rows", n_likelihood_rows),
    ):
        check_count(count, name)
    subject = _Subject(estimator, X, features, n_samples, n_importance_samples, n_likelihood_rows, random_state)
    rows = {}
    for part in PARTS:
        rows.update(_measure(part, subject))
    return GenerationReport(rows, _or_none(lambda: subject.leakage), _or_none(lambda: subject.collapse))


class _Subject:
    """A fitted model, its data, and what several parts of the report share."""

    def __init__(self, estimator, X, features, n_samples, n_importance_samples, n_likelihood_rows, random_state):
        self.model, self.X = last_step(estimator, X)
        if count_rows(self.X) < 2:
            raise ValueError(f"A report needs at least 2 rows, got {count_rows(self.X)}.")
        self.features, self.n_samples, self.n_importance_samples = features, n_samples, n_importance_samples
        self.random_state = make_random_state(random_state)
        order = self.random_state.permutation(count_rows(self.X))
        self.some = take_rows(self.X, np.sort(order[:n_samples]))
        self.few = take_rows(self.X, np.sort(order[:n_likelihood_rows]))
        self.n_generated = min(n_samples, count_rows(self.X))

    @functools.cached_property
    def aggregate_posterior(self):
        return AggregatePosterior.from_estimator(self.model, self.X)

    @functools.cached_property
    def collapse(self):
        return collapse_report(self.model, self.X)

    @functools.cached_property
    def leakage(self):
        """The curve, at thresholds below which given shares of the prior's own draws lie."""
        n_components = self.aggregate_posterior.n_components
        shares = np.concatenate([CURVE_SHARES, TAIL_SHARES])
        log_densities = -0.5 * (n_components * math.log(2 * math.pi) + chi2.isf(shares, n_components))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)  # the table shows the NaN, with its note
            return leakage_curve(self.model, self.X, log_densities, **self.draws)

    @property
    def draws(self):
        return {
            "n_samples": self.n_samples,
            "random_state": self.random_state,
            "aggregate_posterior": self.aggregate_posterior,
        }


class _Part(NamedTuple):
    """Rows of the table that one function fills: name -> (unit, better)."""

    rows: dict
    compute: object  # subject -> one Estimate for each row
    if_nan: str = ""


def _divergence(subject):
    divergence = symmetric_kl(subject.model, subject.X, **subject.draws)
    return Estimate(divergence.value, divergence.standard_error), divergence.q_to_p, divergence.p_to_q


def _leakage(subject):
    curve = subject.leakage
    return [Estimate(*pair) for pair in zip(curve.value, curve.standard_error)][-len(TAIL_SHARES) :]


def _likelihood(subject):
    nll = importance_nll(subject.model, subject.few, subject.n_importance_samples, random_state=subject.random_state)
    return Estimate(nll.value, nll.standard_error), _plain(np.median(nll.effective_sample_size))


def _kl_parts(subject):
    return kl_decomposition(
        subject.model,
        subject.some,
        random_state=subject.random_state,
        aggregate_posterior=subject.aggregate_posterior,
    )[:3]


def _reconstruction(subject):
    error = reconstruction_error(subject.model, subject.some, random_state=subject.random_state)
    return Estimate(error.value, error.standard_error), error.sampled, _plain(error.root_mean_square)


def _components(subject):
    return [_plain(subject.collapse.n_active)]


def _frechet(subject):
    options = subject.features, subject.n_generated
    return [_plain(sample_frechet_distance(subject.model, subject.X, *options, random_state=subject.random_state))]


def _low_posterior_frechet(subject):
    distances = low_posterior_frechet_distance(
        subject.model, subject.X, subject.features, **{**subject.draws, "n_samples": subject.n_generated}
    )
    return _plain(distances.value), _plain(distances.plain)


def _precision_recall(subject):
    options = subject.features, subject.n_generated
    k = min(5, subject.n_generated - 1)
    scores = sample_precision_recall(subject.model, subject.X, *options, k=k, random_state=subject.random_state)
    return [_plain(score) for score in scores]


def _memory(subject):
    require(subject.model, "A comparison of samples with data", "sample")
    samples = subject.model.sample(subject.n_generated, random_state=subject.random_state)
    return [_plain(nearest_neighbours(samples, subject.X).share_closer)]


PARTS = (
    _Part(
        {
            "symmetric_kl": ("nats", "lower"),
            "kl_q_to_p": ("nats", "lower"),
            "kl_p_to_q": ("nats", "lower"),
        },
        _divergence,
    ),
    _Part(
        {"leakage_10": ("nats", "lower"), "leakage_1": ("nats", "lower")},
        _leakage,
        if_nan="Leakage is empty where no draw of the aggregate posterior lies below the threshold.",
    ),
    _Part({"nll": ("nats per row", "lower"), "effective_sample_size": ("samples", "higher")}, _likelihood),
    _Part(
        {
            "mutual_information": ("nats per row", "-"),
            "total_correlation": ("nats per row", "lower"),
            "dimension_kl": ("nats per row", "lower"),
        },
        _kl_parts,
    ),
    _Part(
        {
            "reconstruction_error": ("nats per row", "lower"),
            "reconstruction_error_sampled": ("nats per row", "lower"),
            "reconstruction_rms": ("units of X", "lower"),
        },
        _reconstruction,
    ),
    _Part({"active_components": ("components", "-")}, _components),
    _Part({"fid": ("squared features", "lower")}, _frechet),
    _Part(
        {
            "low_posterior_fid": ("squared features", "lower"),
            "low_posterior_fid_plain": ("squared features", "lower"),
        },
        _low_posterior_frechet,
    ),
    _Part(
        dict.fromkeys(("precision", "recall", "density", "coverage"), ("", "higher")),
        _precision_recall,
    ),
    _Part({"share_closer": ("", "near 0.5")}, _memory),
)


def _measure(part, subject):
    """Return the part's rows; where the model lacks what they need, NaN and the reason."""
    try:
        estimates, note = part.compute(subject), part.if_nan
    except VaekitError as error:
        estimates, note = [Estimate(math.nan, math.nan)] * len(part.rows), str(error)
    return {
        name: ReportRow(*estimate, *unit_and_better, note if math.isnan(estimate.value) else "")
        for (name, unit_and_better), estimate in zip(part.rows.items(), estimates)
    }


def _plain(value):
    return Estimate(float(value), math.nan)


def _number(value):
    return "" if math.isnan(value) else f"{value:.4g}"


def _or_none(compute):
    try:
        return compute()
    except VaekitError:
        return None
