"""A board on UART0 hears every frame, although its flash takes time and no interrupts while it persists each vote."""

from pathlib import Path

import pytest

from amu.boards import config
from amu.consensus import bodies
from amu.wire import auth, codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import provision
from groundstation.boards.provision import Swarm
from hil.boards.emulated import pico_files
from hil.boards.emulated.adapter import CHARACTER_BITS
from hil.boards.emulated.pico_chip import NANOS, PicoChip
from hil.boards.uart import prompt

pytestmark = pytest.mark.long

BOARD = 1
OTHERS = (0, 2, 3)
BAUD = 921_600
MILLISECOND = NANOS // 1000
FLASH_NANOS = (700_000, 45 * MILLISECOND)  # a page, a block: what data sheets call typical
SWARM = Swarm(cluster=b"line", replica_count=4, master=b"m" * 32, journal=config.PAGES, trace_messages=False)
BOOT_SECONDS = 20  # it makes its ring of pages, block by block
SLOTS = 12
PAUSE_MILLISECONDS = 12


class Ground:
    """The ground station and the other replicas, at the other end of the board's line."""

    def __init__(self, image: Path) -> None:
        store = {f"store/{name}": data for name, data in provision.commissioned_files(SWARM.journal).items()}
        files = {
            **pico_files.firmware(),
            **store,
            "config.cbor": provision.configuration(SWARM, BOARD),
            "line": b"uart",
            prompt.FILE: prompt.text(BAUD).encode(),
        }
        self.texts: list[bytes] = []
        self.heard: list[m.Message] = []
        self._unsent = b""
        self._framer = Framer()
        self.chip = PicoChip(
            image,
            pico_files.make(files),
            "AMU-0001",
            1,
            lambda most: b"",
            adapter=self,
            flash_nanos=FLASH_NANOS,
        )

    def take(self, nanos: int, baud: int, waiting: int) -> tuple[int, bytes]:
        if not baud:
            return 0, b""
        most = max(0, baud * nanos // (CHARACTER_BITS * NANOS) + 1 - waiting)
        data, self._unsent = self._unsent[:most], self._unsent[most:]
        return baud, data

    def give(self, data: bytes, baud: int) -> None:
        self._framer.push(data)
        while (item := self._framer.next()) is not NEED_BYTES:
            if isinstance(item, Text):
                self.texts.append(item.data)
            else:
                self.heard += [message for _, message in codec.decode(item.traffic, item.payload)]

    def send(self, message: m.Message, source: int = 255, lamport: int = 1) -> None:
        keys = auth.keyring(SWARM.master, SWARM.cluster, SWARM.epoch, source, SWARM.replica_count)
        payload, traffic = codec.encode(lamport, message), frames.traffic_of(message.KIND)
        self._unsent += frames.build(traffic, source, BOARD, keys.seal(traffic, BOARD, payload), payload)
        self.chip.advance(PAUSE_MILLISECONDS * MILLISECOND)
        assert self.chip.powered

    def health(self) -> m.Health:
        return [message for message in self.heard if isinstance(message, m.Health)][-1]


def test_no_frame_is_lost_while_votes_are_written(pico_image: Path) -> None:
    ground = Ground(pico_image)
    while not ground.heard:
        assert ground.chip.nanos < BOOT_SECONDS * NANOS
        ground.chip.advance(100 * MILLISECOND)
    written = ground.chip.flash_operations
    sent = 0
    for slot in range(1, SLOTS + 1):
        body = bodies.encode(0, [[7, slot, ["noop"]]])
        ground.send(m.Request(7, slot, ["noop"]))
        ground.send(m.Proposal(slot, 0, body), 0)
        for phase in (1, 2, 3, 4):
            for node in OTHERS:
                ground.send(m.Vote(slot, 0, phase, bodies.value_of(slot, body)), node, 10 * slot + phase)
        sent += 2 + 4 * len(OTHERS)
    ground.chip.advance(5 * NANOS)
    assert ground.chip.powered
    health = ground.health()
    assert ground.chip.flash_operations > written
    assert (health.applied_slot, health.frames_bad) == (SLOTS, 0)
    assert health.frames_in >= sent
    assert not any(b"input lost" in text for text in ground.texts)
