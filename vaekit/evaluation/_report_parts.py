"""The rows of a generation report, part by part."""

import functools
import math
import warnings
from typing import NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from vaekit.evaluation._aggregate_posterior import AggregatePosterior
from vaekit.evaluation._collapse import collapse_report
from vaekit.evaluation._estimate import Estimate
from vaekit.evaluation._fitted import look_into
from vaekit.evaluation._generation import (
    low_posterior_frechet_distance,
    sample_frechet_distance,
    sample_precision_recall,
)
from vaekit.evaluation._kl import kl_decomposition, symmetric_kl
from vaekit.evaluation._leakage import leakage_curve, standard_normal_thresholds
from vaekit.evaluation._likelihood import decoding_error, estimate_nll, reconstruction_error
from vaekit.evaluation._neighbours import nearest_neighbours
from vaekit.evaluation._sampling import draw_samples
from vaekit.exceptions import VaekitError
from vaekit.utils._containers import take_rows
from vaekit.utils._random import make_random_state
from vaekit.utils._rows import count_rows

CURVE_SHARES = 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5  # of the prior's own draws, below each threshold
TAIL_SHARES = 0.1, 0.01  # those of them that the table shows


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


class Subject:
    """A fitted model, its data, and what several parts of the report share."""

    def __init__(self, estimator, X, features, n_samples, n_importance_samples, n_likelihood_rows, random_state, noise):
        self.model, self.X = look_into(estimator, X)
        if count_rows(self.X) < 2:
            raise ValueError(f"A report needs at least 2 rows, got {count_rows(self.X)}.")
        self.features, self.n_samples, self.n_importance_samples = features, n_samples, n_importance_samples
        self.random_state, self.noise = make_random_state(random_state), noise
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
        """The curve, at thresholds below which given shares of the prior's own draws lie, the lowest first."""
        thresholds = standard_normal_thresholds(CURVE_SHARES, self.aggregate_posterior.n_components)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)  # the table shows the NaN, with its note
            return leakage_curve(self.model, self.X, thresholds, **self.draws)

    @property
    def sampling(self):
        return {"random_state": self.random_state, "noise": self.noise}

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
    shown = [CURVE_SHARES.index(share) for share in TAIL_SHARES]
    return [Estimate(curve.value[i], curve.standard_error[i]) for i in shown]


def _likelihood(subject):
    nll, _ = estimate_nll(subject.model, subject.few, subject.n_importance_samples, subject.random_state)
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
    return Estimate(error.value, error.standard_error), error.sampled


def _decoding(subject):
    return [_plain(decoding_error(subject.model, subject.some))]


def _components(subject):
    return [_plain(subject.collapse.n_active)]


def _frechet(subject):
    options = subject.features, subject.n_generated
    return [_plain(sample_frechet_distance(subject.model, subject.X, *options, **subject.sampling))]


def _low_posterior_frechet(subject):
    distances = low_posterior_frechet_distance(
        subject.model,
        subject.X,
        subject.features,
        **{**subject.draws, **subject.sampling, "n_samples": subject.n_generated},
    )
    return _plain(distances.value), _plain(distances.plain)


def _precision_recall(subject):
    options = subject.features, subject.n_generated
    k = min(5, subject.n_generated - 1)
    scores = sample_precision_recall(subject.model, subject.X, *options, k=k, **subject.sampling)
    return [_plain(score) for score in scores]


def _memory(subject):
    samples = draw_samples(subject.model, subject.n_generated, **subject.sampling)
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
        },
        _reconstruction,
    ),
    _Part({"reconstruction_rms": ("units of X", "lower")}, _decoding),
    _Part({"active_components": ("components", "-")}, _components),
    _Part({"frechet_distance": ("squared features", "lower")}, _frechet),
    _Part(
        {
            "low_posterior_frechet_distance": ("squared features", "lower"),
            "low_posterior_frechet_distance_plain": ("squared features", "lower"),
        },
        _low_posterior_frechet,
    ),
    _Part(
        dict.fromkeys(("precision", "recall", "density", "coverage"), ("", "higher")),
        _precision_recall,
    ),
    _Part({"share_closer": ("", "near 0.5")}, _memory),
)


def measure(part, subject):
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
