"""Numbers, lines and orders in the words of the console's page, as text that no board or file can make act."""

import json
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from amu.core.limits import GROUND
from groundstation.procedures.sight import ENVELOPE
from specs.escape import escaped
from specs.verdict import INCOMPLETE, NO_PROGRESS, PASS

GOOD, BAD, OPEN, FAINT, PLAIN = "good", "bad", "open", "faint", ""
DARK = {GOOD: "#4cc38a", BAD: "#ff7b87", OPEN: "#e2b03f", FAINT: "#9fb0c0", PLAIN: ""}
LIGHT = {GOOD: "#08704c", BAD: "#b80f29", OPEN: "#8a5a00", FAINT: "#55616d", PLAIN: ""}
DIGEST_CHARACTERS = 24  # a longer text is cut
CUT_CHARACTERS = 12

Said = tuple[str, str]  # text, style: one of GOOD, BAD, OPEN, FAINT, PLAIN
Cell = str | Said


def text(cell: Cell, colours: dict[str, str]) -> Text:
    """What a cell shows. Nothing in it is markup or a control code."""
    told, style = (cell, PLAIN) if isinstance(cell, str) else cell
    return Text(escaped(told), style=colours[style])


def verdict(told: str) -> Said:
    """A verdict. Without an answer nothing has failed."""
    return told.replace("_", " "), {PASS: GOOD, NO_PROGRESS: OPEN, INCOMPLETE: OPEN}.get(told, BAD)


def seconds(value: float | None) -> str:
    """Mission seconds: 12.3 s."""
    return "-" if value is None else f"{value:.1f} s"


def span(value: float | None) -> str:
    """A span of time: 0.25 s, 12.3 s, 4 min 5 s, 3 h 2 min."""
    if value is None:
        return "-"
    if value < 1:
        return f"{value:.2g} s"
    if value < 120:
        return f"{value:.1f} s"
    if value < 7200:
        return f"{int(value // 60)} min {int(value % 60)} s"
    return f"{int(value // 3600)} h {int(value % 3600 // 60)} min"


def size(value: int | None) -> str:
    """Bytes: 86.9 kB."""
    if value is None:
        return "-"
    return "not known" if value == 0 else f"{value / 1000:.1f} kB"


def count(number: int, one: str, more: str = "") -> str:
    """1 line, 2 lines."""
    return f"{number} {one if number == 1 else more or one + 's'}"


def who(line: dict[str, Any]) -> str:
    """Whose event a line is."""
    return "ground" if line["node"] == GROUND else f"board {line['node']}"


def fields(line: dict[str, Any]) -> str:
    """The fields of an event, without those that all events have."""
    return "  ".join(f"{name} {json.dumps(value)}" for name, value in line.items() if name not in ENVELOPE)


def cut(told: str, most: int) -> str:
    """A text of at most `most` characters."""
    return told if len(told) <= most else f"{told[: most - 1]}…"


def members(row: dict[str, Any]) -> list[tuple[str, str]]:
    """All that a row says: names and values."""
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in row.items()]


def command(parts: Sequence[Any]) -> str:
    """The parts of a ledger command or of its answer; digests are cut."""
    return " ".join(_part(part) for part in parts)


def _part(part: Any) -> str:
    if isinstance(part, str) and len(part) > DIGEST_CHARACTERS:
        return f"{part[:CUT_CHARACTERS]}…"
    return "-" if part is None else str(part)


def joined(cells: Sequence[Cell], colours: dict[str, str]) -> Text:
    """Cells one after the other. A line break in one is kept."""
    found = Text()
    for told, style in ((cell, PLAIN) if isinstance(cell, str) else cell for cell in cells):
        found.append(escaped(told, keep="\n"), style=colours[style])
    return found
