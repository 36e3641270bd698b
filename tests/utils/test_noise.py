"""The choice between draws and means, handed to objects that know it and to those that do not."""

import numpy as np
import pytest

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.utils._noise import check_noise, noise_choice

METHODS = {
    "none": lambda n_samples, random_state=None: None,
    "one": lambda n_samples, random_state=None, noise="auto": None,
    "any": lambda n_samples, **options: None,
}


@pytest.mark.parametrize(("noise", "draws"), [("auto", None), (True, True), (False, False), (np.bool_(True), True)])
def test_a_choice_is_made_or_left_to_the_object(noise, draws):
    assert check_noise(noise) is draws
    for name, method in METHODS.items():
        if draws is None:
            assert noise_choice(method, noise) == {}
        elif name != "none":
            assert noise_choice(method, noise) == {"noise": draws}


@pytest.mark.parametrize("noise", [True, False])
def test_an_object_without_the_choice_is_told_of(noise):
    with pytest.raises(IncompatibleChoiceError, match=f"noise={noise} needs a method 'sample' .* leave noise='auto'"):
        noise_choice(METHODS["none"], noise)


@pytest.mark.parametrize("noise", ["Auto", "yes", None, 0, 1.0])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_anything_else_is_refused(method, noise):
    with pytest.raises(ValueError, match="The 'noise' parameter must be True, False or 'auto'"):
        noise_choice(method, noise)
