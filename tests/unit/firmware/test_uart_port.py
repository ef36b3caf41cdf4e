"""UART0's port: what the channel has put into the ring is read once, in order; lost input is counted and reported."""

import importlib
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ERRORS = 0x40034004
TEXT = bytes(range(256))


class Channel:
    """The DMA channel: moves bytes into the ring that it was given."""

    made: "list[Channel]" = []

    def __init__(self) -> None:
        self.count = 0
        self.at = 0
        self.starts = 0
        self.made.append(self)

    def pack_ctrl(self, **fields: Any) -> dict[str, Any]:
        return fields

    def config(self, *, read: int, write: memoryview, count: int, ctrl: dict[str, Any], trigger: bool) -> None:
        assert len(write) == 1 << ctrl["ring_size"]
        assert trigger
        self.ring, self.count = write, count

    def active(self, value: int) -> None:
        self.starts += value

    def arrive(self, data: bytes) -> None:
        for byte in data:
            self.ring[self.at] = byte
            self.at = (self.at + 1) % len(self.ring)
        self.count -= len(data)


class Uart:
    def __init__(self) -> None:
        self.sent = b""
        self.room = 1 << 20

    def write(self, data: bytes) -> int | None:
        taken = bytes(data[: self.room])
        self.sent += taken
        return len(taken) or None


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    registers: dict[int, int] = {ERRORS: 0, 0x40034038: 0x70, 0x40034048: 0}
    fakes = {
        "machine": {"mem32": registers, "UART": Uart},
        "micropython": {"kbd_intr": lambda character: None},
        "rp2": {"DMA": Channel},
        "uctypes": {"addressof": lambda room: 0x20001234},
    }
    for name, members in fakes.items():
        module = ModuleType(name)
        module.__dict__.update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "amu.boards.uart", raising=False)
    Channel.made.clear()
    module = importlib.import_module("amu.boards.uart")
    made = module.UartPort(Uart(), SimpleNamespace(feed=lambda: None))
    yield made
    sys.modules.pop("amu.boards.uart", None)


def read_all(port: Any) -> bytes:
    found = b""
    while data := port.read():
        assert len(data) <= 1024
        found += data
    return found


def test_bytes_are_read_once_and_in_order_round_the_ring(port: Any) -> None:
    (channel,) = Channel.made
    assert port.read() == b""
    for _ in range(70):  # 17,920 bytes in a ring of 4,096
        channel.arrive(TEXT)
        assert read_all(port) == TEXT
    channel.arrive(TEXT * 16)  # all that it holds
    assert read_all(port) == TEXT * 16
    assert port._uart.sent == b""


def test_what_did_not_fit_is_lost_with_its_frame_and_counted(port: Any) -> None:
    (channel,) = Channel.made
    for _ in range(5):
        channel.arrive(TEXT * 16 + b"!")
        assert port.read() == b"\x00"  # whatever had begun ends here
        channel.arrive(b"\x00next\x00")
        assert read_all(port) == b"\x00next\x00"
    told = [text for text in port._uart.sent.split(b"\x00") if text]
    assert told == [b"uart: input lost, %d times so far\n" % count for count in (1, 2, 4)]


def test_what_the_chip_lost_is_counted_too(port: Any) -> None:
    (channel,) = Channel.made
    sys.modules["machine"].mem32[ERRORS] = 8
    channel.arrive(TEXT)
    assert port.read() == b"\x00"
    assert sys.modules["machine"].mem32[ERRORS] == 0
    channel.arrive(TEXT)
    assert read_all(port) == TEXT


def test_the_channel_is_started_again_when_it_has_moved_all_that_it_was_told_to(port: Any) -> None:
    (channel,) = Channel.made
    left = channel.count
    channel.arrive(TEXT)
    assert read_all(port) == TEXT
    channel.count -= left - 2 * len(TEXT)  # hours pass
    port._left = channel.count
    channel.arrive(TEXT)
    assert channel.count == 0
    assert read_all(port) == TEXT
    assert (channel.count, channel.starts) == (left, 1)
    channel.arrive(TEXT)
    assert read_all(port) == TEXT


def test_a_write_goes_out_whole_though_the_line_takes_it_in_pieces(port: Any) -> None:
    port._uart.room = 7
    port.write(TEXT)
    assert port._uart.sent == TEXT
