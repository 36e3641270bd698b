"""What compiles leaves torch's distributions as they were."""

import subprocess
import sys

import pytest

# in processes of their own: torch changes distributions once, with its compiler's first use
COMPILERS = {
    "densities": "from vaekit.evaluation._mixture_density import _compiled; _compiled()",
    "anything": "from vaekit.utils._distributions import unchanged_distributions as unchanged\n"
    "with unchanged(): torch.compile(torch.sin)",
}


@pytest.mark.parametrize("what", COMPILERS)
def test_checks_of_arguments_stay_on(what):
    lines = ["import torch", COMPILERS[what], "assert torch.distributions.Distribution._validate_args is True"]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_the_guard_they_do_not():
    lines = ["import torch; torch.compile(torch.sin)", "assert not torch.distributions.Distribution._validate_args"]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
