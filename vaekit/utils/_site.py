"""Where words are explained: their page on the site that the package names, else the paper they come from."""

import functools
import importlib.metadata
import itertools
import re

from vaekit.utils._docstrings import split_sections

__all__ = ["Linked", "link_of"]

ADDRESS = re.compile(r"https?://[^\s,;)]+[^\s,;).]")


@functools.cache
def site():
    """The address of the pages, as the package's metadata name it; empty where they name none."""
    try:
        urls = importlib.metadata.metadata("vaekit").get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:  # a tree that is not installed
        return ""
    named = dict(url.split(", ", 1) for url in urls)
    return named.get("Documentation", "").rstrip("/")


class Linked:
    """What scikit-learn's diagrams link to."""

    _doc_link_module = "vaekit"

    @property
    def _doc_link_template(self):
        return f"{site()}/reference/generated/{{page}}.html" if site() else ""

    def _doc_link_url_param_generator(self):
        """The one path that the reference knows a class by."""
        room = ".".join(itertools.takewhile(lambda part: not part.startswith("_"), type(self).__module__.split(".")))
        return {"page": f"{room.removesuffix('.estimators')}.{type(self).__name__}"}


def link_of(word):
    """Address of a word's page, else of the paper that its docstring cites first; empty where there is neither."""
    page = word._get_doc_link()
    if page:
        return page
    references = split_sections(type(word).__doc__)[1].get("References", "")
    found = ADDRESS.search(" ".join(references.split()))
    return found[0] if found else ""
