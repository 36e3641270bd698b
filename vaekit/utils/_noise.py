"""The choice between draws of p(x | z) and its means, as objects of any origin are told of it."""

import inspect

import numpy as np

from vaekit.exceptions import IncompatibleChoiceError

__all__ = ["check_noise", "noise_choice", "takes_noise"]


def check_noise(noise):
    """Return whether there shall be draws, or None where the object decides by itself (`"auto"`)."""
    if isinstance(noise, str) and noise == "auto":
        return None
    if not isinstance(noise, (bool, np.bool_)):
        raise ValueError(f"The 'noise' parameter must be True, False or 'auto'. Got {noise!r} instead.")
    return bool(noise)


def noise_choice(sample, noise):
    """Return the keywords for a method `sample`: none where it decides by itself, as objects without the choice do."""
    draws = check_noise(noise)
    if draws is None:
        return {}
    if not takes_noise(sample):
        raise IncompatibleChoiceError(
            f"noise={draws} needs a method 'sample' with a parameter 'noise', which this object has not; leave "
            "noise='auto', its samples as they are."
        )
    return {"noise": draws}


def takes_noise(sample):
    """Whether a method `sample` can be told to leave noise out."""
    parameters = inspect.signature(sample).parameters.values()
    return any(p.name == "noise" or p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
