"""The strings that stand for spec objects, parameter by parameter."""

from vaekit.likelihoods import Bernoulli, Laplace, LikelihoodSpec, Normal
from vaekit.nn import ConvNet, Network
from vaekit.nn import MLP
from vaekit.objectives import ELBO, Objective
from vaekit.posteriors import DiagonalNormal, PosteriorSpec
from vaekit.priors import Decoupled, ElementwiseFlow, PriorSpec, StandardNormal
from vaekit.utils._spec import Vocabulary

__all__ = ["VOCABULARIES"]

VOCABULARIES = {
    vocabulary.parameter: vocabulary
    for vocabulary in (
        Vocabulary(
            "prior",
            PriorSpec,
            {"normal": StandardNormal, "decoupled": Decoupled, "elementwise_flow": ElementwiseFlow},
        ),
        Vocabulary("likelihood", LikelihoodSpec, {"bernoulli": Bernoulli, "normal": Normal, "laplace": Laplace}),
        Vocabulary("posterior_family", PosteriorSpec, {"normal": DiagonalNormal}),
        Vocabulary("network", Network, {"mlp": MLP, "conv": ConvNet}),
        Vocabulary("objective", Objective, {"elbo": ELBO}),
    )
}
