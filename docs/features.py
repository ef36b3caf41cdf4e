"""Pages under specs/ as the site shows them: diagrams as pictures, and a feature's pages below its first one."""

import re
from itertools import count

from sphinx.application import Sphinx

# Page: the pages below it, relative to its folder.
BELOW = {
    "README": ("*/happy_path",),
    "decisions/README": ("*",),
    "happy_path": ("architecture", "behavior", "diagrams", "properties", "verification_summary"),
}
_MERMAID = re.compile(r"^```mermaid[ \t]*\n.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)


def as_pictures(text: str) -> str:
    """`text` with its n-th mermaid block replaced by diagrams/<n>.svg, which `make diagrams` has rendered; n from 1."""
    numbers = count(1)
    return _MERMAID.sub(lambda _: f"![diagram](diagrams/{next(numbers)}.svg)", text)


def with_table_of_contents(text: str, below: tuple[str, ...]) -> str:
    """`text` with an entry in the table of contents for each page of `below`."""
    return "\n".join([text, "```{toctree}", ":hidden:", ":glob:", "", *below, "```", ""])


def _on_source_read(app: Sphinx, page: str, source: list[str]) -> None:
    folder, _, name = page.partition("/")
    if folder == "specs":
        below = BELOW.get(name) or BELOW.get(name.rpartition("/")[2], ())
        source[0] = with_table_of_contents(as_pictures(source[0]), below)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _on_source_read)
    return {"parallel_read_safe": True}
