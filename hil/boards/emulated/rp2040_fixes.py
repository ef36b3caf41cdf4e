"""Fixes for what rp2040py 0.3.6 models differently from the chip, on one emulated chip at a time.

Each fix hooks the instance that it is given; the library stays as it is. tests/conformance/boards/test_rp2040_fixes.py
shows each fault without its fix; when a newer rp2040py mends one, that test fails and the fix can go.
"""

import random
from collections.abc import Callable
from typing import Any

from rp2040py.peripherals.uart import UARTDR, UARTTXINTR
from rp2040py.usb.cdc import USBCDC

FLASH_READ_UNIQUE_ID = 0x4B  # W25Q command: opcode, four dummy bytes, eight bytes of identity
_UNIQUE_ID_OFFSET = 5
UNIQUE_ID_BYTES = 8
ROSC_RANDOM_BIT = 0x1C  # RP2040 datasheet, section 2.17.8


class SerialHost:
    """The host's end of the USB serial line: says "not yet" while it has nothing to send.

    As shipped, the host answers every read of the device with a packet of zero bytes at once. The device's stack asks
    again, so the processor handles USB interrupts forever: it never idles and its timings double. Here a read that
    finds nothing waits until `look` finds bytes.
    """

    def __init__(self, cdc: USBCDC, take: Callable[[int], bytes]) -> None:
        """`take(most)` gives up to `most` bytes for the device, `b""` if there are none."""
        self._cdc = cdc
        self._take = take
        self._reads: list[tuple[int, int]] = []  # (endpoint, bytes wanted) that found nothing
        assert cdc.usb.on_endpoint_read is not None
        assert cdc.usb.on_reset is not None
        self._read_of_library: Callable[[int, int], None] = cdc.usb.on_endpoint_read
        self._reset_of_library: Callable[[], None] = cdc.usb.on_reset
        cdc.usb.on_endpoint_read = self._on_read
        cdc.usb.on_reset = self._on_reset

    def look(self) -> None:
        """There may be bytes to send now. Call it while no virtual time passes."""
        waiting, self._reads = self._reads, []
        for endpoint, size in waiting:
            self._on_read(endpoint, size)

    def _on_read(self, endpoint: int, size: int) -> None:
        if endpoint != self._cdc._out_endpoint:
            self._read_of_library(endpoint, size)
        elif packet := self._take(size):
            self._cdc.usb.endpoint_read_done(endpoint, packet)
        else:
            self._reads.append((endpoint, size))

    def _on_reset(self) -> None:
        self._reads.clear()  # the device dropped off the bus and has forgotten that it asked
        self._reset_of_library()


def quiet_uart(uart: Any) -> None:
    """Raise the transmit interrupt when a byte has gone out, not at every check of the interrupt line.

    As shipped, the interrupt comes back as soon as it is cleared, and MicroPython's `machine.UART()` never returns.
    """
    write_of_library = uart.write_uint32

    def check_interrupts() -> None:
        uart.rp2040.set_interrupt(uart.irq, bool(uart._interrupt_status & uart._interrupt_mask))

    def write_uint32(offset: int, value: int) -> None:
        write_of_library(offset, value)
        if offset == UARTDR:
            uart._interrupt_status |= UARTTXINTR
            check_interrupts()

    uart.check_interrupts = check_interrupts
    uart.write_uint32 = write_uint32


def give_unique_id(ssi: Any, unique_id: bytes) -> None:
    """Let the flash chip answer with `unique_id`; as shipped every board reads eight bytes of 0xFF."""
    if len(unique_id) != UNIQUE_ID_BYTES:
        raise ValueError(f"unique_id: want {UNIQUE_ID_BYTES} bytes, have {len(unique_id)}")
    shift_of_library = ssi._shift_byte

    def shift_byte(byte: int) -> int:
        answer: int = shift_of_library(byte)
        position = len(ssi._tx_buffer) - 1
        if ssi._tx_buffer[0] == FLASH_READ_UNIQUE_ID and position >= _UNIQUE_ID_OFFSET:
            return unique_id[(position - _UNIQUE_ID_OFFSET) % UNIQUE_ID_BYTES]
        return answer

    ssi._shift_byte = shift_byte


def give_noise(ring_oscillator: Any, seed: str) -> None:
    """Let the ring oscillator's random bit be a stream drawn from `seed`; as shipped it is always 1.

    Without it `os.urandom` gives the same bytes on every board and after every start, so nonces are not fresh.
    """
    read_of_library = ring_oscillator.read_uint32
    noise = random.Random(seed)

    def read_uint32(offset: int) -> int:
        return noise.getrandbits(1) if offset == ROSC_RANDOM_BIT else int(read_of_library(offset))

    ring_oscillator.read_uint32 = read_uint32
