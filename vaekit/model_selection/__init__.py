"""Choosing a model without labels."""

from vaekit.model_selection._udr import UDRRanking, UDRSearch, udr_ranking

__all__ = ["UDRRanking", "UDRSearch", "udr_ranking"]
