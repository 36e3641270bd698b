"""Keys of structures: equal ones are one object, whose hash is known, and nothing is kept for them."""

import weakref

from tiny_training import X, tiny

from vaekit import BetaVAE
from vaekit.engine._structure import Structure, structure_of


def key_of(model):
    return structure_of(model.net_.module_, model.net_.phases_)


def test_equal_structures_are_one_object_and_others_are_not():
    one, other, third = (tiny(BetaVAE, max_epochs=1, **how).fit(X) for how in ({}, {"beta": 9}, {"activation": "tanh"}))
    assert key_of(one) is key_of(other)
    assert key_of(one) != key_of(third)


def test_structures_that_were_found_apart_are_equal():
    one, other = Structure(("a", (1, 2.0))), Structure(("a", (1, 2.0)))
    assert (one, hash(one)) == (other, hash(other))
    assert one not in (Structure(("a", (1, 2.5))), ("a", (1, 2.0)))


def test_a_key_that_nobody_holds_is_forgotten():
    known = weakref.ref(structure_of("a structure of this test alone", 1.25))
    assert known() is None
