"""What the checker says about a changed trace."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from specs.checking import trace
from specs.checking.check import TraceChecker
from specs.verdict import HOLDS, INCOMPLETE, VIOLATION, Verdict
from tests.mutants.traces.changes import Change
from tests.mutants.traces.runs import Line

NOT_A_TRACE, DOUBT, ACCEPTED = "not a trace", "not checked", "accepted"


@dataclass(frozen=True)
class Said:
    """`outcome`: violation, incomplete, not a trace, "not checked" (fewer properties hold), or accepted.

    `by`: the properties that are violated, or hold no more.
    """

    outcome: str
    by: tuple[str, ...] = ()
    why: str = ""

    @property
    def is_refused(self) -> bool:
        return self.outcome in (VIOLATION, NOT_A_TRACE, INCOMPLETE)


class Judge:
    """Judges changes of one sound trace. Raises ValueError if the checker has something against the trace itself."""

    def __init__(self, lines: list[Line]) -> None:
        # Lines have odd numbers, so that one more fits in between.
        self._events = [parsed(line, 2 * place + 1) for place, line in enumerate(lines)]
        self._verdict = check(self._events)
        if self._verdict.violations or self._verdict.missing:
            raise ValueError(f"not a sound trace: {[*self._verdict.violations, *self._verdict.missing][0]}")

    def ask(self, change: Change) -> Said:
        try:
            verdict = check(self._changed(change))
        except trace.TraceError as error:
            return Said(NOT_A_TRACE, (), str(error))
        violated = tuple(dict.fromkeys(text.split(":")[0] for text in verdict.violations))
        if violated:
            return Said(VIOLATION, violated, verdict.violations[0])
        if verdict.missing:
            return Said(INCOMPLETE, (), verdict.missing[0])
        held = self._verdict.invariants
        lost = tuple(name for name, state in held.items() if state == HOLDS and verdict.invariants[name] != HOLDS)
        return Said(DOUBT, lost) if lost else Said(ACCEPTED)

    def _changed(self, change: Change) -> Iterable[trace.Event]:
        for place, event in enumerate(self._events):
            if place not in change.replaced:
                yield event
            else:
                number = event.line
                for line in change.replaced[place]:
                    yield parsed(line, number)
                    number += 1


def parsed(line: Line, number: int) -> trace.Event:
    return trace.parse(json.dumps(line), number)


def check(events: Iterable[trace.Event]) -> Verdict:
    checker = TraceChecker()
    for event in events:
        checker.feed(event)
    return checker.conclude()
