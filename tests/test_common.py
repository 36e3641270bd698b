"""scikit-learn's contract, over one tiny instance of every public estimator: no expected failure, no skip."""

import pytest
from contract import checks_of
from family import small
from sklearn.base import clone
from sklearn.utils import estimator_checks

import vaekit

ESTIMATORS = {
    name: small(getattr(vaekit, name)(max_epochs=1, hidden_layer_sizes=(8,)), {})
    for name in sorted(vaekit.estimators.__all__)
}

# Checks that scikit-learn runs on its own estimators only, and that hold here too.
FURTHER_CHECKS = [
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_param_validation",
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    "check_dataframe_column_names_consistency",
    "check_get_feature_names_out_error",
    "check_inplace_ensure_writeable",
    "check_estimators_partial_fit_n_features",
]

# How frames are chosen hangs on how an estimator is fitted and transforms: one of each kind.
CHECKS_OF_FRAMES = [
    "check_set_output_transform_polars",
    "check_global_output_transform_pandas",
    "check_global_set_output_transform_polars",
]
OF_EACH_KIND = ["AAE", "ConditionalVAE", "DPVAE", "PCL", "SlowVAE", "VAE"]


def all_checks():
    for name, estimator in ESTIMATORS.items():
        yield from checks_of(estimator)
        for further in FURTHER_CHECKS + CHECKS_OF_FRAMES * (name in OF_EACH_KIND):
            check = getattr(estimator_checks, further)
            ready = taking_gaps(estimator) if further == "check_inplace_ensure_writeable" else estimator
            yield pytest.param(ready, lambda e, c=check: c(type(e).__name__, e), id=f"{name}-{further}")


def taking_gaps(estimator):
    """The check puts a NaN into rows of what has a parameter `missing_values`, as imputers have."""
    return clone(estimator).set_params(missing_values="mask") if hasattr(estimator, "missing_values") else estimator


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names")  # checks mix named and unnamed columns
@pytest.mark.parametrize(("estimator", "check"), list(all_checks()))
def test_contract(estimator, check):
    check(estimator)


def test_number_of_checks():
    """55 that scikit-learn yields for a transformer with sample weights, less two, and the nine further ones.

    One more where y is asked for, and three of frames for one of each kind.
    """
    assert len(list(all_checks())) == 62 * len(ESTIMATORS) + 1 + 3 * len(OF_EACH_KIND)
