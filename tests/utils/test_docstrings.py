"""Docstrings put together: own entries hide inherited ones, defaults are stated as they are."""

import pytest

from vaekit.utils._docstrings import (
    describe_parameters,
    inherit_sections,
    own_defaults,
    parameter_entries,
    restate_defaults,
    split_sections,
)

OWN = 'Own.\n\nParameters\n----------\nb : str, default="y"\n    Other.\n'
BASE = 'Base.\n\nParameters\n----------\na : int, default=1\n    First.\nb : str, default="x"\n    Second.\n'


def test_an_own_entry_hides_the_inherited_one():
    _, sections = split_sections(inherit_sections(OWN, restate_defaults(BASE, {"a": 2})))
    assert sections["Parameters"].split("\n") == [
        'b : str, default="y"', "    Other.", "a : int, default=2", "    First.",
    ]  # fmt: skip


def test_an_own_entry_hides_one_that_is_told_and_fields_give_the_order():
    told = {**parameter_entries(BASE), "c": "c : float\n    Third."}
    entries = parameter_entries(describe_parameters(OWN, told, ["c", "a", "b"]))
    assert entries == {"c": told["c"], "a": told["a"], "b": parameter_entries(OWN)["b"]}
    assert list(entries) == ["c", "a", "b"]


def test_entries_that_no_field_orders_come_last():
    assert list(parameter_entries(describe_parameters(BASE, {"c": "c : float"}, ["c"]))) == ["c", "a", "b"]


@pytest.mark.parametrize("doc", [None, "", "One line."])
def test_a_text_without_parameters_has_none(doc):
    assert parameter_entries(doc) == {}
    assert describe_parameters(doc, {}, []) == doc


def test_sections_are_put_in_order():
    doc = "Own.\n\nExamples\n--------\n>>> 1\n"
    assert list(split_sections(describe_parameters(doc, {"c": "c : float"}, []))[1]) == ["Parameters", "Examples"]


def test_own_defaults_are_those_of_annotated_names_in_order():
    class Base:
        a: int = 1

    class Child(Base):
        b: int = 2
        c: int
        d = 4
        e: int = 5

    assert own_defaults(Child) == {"b": 2, "e": 5}
