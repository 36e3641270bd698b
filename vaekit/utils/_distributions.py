"""torch's distributions, which some imports change for the whole process, kept as they are."""

import contextlib

from torch.distributions import Distribution

__all__ = ["unchanged_distributions"]

CHANGED = ("_validate_args", "arg_constraints")  # by zuko's import and by the first use of torch's compiler


@contextlib.contextmanager
def unchanged_distributions():
    """Have distributions check their arguments afterwards as they did before, whatever is imported inside."""
    before = {name: vars(Distribution)[name] for name in CHANGED}
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(Distribution, name, value)
