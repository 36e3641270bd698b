"""Notebooks show the sentence of an estimator: its words, with links to where they are explained."""

import re

import pytest
from family import NAMES, X, tiny
from sklearn import config_context
from sklearn.pipeline import make_pipeline

import vaekit
from vaekit import VAE, FactorDPVAE
from vaekit.estimators._sentence import PARTS
from vaekit.nn import MLP
from vaekit.priors import Decoupled
from vaekit.utils import _site


def sentence(estimator):
    shown = estimator._repr_html_()
    assert "sk-top-container" in shown  # scikit-learn's diagram is there, too
    return shown.partition("<style>")[0]


def parts(text):
    return re.findall(r"opacity:0.7\">(\w+)</span>", text)


@pytest.mark.parametrize("name", NAMES)
def test_every_estimator_is_a_sentence(name):
    text = sentence(getattr(vaekit, name)())
    assert f"<b>{name}</b>" in text
    assert parts(text) == list(PARTS)


@pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")
def test_a_fitted_one_shows_the_words_it_used():
    model = tiny("FactorDPVAE", max_epochs=1)
    assert sentence(model).count(">auto<") == 2
    text = sentence(model.fit(X))
    assert ">auto<" not in text
    assert "MLP(hidden_layer_sizes=" in text


def test_parameters_and_sources_are_there():
    text = sentence(FactorDPVAE(prior=Decoupled(n_couplings=7), network=MLP(activation="tanh")))
    assert 'href="https://arxiv.org/abs/1911.10506"' in text
    assert "Decoupled(n_couplings=7)" in text
    assert "MLP(activation=&#x27;tanh&#x27;)" in text


def test_pages_are_linked_where_the_package_names_a_site(monkeypatch):
    monkeypatch.setattr(_site, "site", lambda: "https://example.org/docs")
    text = sentence(FactorDPVAE())
    assert 'href="https://example.org/docs/reference/generated/vaekit.priors.Decoupled.html"' in text
    assert "https://example.org/docs/reference/generated/vaekit.FactorDPVAE.html" in FactorDPVAE()._repr_html_()


def test_to_be_shown_is_no_occasion_to_fail():
    for estimator in (VAE(prior=3), VAE(n_components="<b>"), FactorDPVAE(gamma=None), VAE(network="nothing")):
        assert "sk-top-container" in estimator._repr_html_()
    assert "sk-top-container" in make_pipeline(VAE())._repr_html_()
    with config_context(display="text"):
        assert not hasattr(VAE(), "_repr_html_")
