"""The sentence that an estimator is a name for, as notebooks show it."""

import html

from sklearn.utils import estimator_html_repr

from vaekit.estimators._words import VOCABULARIES
from vaekit.utils._site import link_of

__all__ = ["SentenceMixin"]

PARTS = ("objective", "prior", "posterior", "likelihood", "network")
LONGEST = 70  # characters of a word with its parameters
BOX, WORD = "display:flex;flex-wrap:wrap;gap:4px 14px;margin:4px 0 8px;font-size:0.95em", "display:inline-block"
SMALL = "font-size:0.75em;opacity:0.7"


class SentenceMixin:
    """Notebooks show the words, with links to their pages, above scikit-learn's diagram."""

    def _html_repr(self):
        return sentence_html(self) + estimator_html_repr(self)


def sentence_html(estimator):
    """Return the sentence as HTML; nothing of an estimator whose parameters make none (`fit` says why)."""
    try:
        words = words_of(estimator)
    except Exception:  # whatever parameters it was given: to be shown is no occasion to fail
        return ""
    boxes = f'<span style="{WORD};padding:0 2px"> &times; </span>'.join(_box(*pair) for pair in words.items())
    name = html.escape(type(estimator).__name__)
    return f'<div class="vaekit-sentence" style="{BOX}"><b>{name}</b> = {boxes}</div>'


def words_of(estimator):
    """The words by what they are: those that were used, once fitted; before that, what the parameters mean."""
    if estimator.__sklearn_is_fitted__():
        blueprint = estimator._blueprint
        return {part: getattr(blueprint, part) for part in PARTS}
    return {
        "objective": estimator._make_objective(),
        "prior": VOCABULARIES["prior"].resolve(estimator.prior),
        "posterior": estimator._make_posterior(),
        "likelihood": _or_auto(estimator, "likelihood"),
        "network": _or_auto(estimator, "network"),
    }


def _or_auto(estimator, name):
    value = getattr(estimator, name)
    return value if isinstance(value, str) and value == "auto" else VOCABULARIES[name].resolve(value)


def _box(part, word):
    words = " ".join((word if isinstance(word, str) else repr(word)).split())
    words = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
    link = "" if isinstance(word, str) else link_of(word)
    shown = html.escape(words.removesuffix("()"))
    if link:
        shown = f'<a href="{html.escape(link)}" target="_blank" rel="noopener">{shown}</a>'
    return f'<span style="{WORD}">{shown}<br><span style="{SMALL}">{part}</span></span>'
