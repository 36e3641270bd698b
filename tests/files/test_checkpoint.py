import pytest
from sklearn.base import clone

from vaekit import VAE
from vaekit.persistence import Checkpoint


def test_it_is_a_word_like_any_other(tmp_path):
    model = VAE(checkpoint=Checkpoint(tmp_path, every_n_epochs=3))
    assert clone(model).set_params(checkpoint__every_seconds=5).checkpoint.every_seconds == 5
    assert model.checkpoint.get_params() == {
        "folder": tmp_path, "every_n_epochs": 3, "every_seconds": 0.0, "shared": False
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{"folder": 3}, {"every_n_epochs": 0}, {"every_seconds": -1.0}, {"shared": 2}])
def test_parameters_are_checked(wrong):
    (name,) = wrong
    with pytest.raises(ValueError, match=name):
        Checkpoint(**{"folder": "somewhere", **wrong}).validated()
