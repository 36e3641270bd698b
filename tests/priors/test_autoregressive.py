"""zuko's flows as priors: their own log-density, and torch's distributions as they were."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from settings_of_words import setting
from torch.distributions import Distribution, Normal
from world_of_codes import rows

from vaekit import VAE
from vaekit.priors import MaskedAutoregressive, NeuralSpline
from vaekit.utils._torch import make_generator
from vaekit.utils._zuko import import_zuko

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
X = np.random.default_rng(0).normal(size=(200, 4)) @ np.random.default_rng(1).normal(size=(4, 4))
TINY = {"n_components": 2, "hidden_layer_sizes": (8,), "max_epochs": 3, "random_state": 0}
WORDS = {
    "maf": (MaskedAutoregressive(n_transforms=2, hidden_width=8), "MAF", {}),
    "neural_spline": (NeuralSpline(n_transforms=2, hidden_width=8, n_bins=5), "NSF", {"bins": 5}),
}
over_words = pytest.mark.parametrize("name", WORDS)


@over_words
@pytest.mark.parametrize("n_components", [2, 3])
def test_the_density_is_zukos_own(name, n_components):
    word, flow, params = WORDS[name]
    prior = word.build(setting(n_components=n_components)).double()
    theirs = getattr(import_zuko(name), flow)(n_components, transforms=2, hidden_features=(8, 8), **params).double()
    with torch.no_grad():
        for i, parameter in enumerate(prior.parameters()):
            parameter.add_(0.3 * rows(*parameter.shape, seed=i))
        theirs.transform.load_state_dict(prior.transform.state_dict())
        z = 2 * rows(50, n_components)
        torch.testing.assert_close(prior.log_prob(z), theirs().log_prob(z))
        torch.testing.assert_close(prior.sample(prior.to_generation_space(z)), z)


@over_words
def test_torch_goes_on_checking_arguments(name, monkeypatch):
    monkeypatch.setattr(Distribution, "_validate_args", True)  # torch.compile, anywhere before, switches it off
    before = dict(vars(Distribution))
    VAE(prior=name, **TINY).fit(X).score(X)
    assert all(vars(Distribution)[key] is before[key] for key in ("_validate_args", "arg_constraints"))
    with pytest.raises(ValueError, match="scale"):
        Normal(0.0, -1.0)


def test_a_first_import_leaves_torch_as_it_was():
    script = (
        "from torch.distributions import Distribution as D; before = D._validate_args, D.arg_constraints\n"
        "from vaekit.utils._zuko import import_zuko\n"
        "import_zuko('this'); assert (D._validate_args, D.arg_constraints) == before and D._validate_args is True"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@over_words
def test_without_zuko_an_error_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "zuko", None)
    monkeypatch.setitem(sys.modules, "zuko.flows", None)
    with pytest.raises(ImportError, match=r"zuko's flows; install it with pip install 'vaekit\[flows\]'"):
        VAE(prior=name, **TINY).fit(X)


@over_words
def test_the_global_generator_is_left_alone(name):
    before, word = torch.get_rng_state(), WORDS[name][0]
    first, again = (word.build(setting(generator=make_generator(0))).state_dict() for _ in range(2))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[key], again[key]) for key in first)
