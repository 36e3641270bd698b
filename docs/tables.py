"""Print the tables of docs/presets.md and docs/objectives.md from the code.

python docs/tables.py [presets | networks | costs | objectives]
"""

import re
import sys
import warnings

import numpy as np

import vaekit
from vaekit.exceptions import IncompatibleChoiceError
from vaekit.objectives import ELBO, AggregateDivergence, Capacity, KLDecomposition
from vaekit.presets import PRESETS, _networks
from vaekit.presets._presets import grid_of
from vaekit.presets._sources import SOURCES

LONG = r"\d+\.\d{5,}"
PRIORS = ("normal", "decoupled", "elementwise_flow", "generator")


def table(header, rows):
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


# ---------------------------------------------------------------------- presets

NETWORKS = {name: getattr(_networks, name) for name in _networks.__all__ if name != "LayeredNet"}
NAMES = {id(network): name for name, network in NETWORKS.items()}


def said(parameters):
    """Return parameters as code, networks by their names in the table of networks, numbers in four digits."""
    code = ", ".join(f"{name}={NAMES.get(id(value), repr(value))}" for name, value in parameters.items())
    return f"`{re.sub(LONG, lambda number: f'{float(number[0]):.4g}', code)}`" if code else ""


def of_source(name):
    """Return what all presets of a source share, its data sets and its methods."""
    source = SOURCES[name]
    parts = [f"All: {said(source.shared)}"]
    if source.decoupled:
        parts.append(f"With a decoupled prior: {said(source.decoupled)}")
    if len(source.data) > 1:
        parts.append(table(["data", "parameters"], [[f"`{data}`", said(own)] for data, own in source.data.items()]))
    rows = [
        [f"`{name}/{variant}`", said(own), said(grid_of(source, variant))]
        for variants, own in source.methods.items()
        for variant in variants.split()
    ]
    n_columns = 3 if source.grids else 2
    header = ["preset", "its own parameters", "grid"]
    return "\n\n".join([*parts, table(header[:n_columns], [row[:n_columns] for row in rows])])


def layers(rows):
    """Return rows of data as text: kind, width, kernel/stride/padding."""
    texts = [f"{kind} {'/'.join('c' if size is None else str(size) for size in sizes)}" for kind, *sizes in rows]
    return ", ".join(text.strip() for text in texts)


def networks():
    """Return the layers of every network."""
    header = ["network", "encoder", "decoder", "activation", "weights"]
    return table(
        header,
        [
            [f"`{name}`", layers(net.encoder_layers), layers(net.decoder_layers), net.activation, net.initialization]
            for name, net in NETWORKS.items()
        ],
    )


def in_words(hours):
    """Return a duration in the unit that suits it."""
    for unit, size in (("days", 24), ("h", 1), ("min", 1 / 60)):
        if hours >= 2 * size:
            return f"{hours / size:.0f} {unit}"
    return f"{hours * 3600:.0f} s"


def costs():
    """Return weights, steps and hours of every preset; those that cost the same share a line."""
    alike = {}
    for name, row in PRESETS.items():
        alike.setdefault((name.split("/")[0], row.cost), []).append(f"`{name}`")
    rows = [
        [
            ", ".join(names),
            f"{cost.n_weights:,}",
            f"{cost.n_steps:,}",
            in_words(cost.cpu_hours),
            in_words(cost.gpu_hours),
        ]
        for (_, cost), names in alike.items()
    ]
    return table(["preset", "weights", "steps", "one CPU thread", "H100"], rows)


# ---------------------------------------------------------------------- objectives

PLAIN = [name for name in vaekit.ESTIMATORS if "DP" not in name and name != "DecoupledBetaVAE"]  # another name
OBJECTIVES = [
    ELBO(free_bits=0.1),
    ELBO(free_bits=0.1, free_bits_per="row"),
    ELBO(prior_weight=1),
    Capacity(prior_training="one_sided"),
    Capacity(prior_training="split"),
    KLDecomposition(beta=4, gamma=15),
    KLDecomposition(beta=4, gamma=15, allow_unbounded=True),
    *(AggregateDivergence(divergence=word) for word in ("mmd", "jensen_shannon", "density_ratio")),
    *(AggregateDivergence(divergence=word, prior_weight=1) for word in ("mmd", "jensen_shannon", "density_ratio")),
    *(AggregateDivergence(divergence=word, kl_weight=1) for word in ("mmd", "jensen_shannon", "density_ratio")),
]
TINY = {"n_components": 2, "hidden_layer_sizes": (4,), "max_epochs": 1}
ROWS = {
    **{f"`{name}`": lambda prior, name=name: getattr(vaekit, name)(prior=prior, **TINY) for name in PLAIN},
    **{f"`VAE(objective={o!r})`": lambda prior, o=o: vaekit.VAE(objective=o, prior=prior, **TINY) for o in OBJECTIVES},
}


def attempt(model, reasons):
    """Fit a few rows; return what there is then, or the number of the reason why it is refused."""
    X = np.random.default_rng(0).normal(size=(8, 3))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X).sample(2)
    except IncompatibleChoiceError as error:
        objective = type(model._make_objective()).__name__
        reason = str(error).replace(f"{objective} needs", "This objective needs")
        return f"({reasons.setdefault(reason, len(reasons) + 1)})"
    return "yes" if hasattr(model, "score") else "yes, no `score`"


def objectives_by_prior():
    """Return the table objective x prior, made by trying every pair, and the reasons for what is refused."""
    reasons = {}
    rows = [[label, *(attempt(make(prior), reasons) for prior in PRIORS)] for label, make in ROWS.items()]
    listed = "\n".join(f"{number}. {reason}" for reason, number in reasons.items())
    return f"{table(['', *(f'`{prior}`' for prior in PRIORS)], rows)}\n\n{listed}"


TABLES = {
    "presets": lambda: "\n\n".join(f"## {name}\n\n{of_source(name)}" for name in SOURCES),
    "networks": networks,
    "costs": costs,
    "objectives": objectives_by_prior,
}

if __name__ == "__main__":
    for word in sys.argv[1:] or TABLES:
        print(TABLES[word](), end="\n\n")
