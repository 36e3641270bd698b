"""The strings that stand for spec objects, parameter by parameter."""

from vaekit.likelihoods import (
    Bernoulli,
    Categorical,
    Laplace,
    LikelihoodSpec,
    NegativeBinomial,
    Normal,
    Poisson,
    SquaredError,
)
from vaekit.nn import MLP, ConvNet, ConvNet1d, Network
from vaekit.objectives import (
    ELBO,
    AdversarialVariationalBayes,
    AggregateDivergence,
    Capacity,
    CovariancePenalty,
    ImportanceWeighted,
    KLDecomposition,
    LaplaceTransition,
    Objective,
    PermutationContrast,
    TargetKL,
    TotalCorrelation,
    Tripod,
)
from vaekit.posteriors import (
    DiagonalNormal,
    FixedScale,
    FullNormal,
    Implicit,
    InverseAutoregressive,
    PosteriorSpec,
    Quantized,
)
from vaekit.priors import (
    ConditionalFlow,
    ConditionalNormal,
    Decoupled,
    ElementwiseFlow,
    FlowMatching,
    Generator,
    Grid,
    MaskedAutoregressive,
    MixtureOfNormals,
    MomentMatching,
    NeuralSpline,
    PostHoc,
    PriorSpec,
    StandardNormal,
    VampPrior,
)
from vaekit.utils._spec import Vocabulary

__all__ = ["VOCABULARIES"]

PRIORS = {
    "conditional_flow": ConditionalFlow,
    "conditional_normal": ConditionalNormal,
    "normal": StandardNormal,
    "decoupled": Decoupled,
    "elementwise_flow": ElementwiseFlow,
    "generator": Generator,
    "grid": Grid,
    "moment_matching": MomentMatching,
    "mixture": MixtureOfNormals,
    "vamp": VampPrior,
    "post_hoc": PostHoc,
    "flow_matching": FlowMatching,
    "maf": MaskedAutoregressive,
    "neural_spline": NeuralSpline,
}
LIKELIHOODS = {
    "bernoulli": Bernoulli,
    "categorical": Categorical,
    "laplace": Laplace,
    "negative_binomial": NegativeBinomial,
    "normal": Normal,
    "poisson": Poisson,
    "squared_error": SquaredError,
}
OBJECTIVES = {
    "elbo": ELBO,
    "capacity": Capacity,
    "total_correlation": TotalCorrelation,
    "kl_decomposition": KLDecomposition,
    "covariance_penalty": CovariancePenalty,
    "aggregate_divergence": AggregateDivergence,
    "importance_weighted": ImportanceWeighted,
    "adversarial_variational_bayes": AdversarialVariationalBayes,
    "laplace_transition": LaplaceTransition,
    "permutation_contrast": PermutationContrast,
    "target_kl": TargetKL,
    "tripod": Tripod,
}
POSTERIORS = {
    "normal": DiagonalNormal,
    "fixed_scale": FixedScale,
    "full_normal": FullNormal,
    "iaf": InverseAutoregressive,
    "implicit": Implicit,
    "quantized": Quantized,
}
VOCABULARIES = {
    vocabulary.parameter: vocabulary
    for vocabulary in (
        Vocabulary("prior", PriorSpec, PRIORS),
        Vocabulary("likelihood", LikelihoodSpec, LIKELIHOODS),
        Vocabulary("posterior_family", PosteriorSpec, POSTERIORS),
        Vocabulary("network", Network, {"mlp": MLP, "conv": ConvNet, "conv1d": ConvNet1d}),
        Vocabulary("objective", Objective, OBJECTIVES),
    )
}
