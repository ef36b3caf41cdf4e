"""Which slots cannot be judged because boards acted before the trace began.

Theory. A ground station may join a flying swarm without the record of the station before it. It then sees votes whose
quorums, proposals and decisions were cast earlier. In a slot in which a board may have acted before, a step that the
module does not allow may be due to an event that nobody recorded, so the slot cannot be judged. From some slot on, no
board acted before the trace; those slots are judged in full. Boards acted before the trace at most in slots

    of a board that was seen to apply s        up to s + 2 windows
    of a board whose position is unknown       it had applied at most what was decided. A quorum voted for that, so some
                                               board of known position voted for it, within its window, unless more
                                               than f positions are unknown
"""

from __future__ import annotations

from dataclasses import dataclass, field

from specs.checking.swarm import Swarm
from specs.checking.trace import Event


@dataclass
class Beginning:
    """Feed it the events of honest replicas, and the ground station's events about them, in file order."""

    swarm: Swarm
    past: set[int] = field(default_factory=set)  # nodes that acted before the trace
    told_from: int = 0  # the last slot that must not be judged, as the ground station says
    _heard: set[int] = field(default_factory=set)  # nodes with an event in the trace
    _position: dict[int, int] = field(default_factory=dict)  # node -> the first slot that it was seen to apply

    def attach(self, event: Event) -> bool:
        """The run joined a board. Returns whether this is the first event about it."""
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
        """An event of a replica. Returns whether it is the first event of a board that acted before the trace."""
        node = event.node
        if node in self.past and event.name in ("Apply", "Adopt"):
            self._position.setdefault(node, event.fields["slot"])
        if node in self._heard:
            return False
        self._heard.add(node)
        is_boot = event.name == "Boot" and event.seq == 0
        if is_boot and event.fields["journal"] == "fresh":
            self.past.discard(node)  # the run attached to it, but it had only just started
        elif is_boot:
            self.past.add(node)
            return True
        return False

    def last_slot_begun(self, last_slot: int) -> int:
        """The last slot in which a board may have acted before the trace; 0 if the trace is complete.

        `last_slot`: the highest slot that the trace mentions.
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
        """What cannot be judged, in words. `last_slot`: what `last_slot_begun` returned."""
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
