"""Images with their ground-truth factors. No torch."""

from vaekit.datasets._celeba import load_celeba
from vaekit.datasets._cifar10 import load_cifar10
from vaekit.datasets._dsprites import load_dsprites, make_dsprites
from vaekit.datasets._dsprites_drawing import render_dsprites
from vaekit.datasets._mixed_table import make_mixed_table
from vaekit.datasets._mnist import load_fashion_mnist, load_mnist
from vaekit.datasets._modified import modify_images
from vaekit.datasets._nonlinear_ica import make_nonlinear_ica
from vaekit.datasets._sequence import make_ar1_sequence
from vaekit.datasets._shapes3d import load_shapes3d, make_shapes3d
from vaekit.datasets._shapes3d_drawing import render_shapes3d
from vaekit.datasets._squares import make_xy_squares
from vaekit.datasets._svhn import load_svhn
from vaekit.datasets._synthetic import make_linear_mixture, make_observed_factors, make_two_moons
from vaekit.datasets._transitions import make_transitions

__all__ = [
    "load_celeba",
    "load_cifar10",
    "load_dsprites",
    "load_fashion_mnist",
    "load_mnist",
    "load_shapes3d",
    "load_svhn",
    "make_ar1_sequence",
    "make_dsprites",
    "make_linear_mixture",
    "make_mixed_table",
    "make_nonlinear_ica",
    "make_observed_factors",
    "make_shapes3d",
    "make_transitions",
    "make_two_moons",
    "make_xy_squares",
    "modify_images",
    "render_dsprites",
    "render_shapes3d",
]
