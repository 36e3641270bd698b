import importlib

import pytest

from vaekit.persistence import trusted_types


@pytest.mark.parametrize("path", trusted_types())
def test_a_trusted_type_is_there(path):
    module, _, name = path.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), name), type)


def test_types_that_run_code_of_others_are_not_trusted():
    assert not any(path.endswith("Custom") for path in trusted_types())
    assert {path.split(".")[0] for path in trusted_types()} == {"vaekit", "sklearn"}
