"""Where prior and aggregate posterior disagree, as the displays ask for it."""

import numpy as np

from vaekit.utils._containers import take_rows

__all__ = ["BEYOND", "log_ratios"]

BEYOND = np.log(20)  # nats between two densities beyond which one of them alone reaches a point
MOST_ROWS = 2000  # whose encodings make the aggregate posterior


def log_ratios(estimator, X, codes, prior, or_raise=False):
    """Return log p(z) - log q(z) at codes and at draws of the prior; None where the model lacks one of the two."""
    from vaekit.evaluation import AggregatePosterior  # which loads torch
    from vaekit.evaluation._fitted import look_into, require
    from vaekit.exceptions import VaekitError
    from vaekit.utils._rows import count_rows, floats

    try:
        model, rows = look_into(estimator, X)
        require(model, "Pockets and leaks", "log_prior")
        some = np.linspace(0, count_rows(rows) - 1, min(MOST_ROWS, count_rows(rows))).astype(int)
        q = AggregatePosterior.from_estimator(model, take_rows(rows, np.unique(some)))
        return [floats(model.log_prior(points)) - q.log_density(points) for points in (codes, prior)]
    except (VaekitError, AttributeError):
        if or_raise:
            raise
        return None
