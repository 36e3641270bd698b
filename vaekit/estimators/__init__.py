"""scikit-learn faces, one method per file."""

from vaekit.estimators._aae import AAE, LearnedPriorAAE
from vaekit.estimators._annealed_vae import AnnealedDPVAE, AnnealedVAE
from vaekit.estimators._avb import AVB
from vaekit.estimators._beta_tc_vae import BetaTCDPVAE, BetaTCVAE
from vaekit.estimators._beta_vae import BetaDPVAE, BetaVAE, DecoupledBetaVAE
from vaekit.estimators._conditional_vae import ConditionalVAE
from vaekit.estimators._dip_vae import DIPDPVAE, DIPVAE
from vaekit.estimators._factor_vae import FactorDPVAE, FactorVAE
from vaekit.estimators._flow_prior_vae import FlowPriorVAE
from vaekit.estimators._gmmn_ae import GMMNAE
from vaekit.estimators._info_vae import InfoDPVAE, InfoVAE
from vaekit.estimators._iwae import IWAE
from vaekit.estimators._sequences import PCL, SlowVAE
from vaekit.estimators._tripod_vae import TripodVAE
from vaekit.estimators._vae import DPVAE, VAE
from vaekit.estimators._wae import WAE

__all__ = [
    "AAE",
    "AVB",
    "DIPDPVAE",
    "DIPVAE",
    "DPVAE",
    "GMMNAE",
    "IWAE",
    "PCL",
    "VAE",
    "WAE",
    "AnnealedDPVAE",
    "AnnealedVAE",
    "BetaDPVAE",
    "BetaTCDPVAE",
    "BetaTCVAE",
    "BetaVAE",
    "ConditionalVAE",
    "DecoupledBetaVAE",
    "FactorDPVAE",
    "FactorVAE",
    "FlowPriorVAE",
    "InfoDPVAE",
    "InfoVAE",
    "LearnedPriorAAE",
    "SlowVAE",
    "TripodVAE",
]
