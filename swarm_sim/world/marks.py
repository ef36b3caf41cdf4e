"""Coverage marks: rare states that a campaign must reach, so that finding nothing means something.

A run that reaches such a state sets its mark; tests/properties/swarm_sim/test_marks.py names a seed for each mark.
"""

from collections.abc import Callable, Mapping

from specs.checking.schema import Fields
from specs.checking.trace import Event

VIEW_HIGH = 4
BACKLOG = 16  # operations that wait at the same time
REASONS = {
    "rate": "frames refused for their rate",
    "mac": "frame refused for its tag",
    "lamport": "message refused for its Lamport time",
    "not the leader": "proposal of somebody who does not lead",
    "ahead of the window": "message from beyond the window",
}
JOURNALS = {
    "torn": "torn journal recovered",
    "unreadable": "vote state unreadable: silent",
    "blank": "boot without memory",
}
EVENTS = {
    "Learn": "decision learned from f + 1 replies",
    "Adopt": "state taken over",
    "Rejoin": "rejoined after amnesia",
    "Checkpoint": "checkpoint",
    "Suspicion": "peer suspected",
    "Heard": "suspicion lifted",
    "MutexEnter": "turn taken",
    "SnapshotDone": "snapshot completed",
    "SnapshotAbandoned": "snapshot abandoned",
    "ChannelRestart": "channel to a restarted peer",
    "PowerCut": "power cut in mid-write",
    "BoardCrash": "flash failed in flight",
    "Erase": "flash erased",
}
OTHERS = (
    "view change",
    f"view {VIEW_HIGH} or higher",
    "decided in a later view",
    "proposed again after a view change",
    "two values voted for in a slot",
    "restored registers of an open slot",
    "refused operation",
    "operation decided in two slots",
    "all boards down",
    "backlog of operations",
    "line held no more frames",
)
NAMES = (*REASONS.values(), *JOURNALS.values(), *EVENTS.values(), *OTHERS)


class Marks:
    """Feed it every event but Send and Receive. `faulty`: boards whose own steps set no mark."""

    def __init__(self, faulty: frozenset[int]) -> None:
        self._faulty = faulty
        self._reached: set[str] = set()
        self._first_votes: dict[int, str] = {}  # slot -> value of the first vote seen there
        self._operations: dict[tuple[int, int], int] = {}  # (client, number) -> slot
        self._open_operations = 0
        self._down: set[int] = set()
        self._boards = 0

    def reached(self, fates: Mapping[str, int]) -> tuple[str, ...]:
        """All marks of the run, in the order of NAMES. `fates`: the network's counts, for marks that are not events."""
        if fates.get("link busy"):
            self._reached.add("line held no more frames")
        return tuple([name for name in NAMES if name in self._reached])

    def feed(self, event: Event) -> None:
        name = event.name
        if event.node in self._faulty:
            return
        known = EVENTS.get(name)
        if known is not None:
            self._reached.add(known)
        look = _LOOKS.get(name)
        if look is not None:
            look(self, event.fields)

    def _on_start(self, fields: Fields) -> None:
        self._boards = fields["replica_count"]

    def _on_death(self, fields: Fields) -> None:
        self._down.add(fields["board"])
        if len(self._down) == self._boards:
            self._reached.add("all boards down")

    def _on_telecommand(self, fields: Fields) -> None:
        self._open_operations += 1 if fields["stage"] == "queued" else -1
        if self._open_operations >= BACKLOG:
            self._reached.add("backlog of operations")

    def _on_board_start(self, fields: Fields) -> None:
        self._down.discard(fields["board"])

    def _on_boot(self, fields: Fields) -> None:
        known = JOURNALS.get(fields["journal"])
        if known is not None:
            self._reached.add(known)

    def _on_refuse(self, fields: Fields) -> None:
        known = REASONS.get(fields["reason"])
        if known is not None:
            self._reached.add(known)

    def _on_view(self, fields: Fields) -> None:
        self._reached.add("view change")
        if fields["view"] >= VIEW_HIGH:
            self._reached.add(f"view {VIEW_HIGH} or higher")

    def _on_propose(self, fields: Fields) -> None:
        if fields["view"] > 0:
            self._reached.add("proposed again after a view change")

    def _on_vote(self, fields: Fields) -> None:
        if self._first_votes.setdefault(fields["slot"], fields["value"]) != fields["value"]:
            self._reached.add("two values voted for in a slot")

    def _on_decide(self, fields: Fields) -> None:
        if fields["view"] > 0:
            self._reached.add("decided in a later view")

    def _on_restore(self, fields: Fields) -> None:
        self._reached.add("restored registers of an open slot")

    def _on_operation(self, fields: Fields) -> None:
        if fields["result"][:1] == ["refused"]:
            self._reached.add("refused operation")
        key = (fields["client"], fields["operation"])
        if self._operations.setdefault(key, fields["slot"]) != fields["slot"]:
            self._reached.add("operation decided in two slots")


_LOOKS: Mapping[str, Callable[[Marks, Fields], None]] = {
    "RunStart": Marks._on_start,
    "Telecommand": Marks._on_telecommand,
    "BoardKill": Marks._on_death,
    "PowerCut": Marks._on_death,
    "BoardStart": Marks._on_board_start,
    "Boot": Marks._on_boot,
    "Refuse": Marks._on_refuse,
    "EnterView": Marks._on_view,
    "Propose": Marks._on_propose,
    "Vote1": Marks._on_vote,
    "Decide": Marks._on_decide,
    "Restore": Marks._on_restore,
    "Operation": Marks._on_operation,
}
