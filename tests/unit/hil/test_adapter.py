"""What a receiver makes of characters that were sent at another baud."""

import os
from pathlib import Path

import pytest
import serial

from hil.boards.emulated.adapter import Adapter, heard
from hil.boards.emulated.pico_chip import NANOS

TEXT = b"MicroPython\r\n>>> "


@pytest.mark.parametrize("percent", [-3, -1, 0, 1, 3])
def test_bauds_that_are_close_understand_each_other(percent: int) -> None:
    assert heard(TEXT, 115_200, 115_200 * (100 + percent) // 100) == TEXT


@pytest.mark.parametrize(
    ("sent", "received"), [(115_200, 921_600), (921_600, 115_200), (115_200, 57_600), (9600, 10_400)]
)
def test_bauds_that_differ_do_not(sent: int, received: int) -> None:
    garbled = heard(TEXT, sent, received)
    assert garbled
    assert b">>> " not in garbled
    assert garbled == heard(TEXT, sent, received)


def test_at_half_or_twice_the_baud_a_character_is_what_its_waveform_says() -> None:
    assert heard(b"\x00", 57_600, 115_200) == b"\x00"  # twice as many zeros, and only one falling edge
    assert heard(b"\xff", 57_600, 115_200) == b"\xfe"  # the start bit is the first bit of data as well
    assert heard(b"\xff", 115_200, 57_600) == b""  # a start bit too short to be one


def test_before_a_baud_is_chosen_nothing_is_heard() -> None:
    assert heard(TEXT, 0, 115_200) == heard(TEXT, 115_200, 0) == b""


def test_an_adapter_has_the_baud_that_a_program_chose_and_sends_no_faster(tmp_path: Path) -> None:
    adapter = Adapter(tmp_path, "A1")
    adapter.plug_in()
    assert adapter.baud == 0
    adapter.give(TEXT, 115_200)  # lost: nobody listens
    with serial.Serial(str(adapter.path), 921_600, timeout=0) as line:
        assert adapter.baud == 921_600
        line.write(bytes(range(1, 201)))
        taken = [adapter.take(NANOS // 1000, 921_600, 0)[1] for _ in range(3)]
        assert b"".join(taken) == bytes(range(1, 201))
        assert [len(part) for part in taken] == [93, 93, 14]
        adapter.own_baud = 115_200
        line.write(b"\x00")
        assert adapter.take(NANOS // 1000, 921_600, 0) == (115_200, heard(b"\x00", 115_200, 921_600))
        adapter.own_baud = None
        adapter.to_host = lambda data: data[:-1]
        adapter.give(TEXT, 921_600)
        assert os.read(line.fileno(), 100) == TEXT[:-1]
    adapter.unplug()
    assert not os.path.lexists(adapter.path)
