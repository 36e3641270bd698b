"""The checks of scikit-learn's contract that estimators are held to."""

import pytest
from sklearn.utils.estimator_checks import estimator_checks_generator

__all__ = ["checks_of"]

# A row of weight 2 and two copies of it take different places in the random order of batches, and a fit is a function
# of that order: these two ask for the same numbers to seven digits. The law itself, in distribution and for weights of
# 0 and 1 bit for bit, is held in tests/estimators/test_sample_weight.py.
NOT_OF_RANDOM_BATCHES = {
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
}


def checks_of(*estimators):
    """Parameters (estimator, check) of a test, one for each check of each estimator."""
    pairs = [pair for estimator in estimators for pair in estimator_checks_generator(estimator, mark=None)]
    kept = [(estimator, check) for estimator, check in pairs if check.func.__name__ not in NOT_OF_RANDOM_BATCHES]
    return [pytest.param(*pair, id=f"{type(pair[0]).__name__}-{pair[1].func.__name__}") for pair in kept]
