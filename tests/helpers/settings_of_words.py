"""What words are told in tests: a setting of which a test names what it is about."""

from vaekit._setting import Setting
from vaekit.utils._torch import make_generator

__all__ = ["setting"]


def setting(event_shape=(5,), *, n_components=3, seed=0, **told):
    """Return a setting in which weights are drawn from a seed, or from the `generator` that is named."""
    generator = told.pop("generator", None) or make_generator(seed)
    return Setting(event_shape=event_shape, n_components=n_components, generator=generator, **told)
