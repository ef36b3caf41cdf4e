"""What boards heard of the ground station's requests before they let them into the log, and whether they answered.

    TCM-5   an operation of the log has reached a correct board: the first one that proposes its body, or votes for it,
            had received in that life a request that the station sent after it was asked for the operation

Theory. A board proposes the requests that it holds, and votes for a body whose requests it holds, or for which f + 1
votes vouch (firmware/amu/consensus/replica.py, `is_valid`). The first correct board to do either cannot rest on
vouchers: f + 1 votes have one of a correct board among them. It took its copies from the ground station, and forgets
them when it restarts.

Rules
- A receipt does not tell which request arrived, so any that left after the operation was asked for may be it. Of
  clients that have another station any may.
- An operation that was applied before, or that is too old to be remembered, needs no copy.
- A vote that only a Restore tells may have been the first; so may what a board had not told when it died.
- A board answers each operation that it applies (MSG-5). Of its replies to requests that came again the trace does not
  tell the operation, so each may be about any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from amu.core.limits import GROUND
from amu.wire import messages as m
from specs.checking.ledger.steps import STALE, outcome_of
from specs.checking.run import AppliedLog, Run
from specs.checking.trace import Event

EVENTS = frozenset({"Receive", "Send", "Operation", "Propose", "Vote1", "Restore", "Apply"})
REGISTERS = ("hi1", "second1", "hi2", "second2", "hi3", "hi4")
UNTOLD = "messages were not traced"
NOTHING = -1  # below any Lamport time

Key = tuple[int, int]  # client and operation


class Requests:
    """Feed it the events of correct replicas named in EVENTS, in file order."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._heard: dict[tuple[int, int], int] = {}  # life -> when the last request that it received was sent
        # slot and value -> the first act for it, and what its board had heard; None: the first is not in the trace
        self._first: dict[tuple[int, str], tuple[Event, int] | None] = {}
        self._values: dict[int, str] = {}  # slot -> value applied
        self._applied: set[tuple[int, int, int]] = set()  # node, client, operation
        self._last: dict[int, str] = {}  # node -> name of its last event
        self._again: set[int] = set()  # nodes that answered requests for what they had applied

    def feed(self, event: Event) -> None:
        name, node, fields = event.name, event.node, event.fields
        if name == "Receive":
            if fields["from"] == GROUND and fields["kind"] == m.Request.KIND:
                life = (node, event.boot)
                self._heard[life] = max(fields["sent"], self._heard.get(life, NOTHING))
        elif name == "Send":
            if fields["to"] == GROUND and fields["kind"] == m.Reply.KIND and self._last.get(node) != "Operation":
                self._again.add(node)
        elif name == "Operation":
            self._applied.add((node, fields["client"], fields["operation"]))
        elif name == "Apply":
            self._values.setdefault(fields["slot"], fields["value"])
        elif name == "Restore":
            for register in REGISTERS:
                vote = event.fields[register]  # type: ignore[literal-required]
                if vote is not None:
                    self._first.setdefault((fields["slot"], vote[1]), None)
        else:
            heard = self._heard.get((node, event.boot), NOTHING)
            self._first.setdefault((fields["slot"], fields["value"]), (event, heard))
        self._last[node] = name

    def may_have_answered(self, node: int, key: Key) -> bool:
        """Whether the node has replied about the operation, as far as the trace tells."""
        return node in self._again or (node, *key) in self._applied

    def breaches(self, log: AppliedLog, asked: Mapping[Key, int]) -> Iterator[str]:
        """`asked`: when the station was asked for each operation."""
        seen: set[Key] = set()
        for operation in log.operations():
            key = (operation.client, operation.operation)
            is_news = key not in seen and outcome_of(operation.result) != STALE
            seen.add(key)
            first = self._first.get((operation.slot, self._values[operation.slot]))
            if not is_news or first is None:
                continue
            act, heard = first
            if heard <= asked.get(key, NOTHING):
                yield f"{act}: no request for its operation {key[1]} of client {key[0]} had reached the board"
