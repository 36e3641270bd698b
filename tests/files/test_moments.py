"""Dates, times and durations as texts."""

import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from vaekit.exceptions import UnreadableFileError
from vaekit.files import as_numpy_moment, is_moment, moment_of, text_of_moment

BERLIN = ZoneInfo("Europe/Berlin")
MOMENTS = [
    datetime.date(2020, 2, 29),
    datetime.datetime(2020, 2, 29, 3, 4, 5, 6),
    datetime.datetime(2020, 2, 29, 3, tzinfo=BERLIN),
    datetime.timedelta(days=-3, microseconds=7),
    np.datetime64("2020-02-29T03"),
    np.datetime64("2020", "5D"),
    np.timedelta64(-7, "ns"),
    pd.Timestamp("2020-02-29 03:04:05.123456789"),
    pd.Timestamp("2020-02-29", tz="Europe/Berlin"),
    pd.Timedelta("-3 days 00:00:00.000000001"),
]


@pytest.mark.parametrize("moment", MOMENTS, ids=repr)
def test_it_comes_back_as_it_was(moment):
    other = moment_of(text_of_moment(moment))
    assert is_moment(moment)
    assert other == moment
    assert type(other) is type(moment)
    assert getattr(other, "dtype", None) == getattr(moment, "dtype", None)
    assert as_numpy_moment(other) == as_numpy_moment(moment)
    assert isinstance(as_numpy_moment(moment), np.datetime64 | np.timedelta64)


def test_time_zones_are_told_in_utc():
    assert as_numpy_moment(MOMENTS[2]) == np.datetime64("2020-02-29T02")
    assert as_numpy_moment(3.5) == 3.5


class Christmas(datetime.date):
    """A date of somebody's own."""


def test_others_have_no_place():
    with pytest.raises(TypeError, match="Christmas"):
        text_of_moment(Christmas(2020, 12, 25))
    with pytest.raises(UnreadableFileError, match="unknown kind 'Easter'"):
        moment_of(["Easter", "2020", None])
