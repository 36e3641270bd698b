"""Shared parameters are described wherever they are, in the order of the signature."""

import inspect

import pytest

from vaekit import metrics
from vaekit.metrics._parameters import metric
from vaekit.utils._docstrings import parameter_entries, split_sections

FUNCTIONS = [
    name
    for name in metrics.__all__
    if inspect.isfunction(getattr(metrics, name)) and inspect.signature(getattr(metrics, name)).parameters
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_described_in_order(name):
    function = getattr(metrics, name)
    described = [entry.split(", ") for entry in parameter_entries(function.__doc__)]
    takes = [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.VAR_KEYWORD]
    assert sorted(name for entry in described for name in entry) == sorted(takes)
    assert [first for first, *_ in described] == sorted((first for first, *_ in described), key=takes.index)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_stated_defaults_are_the_defaults(name):
    function = getattr(metrics, name)
    for entry, text in parameter_entries(function.__doc__).items():
        for one in entry.split(", "):
            default = inspect.signature(function).parameters[one].default
            head = text.splitlines()[0]
            assert (default is inspect.Parameter.empty) == ("default=" not in head)
            if default is not inspect.Parameter.empty:
                assert repr(default).replace("'", '"') in head.partition("default=")[2]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_sections_stand_in_numpydoc_order(name):
    order = ["Parameters", "Returns", "Raises", "Warns", "See Also", "Notes", "References", "Examples"]
    titles = list(split_sections(getattr(metrics, name).__doc__)[1])
    assert titles == sorted(titles, key=order.index)


def test_an_entry_of_its_own_hides_a_shared_one():
    @metric
    def score(factors, codes, *, n_bins=20, quite_other=1):
        """Score nothing.

        Parameters
        ----------
        codes : list
            Other codes.
        quite_other : int, default=1
            Something.
        """

    entries = parameter_entries(score.__doc__)
    assert list(entries) == ["factors", "codes", "n_bins", "quite_other"]
    assert "Other codes" in entries["codes"]
    assert "Bins of a continuous factor" in entries["n_bins"]
