"""Which actions did a run take? Parses the output of TLC's `-coverage 1`.

TLC splits the next-state relation into actions and prints a line for each, `<Name line .. of module M>: 2:7`: it made 7
states, 2 of them new. An action that made none was never taken: its guard is never true within the bounds, so nothing
about it was checked. A disjunct that TLC cannot split has the name of the definition around it, and its own location in
parentheses. All other lines are about parts of actions and are ignored: TLC folds a part that was never evaluated into
its neighbours, so they cannot show vacuity (`probes` does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ACTION = re.compile(
    r"^<(\w+) line (\d+), col (\d+) to line (\d+), col (\d+) of module (\w+)"
    r"(?: \((\d+) (\d+) (\d+) (\d+)\))?>: (\d+):(\d+)",
    re.MULTILINE,
)
_REPORT = "The coverage statistics at"


@dataclass(frozen=True)
class Part:
    """A span of a module's text. Lines and columns count from 1; the last column is included."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int

    def names(self, path: Path) -> list[str]:
        """The names in this span of the file `path`, in order, without duplicates."""
        lines = path.read_text(encoding="utf-8").split("\n")[self.first_line - 1 : self.last_line]
        if not lines:
            return []
        lines[-1] = lines[-1][: self.last_column]
        lines[0] = lines[0][self.first_column - 1 :]
        return list(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", "\n".join(lines))))


@dataclass(frozen=True)
class ActionCount:
    """How often an action was taken: `distinct` new states, `generated` states in total. `line` is that of its
    definition, or of the disjunct `part` if it has no name of its own."""

    name: str
    module: str
    line: int
    distinct: int
    generated: int
    part: Part | None = None


def actions(output: str) -> list[ActionCount]:
    """The actions in TLC's last coverage report, in its order. Counts of one action in several contexts are added."""
    report = output[max(output.rfind(_REPORT), 0) :]
    found: dict[tuple[str, str, int], ActionCount] = {}
    for match in _ACTION.finditer(report):
        name, module = match[1], match[6]
        numbers = [int(number) for number in match.groups()[6:10] if number is not None]
        part = Part(*numbers) if numbers else None
        line = part.first_line if part else int(match[2])
        before = found.get((name, module, line))
        distinct, generated = int(match[11]), int(match[12])
        if before is not None:
            distinct, generated = distinct + before.distinct, generated + before.generated
        found[name, module, line] = ActionCount(name, module, line, distinct, generated, part)
    return list(found.values())
