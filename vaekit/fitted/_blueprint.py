"""All it takes to build a fitted model's net again: resolved words, shapes, seeds and the training plan."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from vaekit._setting import Setting
from vaekit.engine import Net, Plan
from vaekit.fitted._parts import log_units
from vaekit.fitted._preprocessing import Preprocessing
from vaekit.frames import Columns
from vaekit.likelihoods._gaps import build_likelihood
from vaekit.model import LatentVariableModel
from vaekit.nn._conditioned import ConditionedDecoder, ConditionedEncoder
from vaekit.nn._gaps import OfKnownValues
from vaekit.posteriors import Posterior
from vaekit.utils._memory import told_if_too_large
from vaekit.utils._threads import work_per_row
from vaekit.utils._torch import SeededRandomness, converted, make_generator, resolve_device

__all__ = ["Blueprint", "build_net"]

LATER = {
    "condition_width": None,
    "conditioned": (),
    "columns": None,
    "has_gaps": False,
}  # fields that earlier files lack, and what they were then


class Blueprint(NamedTuple):
    """What was decided at the first fit, once and for all, independent of any device.

    Attributes
    ----------
    network, posterior, prior, likelihood, objective : Spec
        The sentence, word by word.
    event_shape : tuple of int
        Shape of one row as the network sees it.
    image_shape : tuple of int or None
        Shape of one image as it was given, None for tables.
    n_components : int
        Number of latents.
    condition_width : int or None
        Numbers of a row's condition; None where no condition is told.
    conditioned : tuple of str
        Which of "encoder" and "decoder" are told of it.
    preprocessing : Preprocessing
        Between the units of X and those of the network.
    deviation : float
        Standard deviation of the data as the network sees them.
    pixels : {"bytes", "shares"} or None
        Which habit pixels follow, where the first rows told.
    plan : Plan
        How long training is meant to be.
    init_seed, train_seed : int
        Decide weights; decide batches, noise and held-out rows.
    columns : Columns or None
        What the columns of a table of several kinds are, of which rows are made.
    has_gaps : bool
        Whether values of rows may be missing (NaN).
    """

    network: Any
    posterior: Any
    prior: Any
    likelihood: Any
    objective: Any
    event_shape: tuple
    image_shape: tuple | None
    n_components: int
    condition_width: int | None
    conditioned: tuple
    preprocessing: Preprocessing
    deviation: float
    pixels: str | None
    plan: Plan
    init_seed: int
    train_seed: int
    columns: Columns | None = None
    has_gaps: bool = False

    @property
    def n_features(self):
        """Numbers of a row."""
        return int(np.prod(self.event_shape))

    @property
    def is_image(self):
        """Whether rows are pictures, which are looked at; signals and tables are drawn with their noise."""
        return self.image_shape is not None and not self.network.are_windows

    @property
    def n_columns(self):
        """Features of X, of which a category takes several numbers of a row."""
        return self.n_features if self.columns is None else len(self.columns)

    @property
    def unit(self):
        """Units of X in one unit of the network's data: a float, or an array of the event's shape."""
        return self._of_a_row(self.preprocessing.unit)

    @property
    def offset(self):
        """What is 0 in the network's data, in units of X: a float, or an array of the event's shape."""
        return self._of_a_row(self.preprocessing.offset)

    def _of_a_row(self, numbers):
        return float(numbers) if np.ndim(numbers) == 0 else np.reshape(numbers, self.event_shape)

    @property
    def is_foreign(self):
        """Whether a step calls what is neither ours nor torch's, and may draw random numbers of its own."""
        return self.network.is_foreign or self.likelihood.is_foreign

    @property
    def log_volume(self):
        """What a log-density per unit of the network must gain to be one per unit of X."""
        if self.likelihood.support == "real":
            return self.preprocessing.log_volume(self.n_features)
        return 0.0 if self.likelihood.support != "parts" else -float(self.log_units.sum())

    @property
    def log_units(self):
        """What each number of a row that is known takes from the row's log-density."""
        return log_units(self.likelihood, self.preprocessing.unit, self.n_features)

    def log_volumes(self, X):
        """`log_volume` for each of some rows, or for all of them where nothing can be missing."""
        may_miss = self.has_gaps and isinstance(X, np.ndarray)  # rows on disk and sparse ones have no gaps
        return -(~np.isnan(X)).astype(np.float64) @ self.log_units if may_miss else self.log_volume

    def packed(self):
        """All of it as a dictionary, which later versions with more fields can read."""
        parts = {"preprocessing": self.preprocessing._asdict(), "plan": self.plan._asdict()}
        return self._asdict() | parts | {"columns": self.columns and self.columns.packed()}

    @classmethod
    def unpacked(cls, packed):
        """Return the blueprint that was packed."""
        packed = LATER | packed
        parts = {"preprocessing": Preprocessing(**packed["preprocessing"]), "plan": Plan(**packed["plan"])}
        return cls(**packed | parts | {"columns": packed["columns"] and Columns.unpacked(packed["columns"])})

    def setting(self, rows=None):
        """What the words are told, given a few rows as the network sees them; weights come from the seed."""
        return Setting(
            event_shape=self.event_shape,
            n_components=self.n_components,
            condition_shape=None if self.condition_width is None else (self.condition_width,),
            generator=make_generator(self.init_seed),
            unit=self.unit,
            offset=self.offset,
            deviation=self.deviation,
            rows=rows,
            network=self.network,
            decoded_shape=self.likelihood.decoded_shape(self.event_shape),
            has_gaps=self.has_gaps,
        )


def build_model(blueprint, rows=None):
    """Return a newly initialised model; every weight is drawn from the blueprint's seed, part after part."""
    setting, network = blueprint.setting(rows), blueprint.network.for_one_model()
    with (
        told_if_too_large(),
        SeededRandomness(setting.generator),
    ):  # layers of foreign words too, which torch would draw globally
        encoder, n_features = _encoder(network, setting, blueprint.conditioned)
        setting = replace(setting, n_features=n_features)
        model = LatentVariableModel(
            encoder=encoder,
            posterior=blueprint.posterior.build(setting),
            prior=blueprint.prior.build(setting),
            decoder=_decoder(network, setting, blueprint.conditioned),
            likelihood=build_likelihood(blueprint.likelihood, setting),
            discriminator=blueprint.objective.discriminator(setting),
        )
    converted(model, nn.Module.float)  # whatever torch's default is
    blueprint.objective.check(model.prior.given(None, model.encode), _some_posterior(model, n_features))
    return model


def _encoder(network, setting, conditioned):
    """The encoder and its number of features; told of the condition, where it is to be."""
    encoder, n_features = network.encoder(setting)
    encoder = OfKnownValues(encoder) if setting.has_gaps else encoder
    if "encoder" in conditioned:
        encoder = ConditionedEncoder(encoder, n_features, *setting.condition_shape, setting.generator)
    return encoder, n_features


def _decoder(network, setting, conditioned):
    """The decoder; one that is told of the condition takes it for more latents."""
    if "decoder" not in conditioned:
        return network.decoder(setting)
    (width,) = setting.condition_shape
    return ConditionedDecoder(network.decoder(replace(setting, n_components=setting.n_components + width)))


def _some_posterior(model, n_features):
    """What the family gives for some features; they may be any."""
    head = model.posterior.eval()
    with torch.no_grad():
        posterior = head(torch.zeros(2, n_features))
    head.train()
    if not isinstance(posterior, Posterior):
        raise TypeError(
            f"The 'posterior_family' parameter must build a module that gives a Posterior. Got {posterior!r} instead."
        )
    return posterior


def build_net(blueprint, *, device, learning_rate, batch_size, rows=None):
    """Return an initialised, untrained net; `rows` are a few rows to start from, as the network sees them."""
    device = resolve_device(device)
    net = Net(
        converted(build_model(blueprint, rows), lambda model: model.to(device)),
        objective=blueprint.objective,
        plan=blueprint.plan,
        generator=make_generator(blueprint.train_seed, device),
        is_foreign=blueprint.is_foreign,
        inference_rows=blueprint.network.inference_rows,
        lr=learning_rate,
        batch_size=batch_size,
        callbacks=[],
        device=str(device),
        verbose=0,
    ).initialize()
    net.work_per_row_ = work_per_row(net.module_, blueprint.event_shape)
    return net
