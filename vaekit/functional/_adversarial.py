"""Losses of density-ratio networks, always from logits."""

from torch import Tensor
from torch.nn.functional import logsigmoid


def density_ratio(logits: Tensor) -> Tensor:
    r"""Log density ratio that a two-class discriminator stands for.

    .. math:: l_0 - l_1 = \log D / (1 - D), \quad\text{at the optimum}\quad \log q(z) / \prod_j q(z_j)

    Parameters
    ----------
    logits : Tensor of shape (..., 2)
        Of the classes "joint" (:math:`l_0`) and "permuted" (:math:`l_1`).

    Returns
    -------
    log_ratio : Tensor of shape (...)
        In nats; its mean over codes estimates their total correlation.

    References
    ----------
    Kim and Mnih, "Disentangling by Factorising", ICML 2018, eq. 3, https://arxiv.org/abs/1802.05983

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import density_ratio
    >>> density_ratio(torch.tensor([[1.0, 0.0], [0.5, 2.0]]))
    tensor([ 1.0000, -1.5000])
    """
    return logits[..., 0] - logits[..., 1]


def discriminator_loss(logits_joint: Tensor, logits_permuted: Tensor) -> Tensor:
    r"""Cross-entropy of telling codes from codes with permuted components.

    .. math:: -\tfrac12 E_{q(z)} \log D(z) - \tfrac12 E_{\bar q(z)} \log (1 - D(z))

    Parameters
    ----------
    logits_joint : Tensor of shape (n_rows, 2)
        For codes of one batch; hand over the logits of detached codes.
    logits_permuted : Tensor of shape (n_rows, 2)
        For codes that went through `permute_dims`.

    Returns
    -------
    loss : Tensor of shape ()
        In nats per row; log 2 for a discriminator that knows nothing.

    References
    ----------
    Kim and Mnih, "Disentangling by Factorising", ICML 2018, algorithm 2, https://arxiv.org/abs/1802.05983

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import discriminator_loss
    >>> discriminator_loss(torch.zeros(3, 2), torch.zeros(3, 2))
    tensor(0.6931)
    """
    return 0.5 * binary_discriminator_loss(density_ratio(logits_joint), density_ratio(logits_permuted))


def binary_discriminator_loss(logit_prior: Tensor, logit_posterior: Tensor) -> Tensor:
    r"""Cross-entropy of telling samples of the prior from codes.

    .. math:: -E_{p} \log D - E_{q} \log (1 - D), \qquad D = 1 / (1 + e^{-\text{logit}})

    Parameters
    ----------
    logit_prior : Tensor
        Logits of "real" samples, any shape.
    logit_posterior : Tensor
        Logits of codes, any shape; hand over the logits of detached codes.

    Returns
    -------
    loss : Tensor of shape ()
        In nats, averaged over each set; log 4 for a discriminator that knows nothing.

    References
    ----------
    Makhzani et al., "Adversarial Autoencoders", 2016, section 2, https://arxiv.org/abs/1511.05644.
    Mescheder, Nowozin and Geiger, "Adversarial Variational Bayes", ICML 2017, section 3 (there D marks the
    posterior: swap the arguments), https://arxiv.org/abs/1701.04722

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import binary_discriminator_loss
    >>> binary_discriminator_loss(torch.zeros(3), torch.zeros(3))
    tensor(1.3863)
    """
    return -logsigmoid(logit_prior).mean() - logsigmoid(-logit_posterior).mean()


def non_saturating_loss(logit_posterior: Tensor) -> Tensor:
    r"""Loss of an encoder whose codes are to be taken for samples of the prior.

    .. math:: -E_{q} \log D, \qquad D = 1 / (1 + e^{-\text{logit}})

    Parameters
    ----------
    logit_posterior : Tensor
        Logits of codes that carry a gradient, any shape.

    Returns
    -------
    loss : Tensor of shape ()
        In nats, averaged over the codes.

    References
    ----------
    Goodfellow et al., "Generative Adversarial Nets", NeurIPS 2014, section 3, https://arxiv.org/abs/1406.2661

    Examples
    --------
    >>> import torch
    >>> from vaekit.functional import non_saturating_loss
    >>> non_saturating_loss(torch.zeros(3))
    tensor(0.6931)
    """
    return -logsigmoid(logit_posterior).mean()
