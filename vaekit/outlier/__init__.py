"""Rows that do not belong."""

from vaekit.outlier._detector import VAEOutlierDetector

__all__ = ["VAEOutlierDetector"]
