"""Generated cases: whatever is asked for is done with finite results, or refused in words that teach.

`pytest tests/test_fuzz.py --fuzz 10000 --seed 5000` tries as many more; a failure names the line that runs it again.
"""

import itertools

import numpy as np
import pytest

import vaekit
from tests.helpers.fuzz import Fault, draw_case, judge_what_is_left, run
from tests.helpers.talks import draw_talk, hold
from vaekit.estimators._words import VOCABULARIES
from vaekit.exceptions import IncompatibleChoiceError, NoDensityError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
N_GROUPS = 10


@pytest.mark.parametrize("group", range(N_GROUPS))
def test_generated_cases(group, request):
    first, n_cases = request.config.getoption("seed"), request.config.getoption("fuzz")
    faults, n_done = [], 0
    for seed in range(first + group, first + n_cases, N_GROUPS):
        try:
            n_done += run(draw_case(seed)) == "success"
        except Fault as fault:
            faults.append(str(fault))
    assert not faults, "\n\n".join(faults)
    assert n_done > n_cases / N_GROUPS / 5  # most are no refusals of nonsense


TALKS = 20  # cases to a talk


def test_generated_talks_with_fitted_models(request):
    """Whatever a fitted model is asked, it answers with finite numbers, or refuses in words and stays what it was."""
    first, n_talks, faults = request.config.getoption("seed"), request.config.getoption("fuzz") // TALKS, []
    for seed in range(first, first + n_talks):
        try:
            hold(draw_talk(seed))
        except Fault as fault:
            faults.append(str(fault))
    assert not faults, "\n\n".join(faults)


def test_a_case_is_the_same_again():
    assert str(draw_talk(17)) == str(draw_talk(17))
    assert str(draw_case(17)) == str(draw_case(17))
    assert str(draw_case(17)) != str(draw_case(18))


class Silent:
    """An estimator with a fault of some kind."""

    def __init__(self, **params):
        self.params = params

    def fit(self, X, y=None):
        raise self.params["error"]


@pytest.mark.parametrize("error", [RuntimeError("mat1 and mat2"), ValueError("no name"), OverflowError("too large")])
def test_faults_are_found(error, monkeypatch):
    monkeypatch.setattr(vaekit, "VAE", Silent)
    case = draw_case(0)._replace(name="VAE", parameters={"error": error})
    with pytest.raises(Fault, match=r"run\(draw_case\(0\)\)"):
        run(case)


# ---------------------------------------------------------------------- every pair of words

DATA = np.random.default_rng(0).uniform(size=(12, 3))
ONE_HOT = np.eye(3)[np.arange(12) % 3]  # for likelihoods of categories, and of counts
CHOICES = ("objective", "prior", "posterior_family", "likelihood")
PAIRS = [pair for pair in itertools.combinations(CHOICES, 2) if pair != ("posterior_family", "likelihood")]


def together(choices):
    """Fit a model of these words, and ask it."""
    implicit = {"objective": "adversarial_variational_bayes"} if "implicit" in choices.values() else {}
    kind = vaekit.SlowVAE if "laplace_transition" in choices.values() else vaekit.VAE
    choices = {name: word for name, word in choices.items() if word != "laplace_transition"}
    model = kind(n_components=2, hidden_layer_sizes=(4,), max_steps=1, random_state=0).set_params(**implicit | choices)
    rows = ONE_HOT if choices.get("likelihood") in ("categorical", "poisson", "negative_binomial") else DATA
    try:
        model.fit(rows)
    except ValueError as error:
        judge_what_is_left(model, error, choices)
        raise
    told = [model.transform(rows), model.sample_posterior(rows)]
    told += [model.sample(2)] if hasattr(model, "sample") else []
    told += [model.score_samples(rows)] if hasattr(model, "score_samples") else []
    assert all(np.isfinite(values).all() for values in told)


def trains(choices):
    """Whether these words train together; if not, they are refused in words."""
    try:
        together(choices)
    except (IncompatibleChoiceError, NoDensityError):
        return False
    except ValueError as error:
        if any(f"'{name}'" in str(error) or f"{name}=" in str(error) for name in CHOICES):
            return False
        raise
    return True


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_pairs_of_words_train_or_are_refused_in_words(pair, request):
    """Some of them here, more of them as more cases are asked for."""
    words = list(itertools.product(*(VOCABULARIES[name].words for name in pair)))
    words = words[:: max(1, 2000 // request.config.getoption("fuzz"))]
    assert sum(trains(dict(zip(pair, chosen))) for chosen in words) >= len(words) / 2


@pytest.mark.parametrize("objective", VOCABULARIES["objective"].words)
def test_a_prior_with_a_loss_of_its_own_stands_with_every_objective(objective):
    assert trains({"objective": objective, "prior": "flow_matching"}) == (objective != "permutation_contrast")
