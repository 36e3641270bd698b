"""scikit-learn faces, one method per file."""

from vaekit.estimators._beta_vae import BetaDPVAE, BetaVAE, DecoupledBetaVAE
from vaekit.estimators._vae import DPVAE, VAE

__all__ = ["DPVAE", "VAE", "BetaDPVAE", "BetaVAE", "DecoupledBetaVAE"]
