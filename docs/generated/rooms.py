"""Where to find what: every package of the code with the first sentence of its docstring."""

import ast
from collections.abc import Iterator
from pathlib import Path

from docs.generated.markdown import code, plain, table

ROOT = Path(__file__).parent.parent.parent
FLOORS = ("hil", "swarm_sim", "groundstation", "specs", "firmware/amu")


def markdown() -> str:
    """A table for each floor, the top one first."""
    parts = []
    for floor in FLOORS:
        rows = [(code(f"{folder}/"), plain(sentence)) for folder, sentence in _rooms(ROOT / floor)]
        parts.append(table(("folder", "what is in it"), rows))
    return "\n".join(parts)


def _rooms(floor: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(floor.rglob("__init__.py"), key=lambda path: path.parent):
        told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        yield path.parent.relative_to(ROOT).as_posix(), told.split("\n\n")[0].partition(". ")[0].rstrip(".")
