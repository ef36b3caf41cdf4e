"""Which actions a run has taken: what TLC's `-coverage 1` tells of them.

TLC prints a line for each action in which it has split the next-state relation, `<Name line .. of module M>: 2:7`: it
has made 7 states, 2 of them new. An action that has made none was never taken: its guard is never true within the
bounds, so nothing that is said of it was checked. A disjunct that TLC cannot split has the name of the definition
around it, and its own place in parentheses. All other lines are about parts, and are left alone: a part that was never
evaluated is folded into its neighbours, so they cannot tell vacuity (`probes` does).
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
    """A piece of a module's text; lines and columns from 1, the last column included."""

    first_line: int
    first_column: int
    last_line: int
    last_column: int

    def names(self, path: Path) -> list[str]:
        """The names in this piece of the file `path`, each once, in order."""
        lines = path.read_text(encoding="utf-8").split("\n")[self.first_line - 1 : self.last_line]
        if not lines:
            return []
        lines[-1] = lines[-1][: self.last_column]
        lines[0] = lines[0][self.first_column - 1 :]
        return list(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", "\n".join(lines))))


@dataclass(frozen=True)
class ActionCount:
    """How often an action was taken: `distinct` new states and `generated` states in all. `line` is its definition's,
    or that of the disjunct `part` if it has no name of its own."""

    name: str
    module: str
    line: int
    distinct: int
    generated: int
    part: Part | None = None


def actions(output: str) -> list[ActionCount]:
    """The actions in TLC's last coverage report, in its order. The same action in several contexts is one."""
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
