import resource

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.helpers.killed import run_until
from vaekit.functional import _row_blocks, maximum_mean_discrepancy, multi_information, total_correlation_terms

BLOCK = 1000  # numbers


def parts(z, loc, logvar, **options):
    terms = total_correlation_terms(z, loc, logvar, **options)
    return torch.cat([terms.mutual_information, terms.total_correlation, terms.dimension_kl]).square().mean()


OF_PAIRS = {
    "stratified": lambda *codes: parts(*codes, dataset_size=500),
    "weighted": lambda *codes: parts(*codes, dataset_size=500, aggregate="mws"),
    "batch": lambda *codes: parts(*codes, aggregate="batch"),
    "full": lambda *codes: parts(*codes, aggregate="full", components=codes[1:]),
    "kernels": lambda z, loc, logvar: multi_information(z).mean(),
    "MMD": lambda z, loc, logvar: maximum_mean_discrepancy(z, loc),
    "MMD of several": lambda z, loc, logvar: maximum_mean_discrepancy(z, loc, "imq_multi"),
    "MMD without diagonals": lambda z, loc, logvar: maximum_mean_discrepancy(z, loc[:50], "rbf_multi", unbiased=True),
}


class Largest(TorchDispatchMode):
    """The most numbers of a tensor that was made inside."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        self.numbers = max([self.numbers, *(each.numel() for each in [made] if isinstance(each, torch.Tensor))])
        return made


def value_and_gradients(function):
    generator = torch.Generator().manual_seed(0)
    codes = [part.requires_grad_() for part in torch.randn(3, 60, 4, generator=generator, dtype=torch.float64)]
    with Largest() as largest:
        value = function(*codes)
        gradients = torch.autograd.grad(value, codes, allow_unused=True)
    return value.detach(), [each for each in gradients if each is not None], largest.numbers


@pytest.mark.parametrize("name", OF_PAIRS)
def test_blocks_of_rows_have_the_value_and_the_gradients_of_all_rows_at_once(name, monkeypatch):
    value, gradients, all_at_once = value_and_gradients(OF_PAIRS[name])
    monkeypatch.setattr(_row_blocks, "MOST_NUMBERS", BLOCK)
    monkeypatch.setattr(_row_blocks, "NUMBERS_OF_A_BLOCK", BLOCK)
    of_blocks, gradients_of_blocks, largest = value_and_gradients(OF_PAIRS[name])
    torch.testing.assert_close(of_blocks, value, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(gradients_of_blocks, gradients, rtol=1e-11, atol=1e-13)
    assert largest <= BLOCK < all_at_once


def test_without_gradients_nothing_is_computed_twice(monkeypatch):
    calls = []
    monkeypatch.setattr(_row_blocks, "MOST_NUMBERS", 1)
    monkeypatch.setattr(_row_blocks, "NUMBERS_OF_A_BLOCK", 4)
    rows = torch.arange(5.0)
    with torch.no_grad():
        found = _row_blocks.in_row_blocks(lambda some: (calls.append(some), rows[some])[1], 5, 2)
    assert (found.tolist(), len(calls)) == (rows.tolist(), 3)


def test_blocks_leave_no_memory_behind():
    """What a block leaves between its large arrays would keep them: half a gigabyte here."""
    codes = torch.randn(2, 2500, 10, generator=torch.Generator().manual_seed(0))

    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

    def work():
        before = peak()
        a, b = (part.clone().requires_grad_() for part in codes)
        maximum_mean_discrepancy(a, b, "imq_multi").backward()
        assert peak() - before < 200

    assert run_until(work, 300)
