"""The house style: nothing global changes, colours can be told apart, limits do not follow the few."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from vaekit.utils._style import CLASSES, COLORS, STYLE, in_house_style, robust_limits

# H. Brettel, F. Vienot, J. Mollon, 1997, as the linear map of G. Machado et al., 2009, severity 1
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "none": np.eye(3),
}


@pytest.mark.parametrize("sight", DEFICIENCIES)
def test_colours_can_be_told_apart(sight):
    linear = np.array([to_rgb(colour) for colour in COLORS]) ** 2.2
    seen = np.clip(linear @ np.array(DEFICIENCIES[sight]).T, 0, 1) ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen, axis=-1)[np.triu_indices(len(COLORS), 1)]
    assert apart.min() > 0.15


def test_there_are_colours_for_ten_classes():
    assert len(set(CLASSES)) == 10


def test_the_style_holds_while_something_is_drawn():
    before = dict(mpl.rcParams)
    drawn = in_house_style(lambda: {name: mpl.rcParams[name] for name in STYLE})()
    assert drawn["axes.titlesize"] == STYLE["axes.titlesize"]
    assert dict(mpl.rcParams) == before


LIMITS = {
    "an outlier": ([*range(100), 1e9], 0.02, (2, 98)),
    "NaN and infinity": ([0.0, 1.0, np.nan, np.inf], 0.0, (0, 1)),
    "one value": ([3.0, 3.0], 0.01, (2.5, 3.5)),
    "nothing": ([np.nan], 0.01, (0, 1)),
    "few that differ": ([0.0] * 999 + [1.0], 0.01, (0, 1)),
}


@pytest.mark.parametrize(("values", "tail", "limits"), LIMITS.values(), ids=LIMITS)
def test_limits_are_robust(values, tail, limits):
    assert robust_limits(values, tail) == pytest.approx(limits)
