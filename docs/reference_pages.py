"""The pages of the reference, written from what the rooms make public: nothing is listed by hand."""

import importlib

import vaekit

__all__ = ["public_names", "write_reference"]

PAGE = """{title}
{line}

.. automodule:: {module}

.. currentmodule:: {module}

.. autosummary::
   :toctree: generated
   :nosignatures:

{names}
"""
INDEX = """Reference
=========

All that is public, by the room that it is imported from.

.. toctree::
   :maxdepth: 1

{names}
"""


def public_names():
    """Names by module; what `vaekit` itself offers stands there alone."""
    found = {"vaekit": sorted(vaekit.estimators.__all__) + vaekit.BATCHING}
    for room in vaekit.FOLDERS:
        module = importlib.import_module(f"vaekit.{room}")
        own = [name for name in module.__all__ if name not in found["vaekit"] and callable(getattr(module, name))]
        found |= {module.__name__: own} if own else {}
    return found


def write_reference(folder):
    """Write a page for each module, and one that leads to them; pages that are as they should be stay untouched."""
    folder.mkdir(exist_ok=True)
    for module, names in public_names().items():
        _write(folder / f"{module}.rst", PAGE.format(
            title=module, line="=" * len(module), module=module, names=_listed(names)
        ))  # fmt: skip
    _write(folder / "index.rst", INDEX.format(names=_listed(public_names())))


def _listed(names):
    return "\n".join(f"   {name}" for name in names)


def _write(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
