"""The estimators' common part: shared parameters, the words among them, pickles."""

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import torch
from sklearn.base import BaseEstimator, clone

from vaekit.engine import PRECISIONS
from vaekit.estimators._callbacks import CallbacksMixin, picklable_callbacks
from vaekit.estimators._codes import CodesMixin
from vaekit.estimators._fitting import FittingMixin
from vaekit.estimators._learned import LearnedMixin
from vaekit.estimators._moving import MovingMixin
from vaekit.estimators._pickles import HAS_CALLBACKS, plain_parameters, telling_of, with_checksum, without_checksum
from vaekit.estimators._sentence import SentenceMixin
from vaekit.estimators._word_parameters import entry_of, parameters_of, word_of
from vaekit.estimators._words import VOCABULARIES
from vaekit.files import Checkpoint
from vaekit.fitted import TrainedModel
from vaekit.likelihoods import LikelihoodSpec
from vaekit.nn import Network
from vaekit.nn._base import ACTIVATIONS
from vaekit.objectives import Objective
from vaekit.posteriors import PosteriorSpec
from vaekit.priors import PriorSpec
from vaekit.utils._docstrings import (
    describe_parameters,
    inherit_sections,
    own_defaults,
    restate_defaults,
)
from vaekit.utils._sklearn import Interval, RealNotInt, StrOptions
from vaekit.utils._spec import InstanceOf, PlainParameters, Spec, merge_constraints, with_fresh_specs
from vaekit.utils._spec import spec as estimator  # an estimator is made of keyword-only fields, as its words are
from vaekit.utils._torch import resolve_device
from vaekit.utils._typing import RandomStateLike
from vaekit.utils._version import __version__

__all__ = ["BaseEncoder", "estimator", "word_of"]


@estimator
class BaseEncoder(
    FittingMixin,
    LearnedMixin,
    CallbacksMixin,
    CodesMixin,
    MovingMixin,
    SentenceMixin,
    PlainParameters,
    BaseEstimator,
):
    """Learn codes for data.

    Parameters
    ----------
    n_components : int, default=10
        Number of latents, the dimension of a code.
    prior : {"normal", "decoupled", "elementwise_flow", "mixture", "vamp", "post_hoc", "flow_matching", "maf", \
"neural_spline", "generator", "moment_matching", "grid", "conditional_normal", "conditional_flow"} or spec of \
`vaekit.priors`, default="normal"
        p(z). `"decoupled"` maps the representation space through a jointly trained invertible network to a plainly
        normal generation space; it is the default of the classes with `DP` in their name. `"generator"` is for
        objectives that compare draws, `"grid"` for quantised codes, the conditional ones for `ConditionalVAE`.
    likelihood : {"auto", "bernoulli", "normal", "laplace", "squared_error", "poisson", "negative_binomial", \
"categorical"} or spec of `vaekit.likelihoods`, default="auto"
        p(x | z). `"auto"` is Bernoulli for bool data and uint8 images, else Normal: the type decides, never the values
        that some rows hold, so that folds and chunks agree. The Normal's scale has its closed form where the objective
        is a bound on log p(x) (KL at a weight of at most 1); under regularisers training learns one, beside which their
        strengths are meant, and densities and draws take that of the errors that are left. For a Bernoulli bytes are
        divided by 255 (masks, whose bytes are 0 and 1, by 1) and all else must lie in [0, 1], in `fit` and wherever
        rows are scored later: scale tables with `MinMaxScaler(clip=True)`. Tables of 0 and 1 of another type take
        `likelihood="bernoulli"`. `"poisson"` and `"negative_binomial"` are for counts, whole numbers that are taken as
        they are.
    posterior_family : {"normal", "full_normal", "iaf", "fixed_scale", "implicit", "quantized"} or spec of \
`vaekit.posteriors`, default="normal"
        Family of q(z | x). `"implicit"` and `"quantized"` have no density of codes, and no methods that take one: they
        are for objectives that need draws alone.
    network : {"auto", "mlp", "conv", "conv1d"} or spec of `vaekit.nn`, default="auto"
        Encoder and decoder. `"auto"` is `ConvNet` for images and, for tables, an `MLP` of `hidden_layer_sizes` and
        `activation`. `"conv1d"` declares rows to be windows of signals, (channels, time).
    hidden_layer_sizes : sequence of int, default=(128, 64)
        Widths of the built-in MLP from input to latent; the decoder mirrors it. Ignored by other networks.
    activation : {"relu", "leaky_relu", "tanh", "elu", "gelu", "silu", "softplus", "identity"}, default="relu"
        Activation of the built-in MLP. Ignored by other networks.
    standardize : {"auto", "common", "column"} or None, default="auto"
        How data are centred and divided before the network sees them; everything public stays in the units of X.
        `"common"` divides by one number, `"column"` each column by its own deviation, `"auto"` picks the first unless
        the columns' ranges lie further apart than a factor of 100; folds of a table close to that may differ, name
        one to compare them. A Bernoulli likelihood takes data as they are. Later values more than 1e12 units from the
        data are taken to be that far, with a warning; `fit` refuses such values.
    warmup : float or int, default=0.3
        Steps over which the weight of the KL rises from 0 to 1: a float is a fraction of all planned steps, an int a
        number of steps. 0 switches it off.
    learning_rate : float, default=1e-3
        Step size of Adam.
    batch_size : int, default=128
        Rows per step. A last batch of a single row is folded into the one before.
    max_epochs : int, default=100
        Passes over the data.
    max_steps : int or None, default=None
        Most steps of one call of `fit`, if that comes before `max_epochs`.
    total_samples : int or None, default=None
        Rows of the whole data set, for `partial_fit`; None is the number of rows given. Warm-up and schedules that are
        fractions of the planned steps run over `max_epochs` passes of so many rows.
    early_stopping : bool, default=False
        Whether to hold out rows of the training data, stop when their ELBO no longer improves, and keep the weights of
        the best epoch.
    validation_fraction : float, default=0.1
        Share of rows held out for early stopping.
    tol : float, default=1e-4
        Improvement, in nats per row, that counts as one. Only with early stopping.
    n_iter_no_change : int, default=10
        Epochs without improvement after which training stops. Only with early stopping.
    warm_start : bool, default=False
        Whether `fit` goes on from the last fit. `learning_rate`, `batch_size`, `compile` and how long to train may
        change in between, what makes the model may not.
    device : str or torch.device, default="auto"
        Where to compute; `"auto"`: CUDA if there is any, else the CPU; `"cuda:auto"`: GPUs shared out among workers.
    compile : bool, default=False
        Whether training steps are compiled: 1.5 to 2 times faster on top of what is done anyway, after seconds up to a
        minute for each new structure of a model, shared by all fits of a process that differ in strengths, seeds or
        data only. Pays in long trainings of small networks. Results differ from those of steps that are not compiled
        by rounding. Needs a C++ compiler on a CPU, Triton besides on a GPU. Fits of fewer than 500 planned steps (100
        on a GPU), callbacks that look at every batch, and modules of your own are not compiled, and a warning says so.
    precision : {"float32", "bf16"}, default="float32"
        What encoder and decoder compute in while they are trained. `"bf16"` keeps eight binary digits of each product
        and adds up in float32: convolutional networks train 1.6 to 1.9 times as fast on processors that know the type
        (AMX, AVX-512 BF16; a GPU gains where its networks are large), small tables do not gain. Weights, densities,
        priors, and all that is asked of a fitted model stay in float32.
    callbacks : list of skorch callbacks or None, default=None
        Called during training, through copies that share with the ones given only the objects they write to (runs,
        writers, files); so do those of a clone. A pickle leaves out callbacks that cannot be pickled. Callbacks that
        look at predictions (`BatchScoring`, `PassthroughScoring`, `EpochScoring` with caching), freeze weights
        (`Freezer`) or build the module anew (`InputShapeSetter`) are refused. `set_callbacks` takes scikit-learn's own.
    checkpoint : path-like, `Checkpoint` or None, default=None
        A folder for checkpoints of `fit`: when it was killed, the same call goes on from the newest one and ends in the
        same bits. A `vaekit.persistence.Checkpoint` says how often, and lets the fits of a search share a folder. One
        that was killed with the same folder, but on other data or with other parameters, is an error.
    random_state : int, RandomState instance or None, default=None
        Decides weights, batches, noise and samples; global generators are neither read nor touched.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar in a terminal and, in a notebook, losses drawn while they fall with the time
        that is left; 2 and more write a plain line per epoch to the logger `vaekit` at level INFO.

    Attributes
    ----------
    n_features_in_ : int
        Number of features seen during fit (pixels times channels, for images).
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, when X had string names.
    n_components_ : int
        Number of latents.
    model_ : TrainedModel
        Net and blueprint; every method asks it. To be read and not changed.
    net_ : skorch.NeuralNet
        The trained net, to be read and not changed.
    history_ : list of dict
        A row per epoch: `train_loss` (nats per row, weighted as trained), its unweighted terms, `duration` in seconds,
        and `valid_loss` with early stopping.
    n_steps_ : int
        Optimiser steps done.
    image_shape_ : tuple of int or None
        Shape of one image or window as it was given, None for tables.
    columns_ : Columns or None
        What the columns of a table of several kinds were read as, None for matrices and images.
    likelihood_ : spec
        The likelihood that was used.
    kl_per_component_ : ndarray of shape (n_components_,)
        KL of each latent's posterior, mean over training rows, in nats: to N(0, 1) for the normal prior; for learned
        priors, whose scale is free, to the normal with the latent's own aggregate mean and variance. Infinite for a
        deterministic encoder.
    active_components_ : ndarray of bool of shape (n_components_,)
        Whether a latent's posterior mean varies by more than 1% of its aggregate posterior variance.
    """

    n_components: int = 10
    prior: str | PriorSpec = "normal"
    likelihood: str | LikelihoodSpec = "auto"
    posterior_family: str | PosteriorSpec = "normal"
    network: str | Network = "auto"
    hidden_layer_sizes: Sequence[int] = (128, 64)
    activation: str = "relu"
    standardize: str | None = "auto"
    warmup: float = 0.3
    learning_rate: float = 1e-3
    batch_size: int = 128
    max_epochs: int = 100
    max_steps: int | None = None
    total_samples: int | None = None
    early_stopping: bool = False
    validation_fraction: float = 0.1
    tol: float = 1e-4
    n_iter_no_change: int = 10
    warm_start: bool = False
    device: str | torch.device = "auto"
    compile: bool = False
    precision: str = "float32"
    callbacks: Sequence[Any] | None = None
    checkpoint: str | os.PathLike | Checkpoint | None = None
    random_state: RandomStateLike = None
    verbose: int = 0

    _parameter_constraints: ClassVar[dict] = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "prior": VOCABULARIES["prior"].constraint(),
        "likelihood": VOCABULARIES["likelihood"].constraint("auto"),
        "posterior_family": VOCABULARIES["posterior_family"].constraint(),
        "network": VOCABULARIES["network"].constraint("auto"),
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "standardize": [StrOptions({"auto", "common", "column"}), None],
        "warmup": [Interval(RealNotInt, 0, 1, closed="both"), Interval(Integral, 0, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "max_steps": [Interval(Integral, 1, None, closed="left"), None],
        "total_samples": [Interval(Integral, 2, None, closed="left"), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "device": [str, torch.device],
        "compile": ["boolean"],
        "precision": [StrOptions(set(PRECISIONS))],
        "callbacks": ["array-like", None],
        "checkpoint": [str, os.PathLike, InstanceOf(Checkpoint, room="vaekit.persistence"), None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # What an estimator is a name for. A field with the name of one of their parameters is that parameter: constraint
    # and description are theirs, unless the estimator gives its own; its default reads `= TotalCorrelation.gamma`.
    _objective: ClassVar[type[Objective]] = Objective
    _divergence: ClassVar[type[Spec] | None] = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # mixins may stand before the class whose parameters are inherited
        parent = next(base for base in cls.__mro__[1:] if issubclass(base, BaseEncoder))
        own = own_defaults(cls)
        words = cls._words_of([name for name in own if name not in parent._parameter_constraints])
        told = {name: word._parameter_constraints[name] for name, word in words.items()}
        cls._parameter_constraints = {**told, **vars(cls).get("_parameter_constraints", {})}
        merge_constraints(cls)
        if cls.__doc__:
            entries = {name: entry_of(word, name, own[name]) for name, word in words.items()}
            described = describe_parameters(cls.__doc__, {name: text for name, text in entries.items() if text}, own)
            cls.__doc__ = inherit_sections(described, restate_defaults(parent.__doc__, own))

    @classmethod
    def _words_of(cls, names):
        """Return the spec that each of these names is a parameter of, for those that are one."""
        words = [word for word in (cls._divergence, cls._objective) if word is not None]
        return {name: word for name in names for word in words if name in parameters_of(word)}

    def _make_objective(self):
        """Return the objective that this estimator is a name for."""
        return word_of(self, self._objective)

    def _make_posterior(self):
        """Return the posterior family; a method that decides it itself overrides this."""
        return clone(VOCABULARIES["posterior_family"].resolve(self.posterior_family))

    # ------------------------------------------------------------------ parameters

    def set_params(self, **params: Any) -> Self:
        """Set parameters; `word__name` on a parameter that is a string first turns the string into a fresh spec.

        A fitted model moves to a `device` that is set.

        Parameters
        ----------
        **params : dict
            Parameters of the estimator, or of the spec objects among them as `prior__n_couplings`.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If there is no such parameter; the message names the word and the parameter.
        """
        if "device" in params and self.__sklearn_is_fitted__():
            self.model_.move(resolve_device(params["device"]))
        return super().set_params(**with_fresh_specs(self, VOCABULARIES.values(), params))

    # ------------------------------------------------------------------ scikit-learn

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __sklearn_is_fitted__(self):
        return "model_" in vars(self)

    def __getstate__(self):
        state = {**super().__getstate__(), "_vaekit_version": __version__}
        if HAS_CALLBACKS.get():
            state["callbacks"] = picklable_callbacks(self.callbacks)
        else:
            state |= plain_parameters(self) | {"callbacks": None}
        if self.__sklearn_is_fitted__():
            state["model_"] = self.model_.packed()
        return with_checksum(state)

    def __setstate__(self, state):
        state = without_checksum(state)
        packed, version = state.pop("model_", None), state.pop("_vaekit_version", "before 0.1")
        super().__setstate__(state)
        if packed is not None:
            with telling_of(version):
                self.model_ = TrainedModel.unpacked(packed)
