"""One emulated RP2040 with its flash chip, stepped in virtual time.

The chip runs real MicroPython from a .uf2 image. Its time passes in `advance` only, so a run is bit for bit the same at
any load of the host. Not modelled: the cost of erasing and programming flash, the flash cache, the second core,
back-pressure on USB. Times measured here are lower bounds.

A flash operation (erase of a block, program of a page) is atomic here and takes no time; `cut_power_at` tears one in
the middle, like a real power cut.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rp2040py.boards import BOARDS, BoardSpec
from rp2040py.device.base_device import BaseDevice
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.peripherals.ssi import CMD_BLOCK_ERASE, CMD_PAGE_PROGRAM, CMD_SECTOR_ERASE

from hil.boards.emulated.rp2040_fixes import SerialHost, give_noise, give_unique_id, quiet_uart

NANOS = 1_000_000_000
FLASH_BYTES = 2 * 1024 * 1024
FILES_START = 0xA0000  # where MicroPython's rp2 port keeps its file system on a chip of 2 MiB
BLOCK_BYTES = 4096
BLOCKS = (FLASH_BYTES - FILES_START) // BLOCK_BYTES
_OPERATIONS = (CMD_SECTOR_ERASE, CMD_BLOCK_ERASE, CMD_PAGE_PROGRAM)
_ADDRESS_BYTES = 4  # opcode and 24 bits of address
_RING_OSCILLATOR = 0x40060  # its place in the address space, in units of 4 KiB


class PicoChip:
    """An RP2040 from power-on to power-off. A new boot from the same flash is a new PicoChip."""

    def __init__(self, image: Path, files: bytes, name: str, start: int, take: Callable[[int], bytes]) -> None:
        """`image` is a MicroPython .uf2, `files` the file-system area of flash.

        `name`, eight characters, is the chip's identity. Together with `start`, the number of this life, it seeds the
        chip's random numbers. `take(most)` gives up to `most` bytes that the host sends.
        """
        if len(files) != BLOCKS * BLOCK_BYTES:
            raise ValueError(f"files: want {BLOCKS * BLOCK_BYTES} bytes of flash, have {len(files)}")
        pico = BOARDS["pico"]
        device: Any = BaseDevice(board=BoardSpec(mcu=pico.mcu, extras=pico.extras, image=image))
        self._chip = device.mcu
        self._simulator = device.simulator
        self._chip.flash[FILES_START:FLASH_BYTES] = files
        self._host = SerialHost(device.cdc, take)
        self._received = bytearray()
        device.cdc.on_serial_data = self._received.extend
        for uart in self._chip.uart:
            quiet_uart(uart)
        give_unique_id(self._chip.ssi, name.encode())
        give_noise(self._chip.peripherals[_RING_OSCILLATOR], f"{name} {start}")
        self._apply_of_library = self._chip.ssi._apply_command
        self._chip.ssi._apply_command = self._apply_flash_command
        self._halt = self._simulator.clock.create_alarm(self._simulator.stop)
        self._chip.core.pc = FLASH_START_ADDRESS
        self._cut_at: int | None = None
        self.flash_operations = 0
        self.powered = True

    @property
    def nanos(self) -> int:
        """Virtual time since power-on."""
        return int(self._simulator.clock.nanos)

    @property
    def files(self) -> bytes:
        """The file-system area of flash as it is now."""
        return bytes(self._chip.flash[FILES_START:FLASH_BYTES])

    def advance(self, nanos: int) -> None:
        """Let `nanos` of virtual time pass, to the end of the instruction, or less if the power is cut meanwhile."""
        if not self.powered:
            return
        self._host.look()
        self._halt.schedule(nanos)
        self._simulator.stopped = False
        while not self._simulator.stopped:
            execute_batch(self._simulator, 1)

    def receive(self) -> bytes:
        """Board to host: the bytes that arrived since the last call."""
        data = bytes(self._received)
        self._received.clear()
        return data

    def cut_power_at(self, operations: int) -> None:
        """Tear the `operations`-th flash operation from now (1 is the next one) and lose power there."""
        if operations < 1:
            raise ValueError(f"operations: want 1 or more, have {operations}")
        self._cut_at = self.flash_operations + operations

    def power_off(self) -> None:
        """Cut the power between two instructions."""
        self.powered = False
        self._simulator.stopped = True

    def _apply_flash_command(self) -> None:
        ssi = self._chip.ssi
        is_operation = bool(ssi._tx_buffer) and ssi._tx_buffer[0] in _OPERATIONS and ssi._write_enabled
        if is_operation:
            self.flash_operations += 1
            if self.flash_operations == self._cut_at:
                self._tear(bytes(ssi._tx_buffer))
                self.power_off()
                return
        self._apply_of_library()

    def _tear(self, command: bytes) -> None:
        """Half of an operation: half of the page programmed, half of the block erased."""
        address = int.from_bytes(command[1:_ADDRESS_BYTES], "big")
        flash = self._chip.flash
        if command[0] == CMD_PAGE_PROGRAM:
            data = command[_ADDRESS_BYTES:]
            for offset in range(len(data) // 2):
                flash[address + offset] &= data[offset]
        else:
            flash[address : address + BLOCK_BYTES // 2] = b"\xff" * (BLOCK_BYTES // 2)
