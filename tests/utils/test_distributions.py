"""What compiles leaves torch's distributions as they were."""

import multiprocessing

import pytest
import torch

from vaekit.evaluation import _mixture_density
from vaekit.utils._distributions import unchanged_distributions


def compile_anything():
    with unchanged_distributions():
        torch.compile(torch.sin)


COMPILERS = {
    "densities": lambda: _mixture_density._compiled(),
    "anything": compile_anything,
    "torch's own": lambda: torch.compile(torch.sin),
}


def tell(teller):
    """Send whether arguments are checked after each; torch, which changes that once, begins anew for each."""
    from torch._dynamo.eval_frame import TorchPatcher  # what this loads, the copy of a process alone has loaded

    _mixture_density._compiled.cache_clear()
    for compiler in COMPILERS.values():
        TorchPatcher.patch.cache_clear()
        torch.distributions.Distribution.set_default_validate_args(True)
        compiler()
        teller.send(torch.distributions.Distribution._validate_args)


@pytest.fixture(scope="module")
def checks():
    """Whether arguments are checked after each, in a copy of this process, which stays as it is."""
    heard, teller = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=tell, args=(teller,))
    child.start()
    teller.close()  # so that a child that fails is the end of what is heard
    found = {name: heard.recv() for name in COMPILERS}
    child.join()
    return found


@pytest.mark.parametrize("what", ["densities", "anything"])
def test_checks_of_arguments_stay_on(checks, what):
    assert checks[what]


def test_without_the_guard_they_do_not(checks):
    assert not checks["torch's own"]
