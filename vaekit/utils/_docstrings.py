"""Docstrings of a family: a class describes its own parameters, those that it shares are composed in."""

import inspect
import itertools
import re

__all__ = ["describe_parameters", "inherit_sections", "own_defaults", "parameter_entries", "restate_defaults"]

SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}$", re.MULTILINE)
ORDER = ["Parameters", "Attributes", "Returns", "Raises", "Warns", "See Also", "Notes", "References", "Examples"]
ENTRY = re.compile(r"^(\w[\w, ]*) :", re.MULTILINE)


def split_sections(doc):
    """Return the text before the first section, and the sections by title."""
    pieces = SECTION.split(inspect.cleandoc(doc or ""))
    return pieces[0].strip(), {title: body.strip("\n") for title, body in zip(pieces[1::2], pieces[2::2])}


def join_sections(summary, sections):
    """Return the docstring that `split_sections` takes apart, its sections in numpydoc's order."""
    ordered = sorted(sections, key=lambda title: ORDER.index(title) if title in ORDER else len(ORDER))
    return "\n\n".join([summary] + [f"{title}\n{'-' * len(title)}\n{sections[title]}" for title in ordered]) + "\n"


def entries(body):
    """Split a Parameters body into its entries, by name."""
    starts = [match.start() for match in ENTRY.finditer(body)] + [len(body)]
    texts = [body[start:stop].rstrip() for start, stop in itertools.pairwise(starts)]
    return {ENTRY.match(text).group(1): text for text in texts}


def parameter_entries(doc):
    """Return the entries of a docstring's parameters, by name."""
    _, sections = split_sections(doc)
    return entries(sections.get("Parameters", ""))


def own_defaults(cls):
    """Return the defaults of the fields that a class declares itself, by name and in order."""
    return {name: vars(cls)[name] for name in inspect.get_annotations(cls) if name in vars(cls)}


def restate_defaults(doc, defaults):
    """Return `doc` with other defaults for the parameters it describes."""
    for name, value in defaults.items():
        stated = f'"{value}"' if isinstance(value, str) else repr(value)
        doc = re.sub(
            rf"^( *{name} : .*default=).*$", lambda match, stated=stated: match[1] + stated, doc, flags=re.MULTILINE
        )
    return doc


def describe_parameters(doc, told, order):
    """Return `doc` with further entries among its parameters, in this order; an own entry hides one that is told."""
    summary, sections = split_sections(doc)
    found = {**told, **entries(sections.get("Parameters", ""))}
    if not found:
        return doc
    first = {name: found.pop(name) for name in order if name in found}
    return join_sections(summary, {**sections, "Parameters": "\n".join([*first.values(), *found.values()])})


def inherit_sections(doc, inherited_doc, titles=("Parameters", "Attributes")):
    """Return `doc` with the inherited entries of some sections behind its own; an own entry hides an inherited one."""
    summary, sections = split_sections(doc)
    _, inherited = split_sections(inherited_doc)
    for title in titles:
        merged = entries(sections.get(title, ""))
        for name, text in entries(inherited.get(title, "")).items():
            merged.setdefault(name, text)
        if merged:
            sections[title] = "\n".join(merged.values())
    return join_sections(summary, sections)
