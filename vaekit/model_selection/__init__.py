"""Choosing a model: several side by side, or without labels."""

from vaekit.model_selection._compare import compare
from vaekit.model_selection._comparison import Comparison, PairedDifference, Run
from vaekit.model_selection._udr import UDRRanking, UDRSearch, udr_ranking

__all__ = ["Comparison", "PairedDifference", "Run", "UDRRanking", "UDRSearch", "compare", "udr_ranking"]
