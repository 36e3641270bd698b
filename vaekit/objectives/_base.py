"""What is minimised: the reconstruction plus one abstract penalty."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import partial
from numbers import Real
from typing import Any, ClassVar

from torch import Tensor, nn

from vaekit._outputs import GENERATIVE_PARTS, LossTerms, ModelOutput, NoiseWidths, Phase, Stage, StepInputs
from vaekit._setting import Setting
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.objectives._schedule import Warmup, final_value, steps_of, value_at
from vaekit.posteriors import Posterior
from vaekit.priors import Prior
from vaekit.utils._sklearn import Interval
from vaekit.utils._spec import Spec, spec

__all__ = ["Objective", "needs_independent_normals", "trains_no_prior"]


@spec
class Objective(Spec, ABC):
    """loss = mean_batch[-log p(x | z)] + penalty, in nats per row; terms are recorded unweighted.

    The blank is `penalty`. An objective that trains more than the model, or in turns, overrides `phases` and
    `discriminator`; one that trains one thing after another, `stages`. A step is a function of tensors alone: what
    changes from step to step is named in `weighted` and read as `inputs.weights[name]`, and may be a tensor; which
    terms there are is decided by the parameters, once.

    Attributes
    ----------
    draws : dict of str to (str or None)
        The batches of a step by name: None draws rows by themselves, the name of another draw takes the rows that come
        before its rows in time.
    weighted : tuple of str
        Names of the parameters that are weights, beside `prior_weight`: numbers, or `Warmup`; None is left out.
    outside_of_step : tuple of str
        Names of further parameters that a loss meets in `inputs.weights`, or as a learning rate, and never reads:
        fits that differ in these and in weights alone share one traced step. Only whether a weight is None or 0 may
        decide what a step is.

    Parameters
    ----------
    prior_weight : float or None, default=None
        None trains a learned prior by the objective itself, jointly with the rest. A number trains it by
        prior_weight * E_q[-log p(z)] alone, on detached codes, and holds it fixed in the rest: it then fits the
        aggregate posterior at full speed whatever the other weights are. Every number does that alike, because the
        phase has an Adam of its own, which does not see the scale of its loss.
    """

    prior_weight: float | None = None

    _parameter_constraints: ClassVar[dict] = {"prior_weight": [Interval(Real, 0, None, closed="neither"), None]}

    draws: ClassVar[dict[str, str | None]] = {"first": None}
    weighted: ClassVar[tuple[str, ...]] = ()
    outside_of_step: ClassVar[tuple[str, ...]] = ("prior_weight",)

    @abstractmethod
    def penalty(self, output: ModelOutput, inputs: StepInputs) -> tuple[Tensor, dict[str, Tensor]]:
        """Weighted penalty (a scalar tensor) of a model's output, and its unweighted terms by name."""

    @property
    def needs_density(self) -> bool:
        """Whether log p(z) is needed."""
        return True

    @property
    def needs_posterior_density(self) -> bool:
        """Whether log q(z | x) is needed: where there is a KL between densities."""
        return self.needs_density

    @property
    def uses_warmup(self) -> bool:
        """Whether the estimator's warm-up weighs anything."""
        return True

    @property
    def needs_all_rows(self) -> bool:
        """Whether a step looks at rows beside those of its batches."""
        return False

    @property
    def is_mean_over_rows(self) -> bool:
        """Whether each loss is a mean over rows, of numbers that hang on one row alone; a class says so of itself."""
        return False

    def schedule_ends(self, n_steps: int) -> dict[str, float]:
        """By name, the steps after which each of the schedules of its own is over."""
        weights = self.get_params(deep=False).items()
        return {name: steps_of(weight.steps, n_steps) for name, weight in weights if isinstance(weight, Warmup)}

    @property
    def is_bound(self) -> bool:
        """Whether what is minimised in the end is a bound on -log p(x), with no more weight on the KL."""
        return False

    @property
    def pressure(self) -> float:
        """Weight on the KL in the end: at 1 or less a collapse is a failure, above it may be what was asked for."""
        return 1.0

    def weights(self, step: int, n_steps: int) -> dict[str, Any]:
        """The scalars of the loss after `step` of `n_steps` planned steps, by name."""
        chosen = {name: getattr(self, name) for name in (*self.weighted, "prior_weight")}
        return {name: value_at(weight, step, n_steps) for name, weight in chosen.items() if weight is not None}

    def loss(self, model: Any, inputs: StepInputs, carried: Any = None) -> LossTerms:
        """Loss of one pass over the step's first batch."""
        first = inputs.batches["first"]
        output = model(first, inputs.noise["posterior"][: first.n_rows])
        penalty, terms = self.penalty(output, inputs)
        reconstruction = output.reconstruction.mean()
        return LossTerms(reconstruction + penalty, {"reconstruction": reconstruction, **terms}, output)

    def prior_loss(self, model: Any, inputs: StepInputs, carried: Any) -> LossTerms:
        """The prior's own loss, E_q[-log p(z)] of most, on the codes of this step, which it cannot move."""
        noise = inputs.noise.get("prior_training")
        terms = carried.prior.own_loss(carried.z.detach(), None if noise is None else noise[: len(carried.z)])
        return LossTerms(inputs.weights.get("prior_weight", 1.0) * sum(terms.values()), terms, carried)

    def held_out_loss(self, output: ModelOutput) -> Tensor:
        """What early stopping watches, per row: the negative ELBO, its KL at weight 1 whatever the objective."""
        return output.reconstruction + output.prior.kl(output.posterior, output.z)

    def held_out_losses(self, model: Any, batch: Any, noise: Tensor) -> Tensor:
        """The same from the model, held-out rows and their noise; overridden where one pass is not enough."""
        return self.held_out_loss(model(batch, noise))

    def held_out_noise(self, widths: NoiseWidths) -> int:
        """Numbers of standard normal noise that a row takes outside of training, given what each draw takes."""
        return widths.posterior

    def explaining_codes(self, model: Any, batch: Any, noise: Tensor) -> Tensor:
        """Codes (batch, n_components) whose errors the likelihood settles on: a draw of q(z | x) for each row."""
        return model.given(batch.given).encode(batch.x).rsample(noise)

    def noise_columns(self, widths: NoiseWidths) -> dict[str, int]:
        """Names and widths of the standard normal noise one step needs per row, given what each draw takes."""
        return {"posterior": widths.posterior} | (
            {"prior_training": widths.prior_training} if widths.prior_training else {}
        )

    def discriminator(self, setting: Setting) -> nn.Module | None:
        """Return what is trained beside the model, or None."""

    def _trains_prior_jointly(self):
        return self.prior_weight is None

    def phases(self) -> list[Phase]:
        """The minimisations of one step, in order."""
        if self._trains_prior_jointly():
            return [Phase("joint", GENERATIVE_PARTS, self.loss)]
        rest = tuple(part for part in GENERATIVE_PARTS if part != "prior")
        return [Phase("joint", rest, self.loss), Phase("prior", ("prior",), self.prior_loss)]

    def stages(self) -> list[Stage]:
        """What is trained first and what later: here one stage, of the phases of every step."""
        return [Stage(1.0, self.phases())]

    def stages_for(self, prior: Prior) -> list[Stage]:
        """The same; a prior (module) that learns by a loss of its own alone does so in a phase of each, the last."""
        if not prior.learns_alone:
            return self.stages()
        own = Phase("prior", ("prior",), partial(Objective.prior_loss, self))  # whatever an objective has for others
        return [
            stage._replace(phases=[*(phase for phase in stage.phases if phase.parts != own.parts), own])
            for stage in self.stages()
        ]

    def check(self, prior: Prior, posterior: Posterior) -> None:
        """Raise IncompatibleChoiceError, with the remedy, if this objective cannot stand with a prior (module).

        The posterior is that of some rows: what it lacks, its whole family lacks.
        """
        if self.needs_density and not prior.has_density:
            raise IncompatibleChoiceError(
                f"{type(self).__name__} needs the density of the prior, and this prior can only be sampled; choose "
                "prior='normal' or 'decoupled', or an objective that compares samples (WAE, AAE, LearnedPriorAAE)."
            )
        if self.needs_posterior_density and not posterior.has_density:
            raise IncompatibleChoiceError(
                f"{type(self).__name__} needs the density of the posterior, and this family can only be sampled; "
                "choose posterior_family='normal', or an objective that compares samples (AdversarialVariationalBayes, "
                "WAE, AAE)."
            )

    def shortcomings(self, history: Any, n_steps_done: int, n_steps: int) -> Iterable[str]:
        """Sentences about what did not come about in training, for warnings."""
        for name, end in self.schedule_ends(n_steps).items():
            if end > n_steps_done:
                yield (
                    f"The parameter {name!r} was to reach {final_value(getattr(self, name))} after {end:.0f} steps, "
                    f"but training ended after {n_steps_done}; lower its number of steps, or train longer."
                )


def needs_independent_normals(what, posterior, remedy):
    """Raise IncompatibleChoiceError if a posterior is not a normal with independent components."""
    if posterior.logvar is None:
        raise IncompatibleChoiceError(
            f"{what} needs a posterior of independent normals, whose log-variances are known, and this family has "
            f"none; choose posterior_family='normal'{remedy}."
        )


def trains_no_prior(what, prior):
    """Raise IncompatibleChoiceError if a prior is learned, by an objective that does not train it."""
    if prior.is_learned:
        raise IncompatibleChoiceError(
            f"Nothing would train the prior: {type(what).__name__} moves codes alone; set prior_weight=1, or choose "
            "prior='normal'."
        )
