"""The line of a Pico: damage in front of a silence neither stops the board nor costs it a later frame."""

from pathlib import Path

import pytest

from amu.wire import codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer, Text
from groundstation.boards import provision
from groundstation.boards.provision import Swarm
from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip

pytestmark = pytest.mark.long

SWARM = Swarm(cluster=b"line", replica_count=4, master=b"m" * 32, tick_ms=20)
BOARD = 1
SILENCE_SECONDS = 12  # the watchdog bites after 8
ANNOUNCED = [  # by a code byte that is damaged, or by the bytes behind it
    b"\x00\xf0abc",
    b"\x00\xff",
    b"\x00\x02a\xfe",
    b"\x41",
]


class FlyingPico:
    """Firmware with one board's configuration, and what the ground hears of it."""

    def __init__(self, image: Path) -> None:
        self._unsent = bytearray()
        self._framer = Framer()
        store = {f"store/{name}": data for name, data in provision.commissioned_files().items()}
        files = {**pico_files.firmware(), "config.cbor": provision.configuration(SWARM, BOARD), **store}
        self.chip = PicoChip(image, pico_files.make(files), "AMU-0001", 1, self._take)

    def _take(self, most: int) -> bytes:
        data = bytes(self._unsent[:most])
        del self._unsent[:most]
        return data

    def send(self, data: bytes) -> None:
        self._unsent += data

    def hello(self, nonce: int) -> bytes:
        payload = codec.encode(nonce, m.Hello(nonce))
        tag = provision.ground_keyring(SWARM).seal(frames.TELECOMMAND, BOARD, payload)
        return frames.build(frames.TELECOMMAND, 255, BOARD, tag, payload)

    def heard(self, seconds: float) -> list[m.Message]:
        """The board's messages to the ground in that time."""
        self.chip.advance(round(seconds * NANOS))
        self._framer.push(self.chip.receive())
        found = []
        while (item := self._framer.next()) is not NEED_BYTES:
            if isinstance(item, Text) and item.data == b"power came back\n":
                continue  # why it booted
            assert isinstance(item, frames.Frame), item
            if item.traffic != frames.FLIGHT:
                found += [message for _, message in codec.decode(item.traffic, item.payload)]
        return found


def nonces(messages: list[m.Message]) -> list[int]:
    return [message.nonce for message in messages if isinstance(message, m.Identity)]


@pytest.mark.parametrize("damage", ANNOUNCED, ids=bytes.hex)
def test_damage_and_then_silence(pico_image: Path, damage: bytes) -> None:
    pico = FlyingPico(pico_image)
    pico.send(pico.hello(1))
    assert nonces(pico.heard(3)) == [1]
    pico.send(damage)
    ticks = [message.ticks for message in pico.heard(SILENCE_SECONDS) if isinstance(message, m.Health)]
    assert len(ticks) >= SILENCE_SECONDS / 2 - 1, "the board stood still"
    pico.send(pico.hello(2))
    assert nonces(pico.heard(0.2)) == [2]
    assert pico.chip.resets == 0


def test_damage_delays_the_frame_behind_it_by_half_a_second_at_most(pico_image: Path) -> None:
    pico = FlyingPico(pico_image)
    pico.send(pico.hello(1))
    assert nonces(pico.heard(3)) == [1]
    pico.send(b"\x00\xf0abc" + pico.hello(2))
    assert nonces(pico.heard(0.6)) == [2]
    pico.send(pico.hello(3))
    assert nonces(pico.heard(0.1)) == [3]
