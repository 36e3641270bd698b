"""Lint and layout of the whole tree."""

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
