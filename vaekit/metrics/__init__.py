"""Numbers from arrays: `f(factors, codes)` and `f(features_real, features_fake)`. No torch."""

from vaekit.metrics._beta_vae import beta_vae_score
from vaekit.metrics._bootstrap import BootstrapInterval, bootstrap_interval
from vaekit.metrics._codes import active_units, gaussian_total_correlation
from vaekit.metrics._correlation import mean_correlation_coefficient, rank_correlation
from vaekit.metrics._dci import DCIScores, dci_scores
from vaekit.metrics._dcimig import dcimig_score
from vaekit.metrics._downstream import DownstreamStudy, downstream_study, sample_efficiency
from vaekit.metrics._factor_vae import factor_vae_score
from vaekit.metrics._frechet import frechet_distance, normal_frechet_distance
from vaekit.metrics._infomec import InfoMECScores, infomec_scores
from vaekit.metrics._information import code_mutual_information, factor_dependence, mutual_info_matrix
from vaekit.metrics._irs import interventional_robustness_score
from vaekit.metrics._jemmig import jemmig_score
from vaekit.metrics._kernel_distance import KernelDistance, kernel_distance
from vaekit.metrics._mig import mig_score
from vaekit.metrics._mig_sup import mig_sup_score
from vaekit.metrics._modularity import explicitness_score, modularity_score
from vaekit.metrics._precision_recall import PrecisionRecallScores, precision_recall_scores
from vaekit.metrics._sap import sap_score
from vaekit.metrics._scorers import (
    active_units_scorer,
    beta_vae_scorer,
    dci_completeness_scorer,
    dci_disentanglement_scorer,
    dci_informativeness_scorer,
    dcimig_scorer,
    disentanglement_scorers,
    explicitness_scorer,
    factor_vae_scorer,
    gaussian_total_correlation_scorer,
    get_scorer,
    get_scorer_names,
    infomec_compactness_scorer,
    infomec_explicitness_scorer,
    infomec_modularity_scorer,
    interventional_robustness_scorer,
    jemmig_scorer,
    linear_separability_scorer,
    mean_correlation_scorer,
    mig_scorer,
    mig_sup_scorer,
    modularity_scorer,
    sample_efficiency_scorer,
    sap_scorer,
)
from vaekit.metrics._separability import linear_separability_loss
from vaekit.metrics._udr import udr_scores

__all__ = [
    "BootstrapInterval",
    "DCIScores",
    "DownstreamStudy",
    "InfoMECScores",
    "KernelDistance",
    "PrecisionRecallScores",
    "active_units",
    "active_units_scorer",
    "beta_vae_score",
    "beta_vae_scorer",
    "bootstrap_interval",
    "code_mutual_information",
    "dci_completeness_scorer",
    "dci_disentanglement_scorer",
    "dci_informativeness_scorer",
    "dci_scores",
    "dcimig_score",
    "dcimig_scorer",
    "disentanglement_scorers",
    "downstream_study",
    "explicitness_score",
    "explicitness_scorer",
    "factor_dependence",
    "factor_vae_score",
    "factor_vae_scorer",
    "frechet_distance",
    "gaussian_total_correlation",
    "gaussian_total_correlation_scorer",
    "get_scorer",
    "get_scorer_names",
    "infomec_compactness_scorer",
    "infomec_explicitness_scorer",
    "infomec_modularity_scorer",
    "infomec_scores",
    "interventional_robustness_score",
    "interventional_robustness_scorer",
    "jemmig_score",
    "jemmig_scorer",
    "kernel_distance",
    "linear_separability_loss",
    "linear_separability_scorer",
    "mean_correlation_coefficient",
    "mean_correlation_scorer",
    "mig_score",
    "mig_scorer",
    "mig_sup_score",
    "mig_sup_scorer",
    "modularity_score",
    "modularity_scorer",
    "mutual_info_matrix",
    "normal_frechet_distance",
    "precision_recall_scores",
    "rank_correlation",
    "sample_efficiency",
    "sample_efficiency_scorer",
    "sap_score",
    "sap_scorer",
    "udr_scores",
]
