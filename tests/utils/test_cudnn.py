"""cuDNN is told to keep an order while somebody infers, and is given back as it was found."""

import pytest
import torch

from vaekit.utils._cudnn import same_convolutions


@pytest.mark.parametrize("found", [False, True])
def test_the_last_one_out_gives_the_setting_back(found, monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, "deterministic", found)
    first, second = same_convolutions("cuda"), same_convolutions("cuda:0")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert torch.backends.cudnn.deterministic
    second.__exit__(None, None, None)
    assert torch.backends.cudnn.deterministic is found


def test_an_error_gives_it_back_too():
    before = torch.backends.cudnn.deterministic
    with pytest.raises(ZeroDivisionError), same_convolutions("cuda"):
        raise ZeroDivisionError
    assert torch.backends.cudnn.deterministic is before


def test_on_a_cpu_there_is_nothing_to_tell():
    with same_convolutions("cpu"):
        assert not torch.backends.cudnn.deterministic
