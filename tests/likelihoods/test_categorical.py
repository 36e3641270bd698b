"""Categories: probabilities, draws and the sizes of their one-hots."""

import pytest
import torch
from golden_batch import double
from settings_of_words import setting
from torch import distributions

from vaekit.likelihoods import Categorical
from vaekit.utils._torch import make_generator

LOGITS = double(0.3, -1.0, 2.0, 0.5, 50.0)
CELLS = torch.cartesian_prod(torch.arange(3), torch.arange(2))
ONE_HOTS = torch.cat([torch.nn.functional.one_hot(own, n) for own, n in zip(CELLS.T, (3, 2))], 1).double()


def likelihood(sizes=(3, 2)):
    return Categorical(sizes=sizes).validated().build(setting((5,))).double()


def test_probabilities_are_those_of_torch_and_sum_to_one():
    found = likelihood().log_prob(LOGITS.expand(6, 5), ONE_HOTS)
    first, second = (distributions.Categorical(logits=own) for own in LOGITS.split([3, 2]))
    torch.testing.assert_close(found, first.log_prob(CELLS[:, 0]) + second.log_prob(CELLS[:, 1]))
    assert found.exp().sum().item() == pytest.approx(1, abs=1e-12)


def test_draws_have_the_probabilities():
    noise = torch.randn(20_000, 5, generator=make_generator(0), dtype=torch.float64)
    drawn = likelihood().sample(LOGITS.expand(20_000, 5), noise)
    assert (drawn[:, :3].sum(1) == 1).all()
    assert (drawn[:, 3:].sum(1) == 1).all()
    torch.testing.assert_close(drawn.mean(0), likelihood().mean(LOGITS), rtol=0, atol=0.015)


def test_a_row_may_be_one_one_hot():
    torch.testing.assert_close(likelihood(None).mean(LOGITS), LOGITS.softmax(0))


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [((3, 3), (5,)), (None, (1, 2, 2)), ((3.0, 2.0), (5,)), ((6, -1), (5,)), (("a",), (5,)), ((5, 0), (5,))],
)
def test_sizes_are_counts_that_add_up_to_a_row(sizes, shape):
    with pytest.raises(
        ValueError, match=r"'sizes' parameter of Categorical must be integers of at least 1 that add up"
    ):
        Categorical(sizes=sizes).build(setting(shape))
