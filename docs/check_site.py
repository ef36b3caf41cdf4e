"""Checks the links of a built site: each page, file and anchor must exist, and nothing may load from a network.

    python -m docs.check_site FOLDER

Addresses of other sites may be linked to, and are not visited. Exit codes: 0 sound, 1 a broken link, 2 no site there.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser follows on a click, and what it loads unasked.
FOLLOWED = {("a", "href")}
LOADED = {("img", "src"), ("script", "src"), ("link", "href"), ("source", "src"), ("object", "data"), ("use", "href")}
NOT_LOADED_RELATIONS = {"canonical", "next", "prev", "index", "search", "author", "copyright"}


@dataclass
class Page(HTMLParser):
    """The anchors of one page, and its links as (line, address, whether it is loaded)."""

    anchors: set[str] = field(default_factory=set)
    links: list[tuple[int, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        self.anchors.update(value for name, value in told.items() if name == "id" or (tag, name) == ("a", "name"))
        for name, value in told.items():
            if (tag, name) in FOLLOWED | LOADED:
                is_loaded = (tag, name) in LOADED and told.get("rel") not in NOT_LOADED_RELATIONS
                self.links.append((self.getpos()[0], value, is_loaded))


def read(path: Path) -> Page:
    """Parse one page."""
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def broken_links(folder: Path) -> Iterator[str]:
    """A line for each broken link of the site in `folder`: page, line, address, and what is wrong with it."""
    root = folder.resolve()
    pages = {path: read(path) for path in sorted(root.rglob("*.html"))}
    for path, page in pages.items():
        for line, address, is_loaded in page.links:
            problem = _problem(root, path, address, is_loaded, pages)
            if problem is not None:
                yield f"{path.relative_to(root)}:{line}: {address}: {problem}"


def _problem(root: Path, page: Path, address: str, is_loaded: bool, pages: dict[Path, Page]) -> str | None:
    parts = urlsplit(address)
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return "is loaded from a network" if is_loaded else None
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.is_relative_to(root):
        return "leads out of the site"
    if not target.is_file():
        return "there is no such file"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "there is no such anchor"
    return None


def main(arguments: list[str]) -> int:
    """Print each broken link, then a summary."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "index.html").is_file():
        print("docs: want the folder of a built site; build one with: make docs", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    broken = list(broken_links(folder))
    for line in broken:
        print(line)
    print(f"docs: {len(list(folder.rglob('*.html')))} pages, {len(broken)} broken links; open {folder}/index.html")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
