"""Docstrings of a family: a class writes its own parameters, the shared ones are composed in."""

import inspect
import itertools
import re

__all__ = ["inherit_sections", "restate_defaults"]

SECTION = re.compile(r"^([A-Z][A-Za-z ]+)\n-{3,}$", re.MULTILINE)
ORDER = ["Parameters", "Attributes", "See Also", "Notes", "References", "Examples"]
ENTRY = re.compile(r"^(\w[\w, ]*) :", re.MULTILINE)


def split_sections(doc):
    """Return the text before the first section, and the sections by title."""
    pieces = SECTION.split(inspect.cleandoc(doc))
    return pieces[0].strip(), {title: body.strip("\n") for title, body in zip(pieces[1::2], pieces[2::2])}


def entries(body):
    """Split a Parameters body into its entries, by name."""
    starts = [match.start() for match in ENTRY.finditer(body)] + [len(body)]
    texts = [body[start:stop].rstrip() for start, stop in itertools.pairwise(starts)]
    return {ENTRY.match(text).group(1): text for text in texts}


def restate_defaults(doc, defaults):
    """Return `doc` with other defaults for the parameters it describes."""
    for name, value in defaults.items():
        stated = f'"{value}"' if isinstance(value, str) else repr(value)
        doc = re.sub(
            rf"^( *{name} : .*default=).*$", lambda match, stated=stated: match[1] + stated, doc, flags=re.MULTILINE
        )
    return doc


def inherit_sections(doc, inherited_doc, titles=("Parameters", "Attributes")):
    """Return `doc` with the inherited entries of some sections behind its own; an own entry hides an inherited one."""
    summary, sections = split_sections(doc or "")
    _, inherited = split_sections(inherited_doc or "")
    for title in titles:
        merged = entries(sections.get(title, ""))
        for name, text in entries(inherited.get(title, "")).items():
            merged.setdefault(name, text)
        if merged:
            sections[title] = "\n".join(merged.values())
    ordered = sorted(sections, key=lambda title: ORDER.index(title) if title in ORDER else len(ORDER))
    return "\n\n".join([summary] + [f"{title}\n{'-' * len(title)}\n{sections[title]}" for title in ordered]) + "\n"
