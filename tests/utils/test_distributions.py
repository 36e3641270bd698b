"""What compiles leaves torch's distributions as they were."""

import subprocess
import sys

import pytest

COMPILERS = {
    "densities": "from vaekit.evaluation._mixture_density import _compiled; _compiled()",
    "anything": "from vaekit.utils._distributions import unchanged_distributions as unchanged\n"
    "with unchanged(): torch.compile(torch.sin)",
    "torch's own": "torch.compile(torch.sin)",
}
AGAIN = """
from torch._dynamo.eval_frame import TorchPatcher
TorchPatcher.patch.cache_clear()
torch.distributions.Distribution.set_default_validate_args(True)
"""


@pytest.fixture(scope="module")
def checks():
    """Whether arguments are checked after each; torch, which changes that once, is made to begin anew for the next."""
    lines = ["import torch"]
    for compiler in COMPILERS.values():
        lines += [compiler, "print(torch.distributions.Distribution._validate_args)", AGAIN]
    told = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout
    return dict(zip(COMPILERS, told.split(), strict=True))


@pytest.mark.parametrize("what", ["densities", "anything"])
def test_checks_of_arguments_stay_on(checks, what):
    assert checks[what] == "True"


def test_without_the_guard_they_do_not(checks):
    assert checks["torch's own"] == "False"
