"""UART0 of the emulated chip: characters take their time, and what does not fit is lost and told of."""

from pathlib import Path

from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import NANOS, PicoChip

MILLISECOND = NANOS // 1000
BOOT_MILLISECONDS = 700
OPEN = """
import machine, time
uart = machine.UART(0, {baud}, tx=machine.Pin(0), rx=machine.Pin(1), rxbuf=1024, txbuf=2048)
"""
ECHO = "while True:\n    count = uart.any()\n    if count:\n        uart.write(uart.read(count))\n"
SLEEP = """
time.sleep_ms(400)
count = uart.any()
errors = machine.mem32[0x40034004]
machine.mem32[0x40034004] = 0
uart.write(b"%d %d %d" % (count, errors, machine.mem32[0x40034004]))
"""
WRITES = """
while not uart.any():
    pass
with open("/x", "wb") as file:
    for _ in range(4):
        file.write(bytes(4096))
        file.flush()
time.sleep_ms(200)
uart.write(b"%d %d" % (uart.any(), machine.mem32[0x40034004]))
"""
FLASH_NANOS = (700_000, 45 * MILLISECOND)  # a page, a block
STORE = "uart.write(bytes(1000))\nmachine.UART(0, {baud}, bits=8)\nuart.write(b'end')\n"


class Host:
    """The other end of the line, at the chip's own baud."""

    def __init__(self) -> None:
        self.unsent = b""
        self.heard = b""
        self.bauds: set[int] = set()

    def take(self, nanos: int, baud: int, waiting: int) -> tuple[int, bytes]:
        if not baud:
            return 0, b""
        data, self.unsent = self.unsent, b""
        return baud, data

    def give(self, data: bytes, baud: int) -> None:
        self.heard += data
        self.bauds.add(baud)


def board(image: Path, host: Host, program: str, baud: int, flash_nanos: tuple[int, int] = (0, 0)) -> PicoChip:
    files = pico_files.make({"main.py": (OPEN.format(baud=baud) + program).encode()})
    chip = PicoChip(image, files, "AMU-0001", 1, lambda most: b"", adapter=host, flash_nanos=flash_nanos)
    chip.advance(BOOT_MILLISECONDS * MILLISECOND)
    assert chip.powered
    return chip


def test_a_thousand_characters_come_back_and_take_their_time(pico_image: Path) -> None:
    text = bytes(range(256)) * 4
    for baud in (115_200, 921_600):
        host = Host()
        chip = board(pico_image, host, ECHO, baud)
        host.unsent = text
        characters = 10 * NANOS * len(text) // baud
        chip.advance(characters)
        assert chip.powered
        assert 0.5 * len(text) < len(host.heard) < len(text)
        chip.advance(characters // 4 + MILLISECOND)
        assert chip.powered
        assert host.heard == text
        assert all(abs(told - baud) < baud // 100 for told in host.bauds)


def test_what_does_not_fit_is_lost_and_the_chip_says_so(pico_image: Path) -> None:
    for sent, count, errors in ((1000, 1000, 0), (1500, 1024, 8)):
        host = Host()
        host.unsent = bytes(sent)
        chip = board(pico_image, host, SLEEP, 921_600)
        chip.advance(500 * MILLISECOND)
        assert chip.powered
        assert host.heard == b"%d %d 0" % (count, errors)


def test_a_new_start_of_the_port_loses_what_waits_in_it(pico_image: Path) -> None:
    host = Host()
    chip = board(pico_image, host, STORE.format(baud=921_600), 921_600)
    chip.advance(50 * MILLISECOND)
    assert chip.powered
    assert host.heard.endswith(b"end")
    assert len(host.heard) < 1000


def test_flash_takes_its_time_and_no_interrupts_meanwhile(pico_image: Path) -> None:
    heard = []
    for nanos in ((0, 0), FLASH_NANOS):
        host = Host()
        host.unsent = bytes(1000)  # from the moment at which the port is open
        chip = board(pico_image, host, WRITES, 115_200, nanos)
        chip.advance(500 * MILLISECOND)
        assert chip.powered
        heard.append([int(word) for word in host.heard.split()])
    assert heard[0] == [1000, 0]
    assert heard[1][0] < 1000
    assert heard[1][1] == 8
