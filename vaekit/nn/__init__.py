"""Encoders, decoders and discriminators: networks only, no probability; and a network that draws faint patterns."""

from vaekit.nn._base import Network
from vaekit.nn._conv import ConvNet, ConvNet1d
from vaekit.nn._custom import Custom
from vaekit.nn._manipulation import Manipulation, fit_manipulation
from vaekit.nn._mlp import MLP

__all__ = ["MLP", "ConvNet", "ConvNet1d", "Custom", "Manipulation", "Network", "fit_manipulation"]
