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
    "navigation_with_keys": False,
}
html_sidebars = {"index": []}

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"/(?!plot_)[^/]+\.py$",
    "download_all_examples": False,
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


STARRED = re.compile(r"(?<=[(, ])\*(?=[a-z_]+[),])")  # the shape of rows: (n_rows, *event_shape)


def escape_shapes(app, what, name, object, options, lines):
    """Have a star in a shape be a star."""
    lines[:] = [STARRED.sub(r"\\*", line) for line in lines]


def setup(app):
    """Join what is ours to Sphinx."""
    app.connect("autodoc-process-docstring", escape_shapes, priority=100)
    warnings.filterwarnings("ignore", category=vaekit.exceptions.VaekitWarning)
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    write_reference(HERE / "reference")
