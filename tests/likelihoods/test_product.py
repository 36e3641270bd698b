"""A product of likelihoods over the columns of a table."""

import numpy as np
import pytest
import torch
from settings_of_words import setting
from sklearn.base import clone

from vaekit.exceptions import IncompatibleChoiceError
from vaekit.likelihoods import Bernoulli, Categorical, Laplace, Normal, Poisson, Product
from vaekit.utils._torch import make_generator

PARTS = ((Normal(scale="per_feature"), (4, 0)), (Categorical(sizes=(2,)), (1, 3)), (Poisson(), (2,)), (Laplace(), (5,)))
UNIT = np.array([1, 1, 4, 1, 1, 1.0])


def rows(*shape, seed=1):
    return torch.randn(shape, generator=make_generator(seed), dtype=torch.float64)


def table(n_rows):
    X = rows(n_rows, 6, seed=2)
    X[:, 1], X[:, 3] = (X[:, 1] > 0).double(), (X[:, 1] <= 0).double()
    X[:, 2] = X[:, 2].abs().round() / 4
    return X


def build(parts=PARTS, **told):
    return Product(parts=parts).validated().build(setting((6,), unit=UNIT, **told)).double()


def test_it_is_the_sum_of_its_parts_wherever_they_stand():
    product, decoded, x = build().eval(), rows(3, 4, 6), table(4)
    expected = sum(
        word.build(setting((len(own),), unit=UNIT[list(own)])).double().eval().log_prob(piece, x[:, list(own)])
        for (word, own), piece in zip(PARTS, decoded.split([2, 2, 1, 1], -1))
    )
    torch.testing.assert_close(product.log_prob(decoded, x), expected)
    means = product.mean(decoded)
    torch.testing.assert_close(means[..., [4, 0]], decoded[..., :2])
    torch.testing.assert_close(means[..., [1, 3]], decoded[..., 2:4].softmax(-1))
    assert product.sample(decoded[0], rows(4, 6)).shape == (4, 6)


def test_parts_settle_on_what_they_see_themselves():
    product, decoded, x = build().train(), rows(40, 6), table(40)
    product.log_prob(decoded, x)
    seen = product.take_observed()
    torch.testing.assert_close(seen, product.statistics(decoded, x))
    assert product.take_observed() is None
    product.settle(seen)
    errors = (x[:, [4, 0]] - decoded[:, :2]).square().mean(0).sqrt()
    torch.testing.assert_close(product.parts[0].log_scale.exp(), errors, rtol=1e-4, atol=0)
    spread = (x[:, 5] - decoded[:, 5]).abs().mean()
    torch.testing.assert_close(product.parts[3].log_scale.exp(), spread, rtol=1e-2, atol=0)


def test_a_copy_of_the_word_is_the_same():
    product = Product(parts=PARTS)
    assert repr(clone(product)) == repr(product)
    assert clone(product).settings() == product.settings()


@pytest.mark.parametrize("parts", [((Normal(), (0, 2)),), ((Normal(), (0,)), (Bernoulli(), (0,))), ()])
def test_every_number_of_a_row_has_one_part(parts):
    with pytest.raises(ValueError, match="'parts' of a Product must hold every number of a row once"):
        Product(parts=parts).validated()
    assert not Product(parts=parts).is_foreign


@pytest.mark.parametrize(
    "parts", [(4,), (4, 3), ((Normal(),),), ((Normal(), 0),), (("normal", (0,)),), ((Normal(), (0.5,)),)], ids=str
)
def test_parts_that_are_none_are_refused(parts):
    with pytest.raises(ValueError, match="'parts' of a Product must be pairs"):
        Product(parts=parts).validated()


def test_it_is_of_the_columns_of_a_table_and_of_no_windows():
    with pytest.raises(IncompatibleChoiceError, match=r"rows of shape \(1, 6\); choose network='mlp'"):
        Product(parts=PARTS).decoded_shape((1, 6))
