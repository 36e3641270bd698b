"""Two names for one model are one model, to the last bit."""

import numpy as np
import pytest
from family import NAMES, X, same_bits, small, tiny

import vaekit
from vaekit.likelihoods import Normal
from vaekit.nn import MLP
from vaekit.objectives import ELBO
from vaekit.posteriors import DiagonalNormal
from vaekit.priors import Decoupled, StandardNormal
from vaekit.utils._torch import to_array

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

STRINGS = {
    "prior": "decoupled",
    "likelihood": "normal",
    "posterior_family": "normal",
    "objective": "elbo",
    "network": "mlp",
}
SPECS = {
    "prior": Decoupled(),
    "likelihood": Normal(),
    "posterior_family": DiagonalNormal(),
    "objective": ELBO(),
    "network": MLP(),
}
AUTO = {
    "likelihood": Normal(),
    "standardize": "common",
    "network": MLP(hidden_layer_sizes=(8,), activation="tanh"),
}
PAIRS = {
    "a decoupled prior by name": (small(tiny("BetaVAE", prior="decoupled"), {}), tiny("BetaDPVAE")),
    "another name": (tiny("BetaDPVAE"), tiny("DecoupledBetaVAE")),
    "a twin told to be plain": (tiny("BetaDPVAE", prior="normal"), tiny("BetaVAE")),
    "a class by its objective": (tiny("VAE", objective=ELBO(beta=4)), tiny("BetaVAE", beta=4)),
    "beta = 1": (tiny("VAE"), tiny("BetaVAE", beta=1)),
    "strings and their specs": (tiny("VAE", **STRINGS), tiny("VAE", **SPECS)),
    "auto and what it means": (tiny("VAE", activation="tanh"), tiny("VAE", **AUTO)),
    "the plain prior's spec": (tiny("VAE", prior=StandardNormal()), tiny("VAE")),
    "a parameter of a word": (
        tiny("VAE", prior=Decoupled(n_couplings=2)),
        tiny("VAE", prior="decoupled").set_params(prior__n_couplings=2),
    ),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_two_names_for_one_model(pair):
    one, other = (model.fit(X) for model in PAIRS[pair])
    assert same_bits(one.transform(X), other.transform(X))
    assert same_bits(one.sample(4), other.sample(4))
    assert same_bits(one.score_samples(X), other.score_samples(X))
    weights = zip(one.net_.module_.parameters(), other.net_.module_.parameters(), strict=True)
    assert all(same_bits(to_array(a), to_array(b)) for a, b in weights)


def test_another_strength_is_another_model():
    one, other = tiny("BetaVAE", beta=4).fit(X), tiny("BetaVAE", beta=5).fit(X)
    assert not same_bits(one.transform(X), other.transform(X))


@pytest.mark.parametrize("name", [name for name in NAMES if "DP" in name])
def test_a_twin_differs_in_one_default(name):
    plain, twin = getattr(vaekit, name.replace("DP", ""))(), getattr(vaekit, name)()
    changed = {key for key, value in twin.get_params(deep=False).items() if value != plain.get_params(deep=False)[key]}
    assert changed == {"prior"}
    assert (plain.prior, twin.prior) == ("normal", "decoupled")
    assert issubclass(type(twin), type(plain))


def test_later_changes_of_a_spec_change_no_fit():
    prior = Decoupled(n_couplings=2)
    model = tiny("VAE", prior=prior).fit(X)
    codes = model.transform(X)
    prior.n_couplings = 6
    assert same_bits(model.transform(X), codes)
    assert model.net_.module_.prior is not prior
    prior.n_couplings = 2
    assert np.isfinite(model.partial_fit(X).score(X))
