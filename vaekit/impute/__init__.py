"""Cells that are missing."""

from vaekit.impute._imputer import VAEImputer

__all__ = ["VAEImputer"]
