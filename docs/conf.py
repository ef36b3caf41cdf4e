"""Configuration of the documentation site: `make docs` runs Sphinx with it, over the project's Markdown files.

The project's root is the source folder, so a relative link means the same in the repository and on the site. Sphinx
checks links between pages and headings; `docs.check_site` then checks every link of the finished pages.
"""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

project = "amu-swarm"
author = "the amu-swarm project"
version = release = version_of("amu-swarm")
extensions = ["myst_parser", "docs.features", "docs.generated"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**.md", "specs/**.md"]
exclude_patterns = [".*", "build", "dist", "runs", "firmware", "groundstation", "hil", "swarm_sim", "tests"]
myst_heading_anchors = 4  # headings up to this level can be linked to, under the names that code forges give them
suppress_warnings = ["myst.header"]  # a record may go from its title to its sections in one step
nitpicky = True
smartquotes = False  # a command that is copied must work

html_theme = "furo"
html_title = "amu-swarm"
html_static_path = ["site"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "to_docs_index.html"}
templates_path = ["templates"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
pygments_style = "friendly"
pygments_dark_style = "monokai"
