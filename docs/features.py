"""Pages under specs/ as the site shows them: diagrams as pictures, and links between the pages of a feature.

They are not in the sidebar: a hundred more entries would make it useless, and triple the time of a build. The tables
of specs/README.md and specs/decisions/README.md lead to them.
"""

import re
from itertools import count

from sphinx.application import Sphinx

PAGES = {
    "happy_path": "happy path",
    "architecture": "architecture",
    "behavior": "behaviour",
    "diagrams": "diagrams",
    "properties": "properties",
    "verification_summary": "verification",
}
_MERMAID = re.compile(r"^```mermaid[ \t]*\n.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)


def as_pictures(text: str) -> str:
    """`text` with its n-th mermaid block replaced by diagrams/<n>.svg, which `make diagrams` has rendered; n from 1."""
    numbers = count(1)
    return _MERMAID.sub(lambda _: f"![diagram](diagrams/{next(numbers)}.svg)", text)


def with_links(text: str, links: str) -> str:
    """A page outside of the table of contents, with `links` below its title."""
    title, _, rest = text.partition("\n")
    return f"---\norphan: true\n---\n{title}\n\n{links}\n{rest}"


def shown(page: str, text: str) -> str:
    """`text` of `page` (path without its ending) as the site shows it."""
    _, _, inner = page.partition("specs/")
    folder, _, name = inner.rpartition("/")
    if not folder or name == "README":
        return text
    if folder == "decisions":
        return with_links(text, "[all decision records](README.md)")
    links = [told if name == other else f"[{told}]({other}.md)" for other, told in PAGES.items()]
    return with_links(as_pictures(text), " | ".join(["[all features](../README.md)", *links]))


def _on_source_read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = shown(page, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _on_source_read)
    return {"parallel_read_safe": True}
