"""Choosing a model: several side by side, or without labels."""

from vaekit.model_selection._compare import compare
from vaekit.model_selection._comparison import Comparison, ComparisonRun, PairedDifference
from vaekit.model_selection._udr import UDRRanking, UDRSearch, udr_ranking

__all__ = ["Comparison", "ComparisonRun", "PairedDifference", "UDRRanking", "UDRSearch", "compare", "udr_ranking"]
