"""A fitted model: arrays that are known to be right in, arrays in the units of X out; and how it is trained."""

from vaekit.fitted._begin import Sentence, begin, scale_of_pixels
from vaekit.fitted._blueprint import Blueprint
from vaekit.fitted._checkpoints import digest_of, open_checkpoints
from vaekit.fitted._codes import Moments, encode, locations, log_posterior, sample_posterior
from vaekit.fitted._densities import evidence_lower_bounds, importance_bounds, log_likelihood, log_prior
from vaekit.fitted._export import PROGRAMS, onnx_bytes, program_of, torch_bytes
from vaekit.fitted._given import AT_ONCE, codes_given
from vaekit.fitted._imputation import impute
from vaekit.fitted._job import Training, conclude, prepare, run
from vaekit.fitted._known import NOTHING, Known, weighed
from vaekit.fitted._model import TrainedModel
from vaekit.fitted._parts import check_support
from vaekit.fitted._preprocessing import LIMIT, extremes, row_blocks
from vaekit.fitted._samples import decode, likelihood_scale, sample_prior, through_prior
from vaekit.fitted._verdict import last_change, warn_of_training

__all__ = [
    "AT_ONCE",
    "LIMIT",
    "NOTHING",
    "PROGRAMS",
    "Blueprint",
    "Known",
    "Moments",
    "Sentence",
    "TrainedModel",
    "Training",
    "begin",
    "check_support",
    "codes_given",
    "conclude",
    "decode",
    "digest_of",
    "encode",
    "evidence_lower_bounds",
    "extremes",
    "importance_bounds",
    "impute",
    "last_change",
    "likelihood_scale",
    "locations",
    "log_likelihood",
    "log_posterior",
    "log_prior",
    "onnx_bytes",
    "open_checkpoints",
    "prepare",
    "program_of",
    "row_blocks",
    "run",
    "sample_posterior",
    "sample_prior",
    "scale_of_pixels",
    "through_prior",
    "torch_bytes",
    "warn_of_training",
    "weighed",
]
