"""Which actions a run has taken: what TLC's `-coverage 1` tells of them.

TLC prints a line for each action in which it has split the next-state relation, `<Name line .. of module M>: 2:7`: it
has made 7 states, 2 of them new. An action that has made none was never taken: its guard is never true within the
bounds, so nothing that is said of it was checked. Every other line is about parts of it, and is left alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# The second place stands where the name is that of an enclosing definition: a nameless disjunct of it.
_ACTION = re.compile(
    r"^<(\w+) line (\d+), col \d+ to line \d+, col \d+ of module (\w+)(?: \((\d+) \d+ \d+ \d+\))?>: (\d+):(\d+)",
    re.MULTILINE,
)
_REPORT = "The coverage statistics at"


@dataclass(frozen=True)
class ActionCount:
    """How often an action was taken: `distinct` new states and `generated` states in all. `line` is its definition's,
    or that of a disjunct without a name."""

    name: str
    module: str
    line: int
    distinct: int
    generated: int


def actions(output: str) -> list[ActionCount]:
    """The actions in TLC's last coverage report, in its order, each once: the same action in several contexts is one."""
    report = output[max(output.rfind(_REPORT), 0) :]
    found: dict[tuple[str, str, int], ActionCount] = {}
    for name, line, module, part, distinct, generated in _ACTION.findall(report):
        key = (name, module, int(part or line))
        before = found.get(key, ActionCount(*key, 0, 0))
        found[key] = ActionCount(*key, before.distinct + int(distinct), before.generated + int(generated))
    return list(found.values())
