"""What a trace leaves untold of the time before it: boards that were running, or had a past on their flash.

Theory. A ground station that joins a flying swarm without the record of the one before it sees votes whose quorums,
proposals and decisions were cast earlier. A slot in which a board may have acted before cannot be judged: what is not
allowed may only lack what nobody recorded. From some slot on nothing was begun before; those are judged in full.

    acted by a board that was seen to have applied s      up to s + 2 windows
    acted by one of which no position is known            it had applied at most what was decided; what was decided was
                                                          voted for by a quorum, so by a board of known position, in its
                                                          window, unless more than f positions are unknown
"""

from __future__ import annotations

from dataclasses import dataclass, field

from specs.checking.swarm import Swarm
from specs.checking.trace import Event


@dataclass
class Beginning:
    """Feed it the events of honest replicas, and what the ground tells of them, in file order."""

    swarm: Swarm
    past: set[int] = field(default_factory=set)  # nodes of which something is untold
    told_from: int = 0  # the ground station's own word on the last slot that must not be judged
    _heard: set[int] = field(default_factory=set)  # nodes of which an event was told
    _position: dict[int, int] = field(default_factory=dict)  # node -> the first slot that it was seen to apply

    def attach(self, event: Event) -> bool:
        """The run joined a board. Returns whether that is the first word of it."""
        self.told_from = max(self.told_from, _slot(event.fields.get("checked_from")))
        node = event.fields["board"]
        if node in self._heard or node not in self.swarm.honest:
            return False
        self.past.add(node)
        return True

    def health(self, event: Event) -> None:
        """A board's report of its position."""
        if event.fields["board"] in self.past:
            self._position.setdefault(event.fields["board"], event.fields["applied_slot"])

    def feed(self, event: Event) -> bool:
        """An event of a replica. Returns whether it is the first word of a board with a past."""
        node = event.node
        if node in self.past and event.name in ("Apply", "Adopt"):
            self._position.setdefault(node, event.fields["slot"])
        if node in self._heard:
            return False
        self._heard.add(node)
        is_boot = event.name == "Boot" and event.seq == 0
        if is_boot and event.fields["journal"] == "fresh":
            self.past.discard(node)  # it was attached to, but it had only just begun
        elif is_boot:
            self.past.add(node)
            return True
        return False

    def last_slot_begun(self, last_slot: int) -> int:
        """The last slot in which something may have happened before the trace; 0 if it tells everything.

        `last_slot`: the highest of which the trace tells anything.
        """
        if not self.past:
            return self.told_from
        windows = 2 * self.swarm.window_slots
        known = [self._position[node] for node in self.past if node in self._position]
        unheard = set(self.swarm.honest) - self._heard
        untold = (self.past | unheard) - self._position.keys()
        if len(untold) > self.swarm.faults_max or not known:
            return max(self.told_from, last_slot)
        ahead = self.swarm.window_slots if untold else 0
        return max(self.told_from, max(known) + windows + ahead)

    def untold(self, last_slot: int) -> list[str]:
        """What cannot be judged, in words; `last_slot` is that of `last_slot_begun`."""
        if not self.past:
            return [f"slots up to {last_slot} were not checked: so the ground station wants it"] if last_slot else []
        boards = ", ".join(map(str, sorted(self.past)))
        return [
            f"what boards {boards} did before this trace began is not in it",
            f"slots up to {last_slot} were not checked: they may have begun before the trace",
            f"channels, turns, snapshots and levels of suspicion of boards {boards} were not checked before each boot",
        ]


def _slot(told: object) -> int:
    return told if type(told) is int and told > 0 else 0
