"""One table of what a fitted model's samples, codes and likelihood are worth."""

import math
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._report_parts import PARTS, ReportRow, Subject, measure
from vaekit.exceptions import MissingMethodError, VaekitError
from vaekit.utils._ambient import guarded_arithmetic
from vaekit.utils._checks import check_count
from vaekit.utils._html import html_table
from vaekit.utils._style import COLORS, MUTED, import_pyplot, in_house_style
from vaekit.utils._typing import RandomStateLike


@guarded_arithmetic
class GenerationReport:
    """The numbers of a fitted model, as `generation_report` collects them.

    Attributes
    ----------
    rows : dict of str to ReportRow
        The table; ``report["nll"]`` is one line of it.
    leakage : LeakageCurve or None
        Leakage in generation space over thresholds, the lowest first.
    collapse : CollapseReport or None
        What each component does.
    """

    def __init__(self, rows: Any, leakage: Any = None, collapse: Any = None) -> None:
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

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            Indexed by name, with columns `value`, `standard_error`, `unit`, `better`, `note`.
        """
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows, orient="index", columns=ReportRow._fields)

    def _repr_html_(self):
        rows = [(name, *row[:4]) for name, row in self.rows.items() if not math.isnan(row.value)]
        notes = sorted({f"{name}: {row.note}" for name, row in self.rows.items() if row.note})
        return html_table(("", "value", "s.e.", "unit", "better"), rows, caption="Generation report", notes=notes)

    @in_house_style
    def plot(self, axes: Any = None) -> Self:
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
        figsize = {"figsize": (10, 2.8), "layout": "constrained"}
        self.axes_ = import_pyplot().subplots(1, 3, **figsize)[1] if axes is None else np.ravel(axes)
        self.figure_ = self.axes_[0].figure
        self._plot_leakage(self.axes_[0])
        self._plot_kl(self.axes_[1])
        self._plot_components(self.axes_[2])
        return self

    def _plot_leakage(self, ax):
        if self.leakage is not None:
            ax.errorbar(*self.leakage[:2], yerr=self.leakage.standard_error, marker="o", markersize=3, capsize=2,
                        color=COLORS[0])  # fmt: skip
            ax.axhline(0, color=MUTED, linewidth=0.8)
        self._say_if_missing(ax, self.leakage is None)
        ax.set(title="Leakage", xlabel="threshold on log N(g(z); 0, I)", ylabel="nats")

    def _plot_kl(self, ax):
        parts = [self.rows[name] for name in ("mutual_information", "total_correlation", "dimension_kl")]
        names = ("mutual\ninformation", "total\ncorrelation", "by\ndimension")
        ax.bar(names, [row.value for row in parts], yerr=[row.standard_error for row in parts], color=COLORS[0],
               width=0.6, error_kw={"capsize": 3, "elinewidth": 1})  # fmt: skip
        ax.axhline(0, color=MUTED, linewidth=0.8)
        self._say_if_missing(ax, all(math.isnan(row.value) for row in parts))
        ax.set(title="Parts of the KL", ylabel="nats per row")

    def _plot_components(self, ax):
        if self.collapse is not None:
            share, active = self.collapse.variance_share, self.collapse.active
            ax.bar(np.arange(len(share)), share, color=np.where(active, COLORS[0], MUTED), width=0.7)
            ax.xaxis.get_major_locator().set_params(integer=True)
        self._say_if_missing(ax, self.collapse is None)
        in_use = "" if self.collapse is None else f" ({self.collapse.n_active} of {len(self.collapse.active)} in use)"
        ax.set(title="Components in use", xlabel=f"component{in_use}", ylabel="share of variance", ylim=(0, 1))

    def _say_if_missing(self, ax, is_missing):
        if is_missing:
            ax.text(0.5, 0.5, "not known\nof this model", ha="center", va="center", transform=ax.transAxes, color=MUTED)


@guarded_arithmetic
def generation_report(
    estimator: Any,
    X: ArrayLike,
    *,
    features: Any = "auto",
    n_samples: int = 5000,
    n_importance_samples: int = 1000,
    n_likelihood_rows: int = 500,
    random_state: RandomStateLike = None,
    noise: bool | str = "auto",
) -> GenerationReport:
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
        For Fréchet distances, precision and recall, as in `sample_frechet_distance`. Of a pipeline, features see what
        the model sees: fit them on `pipeline[:-1].transform(X)`, not on X.
    n_samples : int, default=5000
        Draws for each number; samples that are compared with data are at most as many as X has rows.
    n_importance_samples : int, default=1000
        Importance samples of each row for the likelihood.
    n_likelihood_rows : int, default=500
        Rows whose likelihood is estimated.
    random_state : int, RandomState instance or None, default=None
        Decides all draws; None is fresh entropy.
    noise : bool or "auto", default="auto"
        Whether samples are draws of p(x | z) or its means, as in the model's own `sample`.

    Returns
    -------
    report : GenerationReport
        Prints as a table, becomes a DataFrame (`to_frame`) and a figure (`plot`).

    Raises
    ------
    MissingMethodError
        If the model has none of the public methods, so that nothing can be measured.
    ValueError
        If X has fewer than 2 rows or a count is not a positive integer.

    Notes
    -----
    Rows: `symmetric_kl`, `kl_q_to_p`, `kl_p_to_q`, `leakage_10`, `leakage_1` (thresholds below which a prior draw falls
    with probability 10% and 1%), `nll`, `effective_sample_size` (median over rows), `mutual_information`,
    `total_correlation`, `dimension_kl`, `reconstruction_error`, `reconstruction_error_sampled`,
    `reconstruction_rms`, `active_components`, `frechet_distance`, `low_posterior_frechet_distance`,
    `low_posterior_frechet_distance_plain`, `precision`,
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
    subject = Subject(estimator, X, features, n_samples, n_importance_samples, n_likelihood_rows, random_state, noise)
    rows = {}
    for part in PARTS:
        rows.update(measure(part, subject))
    _check_any(rows, subject)
    return GenerationReport(rows, _or_none(lambda: subject.leakage), _or_none(lambda: subject.collapse))


def _check_any(rows, subject):
    if all(math.isnan(row.value) for row in rows.values()):
        reason = next(iter(rows.values())).note
        raise MissingMethodError(f"Nothing can be measured of {type(subject.model).__name__}. {reason}")


def _number(value):
    return "" if math.isnan(value) else f"{value:.4g}"


def _or_none(compute):
    try:
        return compute()
    except VaekitError:
        return None
