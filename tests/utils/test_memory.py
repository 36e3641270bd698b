"""Sizes beyond memory are refused in words."""

import numpy as np
import pytest
import torch

from tests.helpers.family import X, tiny
from vaekit.priors import MixtureOfNormals, VampPrior
from vaekit.utils._memory import told_if_too_large

TOO_LARGE = {
    "n_components": {"n_components": 2**40},
    "beyond what torch counts": {"n_components": 10**30},
    "hidden_layer_sizes": {"hidden_layer_sizes": (2**63,)},
    "prior": {"prior": MixtureOfNormals(n_modes=2**62)},
    "rows of a prior": {"prior": VampPrior(n_pseudo_inputs=2**63)},
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_model_larger_than_memory_is_an_error_that_says_what_to_lower(name):
    with pytest.raises(ValueError, match="larger than memory; lower 'n_components', 'hidden_layer_sizes'"):
        tiny("VAE", **TOO_LARGE[name]).fit(X)


def test_other_errors_pass_as_they_are():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), told_if_too_large():
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    with pytest.raises(TypeError, match="unexpected"), told_if_too_large():
        np.zeros(3, unexpected=True)
