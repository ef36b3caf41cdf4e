"""Power is cut at every byte that a replica writes during some slots; after the reboot it must know its votes."""

from typing import Any

from amu.boards.host import Decoded, MemoryStore, PowerCut, Settings, wake
from amu.core.limits import GROUND
from amu.node.journal import Journal
from amu.wire.messages import Request, Status, Vote

SLOTS = 3
VICTIM = 1


class Run:
    """Four nodes, delivery in order, no loss; the victim's flash dies after `cut` bytes and it reboots at once."""

    slots = SLOTS

    def __init__(self, cut: int | None) -> None:
        self.stores = [MemoryStore() for _ in range(4)]
        for store in self.stores:
            Journal(store).commission()
        self.votes: dict[tuple[int, int, int], set[bytes]] = {}  # what the victim was heard to vote
        self.reboots = 0
        self.written = 0
        self.flying: list[tuple[int, int, int, object]] = []
        self.nodes: list[Any] = [None] * 4
        self.runtimes: list[Any] = [None] * 4
        self.stores[VICTIM] = MemoryStore(self.stores[VICTIM].files, cut_after_bytes=cut)
        for i in range(4):
            self.boot(i)
        for i in range(4):
            self.perform(i)
        for operation in range(1, self.slots + 1):
            for i in range(4):
                self.flying.append((GROUND, i, operation, Request(1, operation, ["noop"])))
            self.settle()

    def settle(self) -> None:
        for _ in range(60):
            while self.flying:
                source, destination, lamport, message = self.flying.pop(0)
                self.nodes[destination].step(source, lamport, message)
                self.perform(destination)
            for i in range(4):
                self.nodes[i].tick()
                self.perform(i)

    def boot(self, i: int) -> None:
        self.nodes[i], journal = wake(Settings(i, 4), self.stores[i], 9)
        self.runtimes[i] = Decoded(self.nodes[i], Settings(i, 4), journal, self)

    def perform(self, i: int) -> None:
        try:
            self.runtimes[i].perform()
        except PowerCut:
            self.reboot()
            return
        self.written = self.stores[VICTIM].bytes_written

    def trace(self, *told: object) -> None:
        pass

    def carry(self, source: int, destination: int, found: list[tuple[int, Any]], is_sound: bool) -> None:
        for lamport, message in found:
            if source == VICTIM:
                self.hear(message)
            if destination != GROUND:
                self.flying.append((source, destination, lamport, message))

    def hear(self, message: object) -> None:
        if isinstance(message, Vote):
            self.votes.setdefault((message.slot, message.view, message.phase), set()).add(message.value)
        if isinstance(message, Status):
            for phase, value in enumerate((message.vote1, message.vote2, message.vote3, message.vote4), 1):
                if value is not None:
                    self.votes.setdefault((message.slot, message.view, phase), set()).add(value)

    def reboot(self) -> None:
        self.reboots += 1
        self.stores[VICTIM].mend()
        self.boot(VICTIM)
        for (slot, view, phase), values in self.votes.items():
            instance = self.nodes[VICTIM].replica.find(slot)
            if instance is not None:
                hi = instance.registers.hi[phase]
                assert hi is not None, f"vote {phase} of slot {slot} was sent and is forgotten"
                assert hi[0] >= view, f"vote {phase} of slot {slot} in view {view} was sent and is forgotten"
                assert hi[0] > view or {hi[1]} == values
        self.perform(VICTIM)


def test_a_cut_at_any_byte_is_survived_and_no_vote_is_forgotten_or_cast_twice() -> None:
    whole = Run(None)
    assert [node.applied_slot for node in whole.nodes] == [SLOTS] * 4
    for cut in range(whole.written):
        run = Run(cut)
        assert run.reboots == 1
        assert all(len(values) == 1 for values in run.votes.values()), f"cut {cut}: voted twice"
        assert [node.applied_slot for node in run.nodes] == [SLOTS] * 4, f"cut {cut}: no progress"
