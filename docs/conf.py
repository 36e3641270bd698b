"""The site: python -m sphinx -W -b html docs SITE."""

import os
import re
import sys
import warnings
from pathlib import Path

import latex2mathml.converter
from docutils import nodes

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

sys.path.insert(0, str(Path(__file__).parent))

from model_pages import tell_of_parts
from reference_pages import write_reference

import vaekit
from vaekit.utils._version import __version__

HERE = Path(__file__).parent
project = "vaekit"
author = "The vaekit developers"
copyright = f"2026, {author}"
release = version = __version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "contact", "**/sg_execution_times.rst", "sg_execution_times.rst"]
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme = "pydata_sphinx_theme"
html_title = "vaekit"
html_show_sourcelink = False
html_math_renderer = "mathml"
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 9,
    "navigation_with_keys": False,
}
html_context = {"default_mode": "auto"}
html_sidebars = {page: [] for page in ("index", "install", "quickstart", "choosing")}

autosummary_generate = True
autodoc_typehints = "none"
default_role = "code"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "within_subsection_order": "gallery_order.ByQuestion",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"^(?!plot_)",
    "download_all_examples": False,
    "capture_repr": ("_repr_html_",),
    "show_memory": False,
    "remove_config_comments": True,
    "show_signature": False,
    "min_reported_time": 1e9,
    "reset_modules": ("matplotlib",),
}


# ---------------------------------------------------------------------- equations without a network or a script


def _mathml(node, display):
    return latex2mathml.converter.convert(node.astext(), display=display)


def visit_inline(self, node):
    """Write an equation within a line."""
    self.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def visit_block(self, node):
    """Write an equation of its own."""
    self.body.append(f'<div class="math">{_mathml(node, "block")}</div>')
    raise nodes.SkipNode


# What a docstring says plainly and reST would read as its own: (n_rows, *event_shape), n_components_, |KL - C|.
# Equations, examples and what stands between backticks stay as they are.
MARKED = r"^(?P<indent> *)(?:\.\. math::.*|::)(?:\n(?:(?P=indent) +.*| *$))*|^ *>>>.*(?:\n.*\S.*)*|`[^`]*`"
PLAIN = r"(?<![\w*\\])\*(?=[a-z_]+[),])|(?<=\w)_(?=[^\w*]|$)|(?<!\\)\|(?=\S)"
WORDS = re.compile(f"(?P<marked>{MARKED})|{PLAIN}", re.MULTILINE)


def escape_plain_words(app, what, name, object, options, lines):
    """Have a star, a closing underscore and a bar be what they look like."""
    text = WORDS.sub(lambda found: found[0] if found["marked"] else "\\" + found[0], "\n".join(lines))
    lines[:] = text.split("\n")


def skip_foreign_members(app, what, name, object, skip, options):
    """A class tells of the methods that are written here, not of those of scikit-learn, torch and Python."""
    home = getattr(getattr(object, "fget", object), "__module__", None) or ""
    return True if not home.startswith("vaekit") else None


def setup(app):
    """Join what is ours to Sphinx."""
    app.connect("autodoc-process-docstring", tell_of_parts, priority=100)
    app.connect("autodoc-process-docstring", escape_plain_words, priority=900)
    app.connect("autodoc-skip-member", skip_foreign_members)
    warnings.filterwarnings("ignore", category=vaekit.exceptions.VaekitWarning)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    write_reference(HERE / "reference")
