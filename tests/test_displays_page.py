"""The page of displays runs as it is read, tells of every display, and its pictures are there and small."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from vaekit import inspection

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "displays.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_block_runs_in_turn(capsys):
    names, n_figures = {}, 0
    for block in BLOCKS:
        exec(block, names)
        n_figures += len(plt.get_fignums())
        plt.close("all")
    assert n_figures >= len(BLOCKS) - 2  # one block fits the models, one makes a page of HTML
    assert r"\toprule" in capsys.readouterr().out


def test_every_display_is_told_of():
    shown = [name for name in inspection.__all__ if name.endswith(("Display", "Map"))]
    assert [name for name in shown if f"inspection.{name}." not in PAGE] == []


@pytest.mark.parametrize("picture", sorted(set(re.findall(r"\(((?:contact)/\w+\.png)\)", PAGE))))
def test_a_picture_is_there_and_small(picture):
    assert 2_000 < (DOCS / picture).stat().st_size < 600_000  # sheets of all displays among them
