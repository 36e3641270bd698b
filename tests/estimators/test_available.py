"""A method that takes a density is there where the words of prior and posterior have one, for every estimator."""

import pytest

import vaekit
from vaekit.exceptions import NoDensityError

OF_POSTERIOR, OF_PRIOR, OF_BOTH = {"log_posterior"}, {"log_prior"}, {"score", "score_samples"}
OF_SPACES = {"to_generation_space", "to_representation_space"}
WITHOUT = {
    "posterior_family": {"implicit": OF_POSTERIOR | OF_BOTH, "quantized": OF_POSTERIOR | OF_BOTH},
    "prior": {
        "generator": OF_PRIOR | OF_BOTH | OF_SPACES,
        "grid": OF_PRIOR | OF_BOTH | OF_SPACES,
        "mixture": OF_SPACES,
        "post_hoc": OF_SPACES,
    },
}
CASES = [(parameter, word) for parameter, words in WITHOUT.items() for word in words]
PLAIN = {"posterior_family": "normal", "prior": "normal"}


@pytest.mark.parametrize(("parameter", "word"), CASES)
@pytest.mark.parametrize("name", sorted(vaekit.estimators.__all__))
def test_what_a_word_has_not_is_not_there(name, parameter, word):
    cls = getattr(vaekit, name)
    plain, model = cls(**PLAIN), cls(**PLAIN | {parameter: word})
    methods = {method for method in OF_POSTERIOR | OF_PRIOR | OF_BOTH | OF_SPACES if hasattr(plain, method)}
    lost = methods & WITHOUT[parameter][word]
    assert {method for method in methods if hasattr(model, method)} == methods - lost
    for method in lost:
        with pytest.raises(AttributeError) as error:
            getattr(model, method)
        assert isinstance(error.value.__cause__, NoDensityError)
