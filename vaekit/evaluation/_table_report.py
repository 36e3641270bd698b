"""What samples of a table are worth, each number beside the one that a real holdout gets."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from vaekit.evaluation._mixed_table import mixed_tables
from vaekit.evaluation._table_parts import (
    associations,
    closest_records,
    column_distances,
    detection_auc,
    use_of_training,
)
from vaekit.utils._ambient import guarded, guarded_arithmetic
from vaekit.utils._html import html_table
from vaekit.utils._random import make_random_state
from vaekit.utils._typing import RandomStateLike

__all__ = ["TableReport", "TableReportRow", "table_report"]

FEWEST_ROWS = 10


class TableReportRow(NamedTuple):
    """One line of a `TableReport`.

    Attributes
    ----------
    samples : float
        What the samples get.
    holdout : float
        What real rows get in their place: there is nothing better to be had.
    better : str
        Where to look.
    """

    samples: float
    holdout: float
    better: str


@guarded_arithmetic
class TableReport:
    """The numbers of samples of a table, as `table_report` collects them.

    Attributes
    ----------
    rows : dict of str to TableReportRow
        The table; ``report["detection_auc"]`` is one line of it.
    columns : dict of str to TableReportRow
        The distance of every column.
    """

    def __init__(self, rows: Any, columns: Any) -> None:
        self.rows, self.columns = rows, columns

    def __getitem__(self, name):
        return self.rows[name]

    def __repr__(self):
        lines = [("", "samples", "holdout", "better")]
        lines += [(name, f"{row.samples:.4g}", f"{row.holdout:.4g}", row.better) for name, row in self.rows.items()]
        widths = [max(map(len, column)) for column in zip(*lines)]
        return "\n".join("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in lines)

    def _repr_html_(self):
        rows = [(name, *row) for name, row in self.rows.items()]
        return html_table(("", "samples", "holdout", "better"), rows, caption="Table report")

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame.

        Returns
        -------
        frame : DataFrame
            Indexed by name, with columns `samples`, `holdout`, `better`.
        """
        import pandas as pd

        return pd.DataFrame.from_dict(self.rows, orient="index", columns=TableReportRow._fields)


@guarded
def table_report(
    X_train: ArrayLike,
    X_test: ArrayLike,
    samples: ArrayLike,
    *,
    categorical_features: Any = "from_dtype",
    target: Any = None,
    random_state: RandomStateLike = None,
) -> TableReport:
    """Compare samples of a table with real rows from every side at once.

    Parameters
    ----------
    X_train : array-like or frame of shape (n_train, n_columns)
        The rows that the model was trained on: numbers, words, booleans, dates, gaps.
    X_test : array-like or frame of shape (n_test, n_columns)
        Real rows that it has not seen, at least 10.
    samples : array-like or frame of shape (n_samples, n_columns)
        Rows that it has made.
    categorical_features : "from_dtype", or array-like of names, numbers or bool, default="from_dtype"
        Columns whose values are words, and have no order. `"from_dtype"`: text, booleans and categories of X_train.
    target : str, int or None, default=None
        The column that is predicted from the others by forests trained on samples; None is the mean over all columns,
        each predicted in its turn.
    random_state : int, RandomState instance or None, default=None
        Decides which rows are compared, and the forests.

    Returns
    -------
    report : TableReport
        Prints as a table and becomes a DataFrame (`to_frame`); `columns` has the distance of every column.

    Raises
    ------
    ValueError
        If columns differ, if there are too few rows, or if there is no such target.

    Notes
    -----
    Samples are compared with held-out rows, and beside that training rows are, as many of each as there are of the
    fewest: samples that are as good as real rows get what the holdout gets.

    * `column_distance`: mean over columns of the largest difference between distribution functions (of words: the total
      variation), in [0, 1].
    * `association_distance`: mean over pairs of columns of the difference of their association: Pearson's r of
      numbers, the correlation ratio of numbers and words, Cramér's V of words.
    * `detection_auc`: how well a forest tells them from held-out rows it has not seen; at 0.5 it cannot.
    * `use`: how well a forest trained on them predicts held-out rows: R^2 of numbers, balanced accuracy of words as a
      share of the way from guessing (0) to perfect (1).
    * `closest_record`: median distance to the nearest training row, in deviations of the columns.
    * `share_closer`: probability that one lies closer to the training rows than a held-out row does; more than 0.5
      means that training rows were remembered.
    * `copies`: share of them that are training rows.

    References
    ----------
    D. Lopez-Paz, M. Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017, https://arxiv.org/abs/1610.06545, on
    detection. L. Xu et al., "Modeling Tabular Data using Conditional GAN", NeurIPS 2019,
    https://arxiv.org/abs/1907.00503, section 5, on training on samples.

    Examples
    --------
    >>> import numpy as np
    >>> from vaekit.evaluation import table_report
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(120, 2)) @ [[1, 1], [0, 1]]
    >>> report = table_report(X[:60], X[60:], X[:60], random_state=0)
    >>> report["copies"].samples, report["copies"].holdout, report["share_closer"].samples
    (1.0, 0.0, 1.0)
    """
    tables = mixed_tables(categorical_features, X_train=X_train, X_test=X_test, samples=samples)
    n_rows = min(len(table) for table in tables)
    if n_rows < FEWEST_ROWS:
        raise ValueError(f"table_report needs at least {FEWEST_ROWS} rows of each table, got {n_rows}; pass more.")
    targets = _targets(target, tables[0].names)
    rng = make_random_state(random_state)
    train, test, made = (table.take(rng.permutation(len(table))[:n_rows]) for table in tables)
    seed = rng.randint(np.iinfo(np.int32).max)
    distances = [column_distances(test, other) for other in (made, train)]
    rows = {"column_distance": TableReportRow(*map(_mean, distances), "lower")}
    rows["association_distance"] = _differences(*map(associations, (test, made, train)))
    rows["detection_auc"] = TableReportRow(*(detection_auc(test, other, seed) for other in (made, train)), "0.5")
    uses = (_mean(use_of_training(other, test, targets, seed)) for other in (made, train))
    rows["use"] = TableReportRow(*uses, "higher")
    rows |= _privacy(closest_records(tables[2], tables[0], tables[1]))
    columns = zip(tables[0].names, *map(np.ndarray.tolist, distances))
    return TableReport(rows, {name: TableReportRow(*values, "lower") for name, *values in columns})


def _targets(target, names):
    """Numbers of the columns that are to be predicted."""
    if target is None:
        return range(len(names))
    numbers = {**dict(enumerate(names)), **{name: name for name in names}}
    if not isinstance(target, str | int) or target not in numbers:
        raise ValueError(f"target must be None, or the name or number of one of the columns {names}, got {target!r}.")
    return [names.index(numbers[target])]


def _mean(values):
    return float(np.mean(values)) if len(values) else 0.0


def _differences(of_test, of_samples, of_train):
    return TableReportRow(*(_mean(np.abs(of_test - other)) for other in (of_samples, of_train)), "lower")


def _privacy(neighbours):
    of_samples, of_holdout = neighbours.distance, neighbours.reference_distance
    return {
        "closest_record": TableReportRow(*(float(np.median(d)) for d in (of_samples, of_holdout)), "as the holdout's"),
        "share_closer": TableReportRow(neighbours.share_closer, 0.5, "at most 0.5"),
        "copies": TableReportRow(*(_mean(d == 0) for d in (of_samples, of_holdout)), "as the holdout's"),
    }
