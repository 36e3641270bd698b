"""What scikit-learn is told about an estimator goes with it."""

import numpy as np
import pandas as pd
import pytest
import sklearn

from tests.helpers.family import NAMES, X, tiny
from vaekit import VAE, SlowVAE
from vaekit.exceptions import UnreadableFileError
from vaekit.persistence import load, save
from vaekit.persistence._told import tell_scikit_learn


def test_the_kind_of_output_is_kept(tmp_path):
    model = tiny("VAE").set_output(transform="pandas").fit(X)
    save(model, tmp_path / "model")
    codes = load(tmp_path / "model").transform(X)
    pd.testing.assert_frame_equal(codes, model.transform(X))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_routed_is_kept(name, tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        model = tiny(name).set_fit_request(sample_weight="w").set_partial_fit_request(sample_weight=True)
        expected = str(model.get_metadata_routing())
    save(model, tmp_path / "model")
    other = load(tmp_path / "model")
    assert str(other.get_metadata_routing()) == expected
    assert str(other.get_metadata_routing()) != str(tiny(name).get_metadata_routing())


def test_groups_are_routed(tmp_path):
    with sklearn.config_context(enable_metadata_routing=True):
        save(SlowVAE().set_fit_request(groups=True), tmp_path / "model")
    assert load(tmp_path / "model").get_metadata_routing().fit.requests["groups"] is True


NONSENSE = [
    {"output": {"predict": "pandas"}},
    {"requests": {"fit": {"no": True}}},
    {"requests": {"fly": {"x": True}}},
    {"requests": {"fit": {"sample_weight": np.ones(2)}}},
]


@pytest.mark.parametrize("told", NONSENSE)
def test_what_nobody_can_be_told_is_an_error(told):
    with pytest.raises(UnreadableFileError, match="what it tells scikit-learn"):
        tell_scikit_learn(VAE(), told)
