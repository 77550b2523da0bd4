"""The documentation as a site: `python -m sphinx -W -c docs . site` writes it to site/, without a network.

Its pages are the repository's own Markdown files, at their places, so that their links hold in both.
"""

from __future__ import annotations

from edgect import __version__

project = "edgect"
author = "The edgect authors"
copyright = "the edgect authors, Apache-2.0"
release = version = __version__

root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/**.md",
    "benchmarks/*.md",
    "tests/*.md",
    "train/*.md",
    "examples/*.md",
    "edgect/model/bundles/*/MODEL_CARD.md",
]
exclude_patterns = [".*", "site", "build", "dist", "docs/conformance"]  # which holds a template
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4
myst_enable_extensions = ["fieldlist"]

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = False

html_theme = "furo"  # nothing of it comes from elsewhere, fonts neither
html_title = f"edgect {version}"
html_extra_path = ["site"]  # index.html, which leads to the first page
html_copy_source = False
html_show_sphinx = False
