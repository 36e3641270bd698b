"""A model's page says what is minimised and what samples come from: in the words of the objective and the prior."""

import inspect
import re

import vaekit
from vaekit.estimators._words import PRIORS

__all__ = ["tell_of_parts"]

EQUATION = re.compile(r"(loss|log p\(z\)) = ")


def tell_of_parts(app, what, name, object, options, lines):
    """Put the equations of a model's objective and prior above its parameters."""
    if what == "class" and name.removeprefix("vaekit.") in vaekit.estimators.__all__ and "Parameters" in lines:
        place = lines.index("Parameters")
        lines[place:place] = [*_objective_of(object), *_prior_of(object)]


def _objective_of(model):
    objective = model._objective
    if objective is vaekit.objectives.Objective:  # a parameter, by default the bound itself
        objective = vaekit.objectives.ELBO
    return _told("Objective", f"vaekit.objectives.{objective.__name__}", objective)


def _prior_of(model):
    prior = PRIORS[model().get_params(deep=False)["prior"]]
    return _told("Prior", f"vaekit.priors.{prior.__name__}", prior)


def _told(title, name, part):
    """The docstring of a part above its parameters, with equations as they were typed."""
    head = re.split(r"\n(?:Parameters|Attributes|References|Notes|Raises|Examples)\n-+", inspect.getdoc(part))[0]
    told = [f"**{title}:** :class:`~{name}`.", ""]
    for paragraph in head.strip().split("\n\n"):
        is_equation = EQUATION.match(paragraph) is not None
        told += ["::", ""] if is_equation else []
        told += [f"    {line}" if is_equation else line for line in paragraph.split("\n")] + [""]
    return told
