"""Lint and layout of the whole tree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(command):
    root = Path(__file__).parents[1]
    folders = ["vaekit", "tests", "examples", "benchmarks"]
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, *folders], cwd=root, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_what_a_net_holds_is_brought_to_the_host():
    """Tests run on a GPU, too, whose tensors NumPy does not take."""
    lines = [(path.name, line.strip()) for path in Path(__file__).parent.rglob("*.py") for line in path.open()]
    of_a_net = re.compile(r"(net_|module_|flat_|network\.|program\().*\.numpy\(\)")
    assert [(name, line) for name, line in lines if of_a_net.search(line) and ".cpu()" not in line] == []
