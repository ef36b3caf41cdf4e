"""Serial lines of boards on this machine, told apart by the board's serial number.

A path such as /dev/ttyACM0 is another board after two have been plugged in again, so no board is ever known by it. A
USB board has a serial number; on Linux /dev/serial/by-id holds a link with this number to the line of the moment.

Lines that the kernel does not list - pseudo-terminals, lines forwarded from another machine, a container's devices -
are found by links of the same form in a folder named by the environment variable AMU_SERIAL_LINKS.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from serial.tools import list_ports

from groundstation.boards.base import BoardError

LINKS_VARIABLE = "AMU_SERIAL_LINKS"
BY_ID = Path("/dev/serial/by-id")
# usb-<manufacturer>_<product>_<serial number>-if<interface>, as systemd's udev rules name it.
_LINK = re.compile(r"usb-(?P<product>.+)_(?P<serial>[^_]+)-if\d\d")


class Line(NamedTuple):
    """One life of a serial line: a device name comes back, but its file is made again."""

    device: Path
    number: int
    made: int  # nanoseconds, by the kernel's clock


@dataclass(frozen=True)
class Port:
    """The serial line of one board. `link` keeps its name when the board re-enumerates; `device` does not."""

    serial_number: str
    product: str
    link: Path
    vendor_id: int | None = None  # of USB; None where only the link is known
    product_id: int | None = None

    @property
    def device(self) -> Path | None:
        """Where the line of the moment is, or None if the board is gone."""
        line = self.line
        return None if line is None else line.device

    @property
    def line(self) -> "Line | None":
        """The line of the moment, told apart from an earlier one of the same name. None if the board is gone."""
        try:
            device = self.link.resolve(strict=True)
            found = device.stat()
        except OSError:
            return None
        return Line(device, found.st_rdev, found.st_ctime_ns)


def ports() -> list[Port]:
    """Every line that is there, sorted by serial number. A line without a serial number is left out."""
    found = {port.serial_number: port for port in _usb()}
    folder = os.environ.get(LINKS_VARIABLE)
    if folder:
        found |= {port.serial_number: port for port in linked(Path(folder))}
    return [found[number] for number in sorted(found)]


def find(serial_number: str) -> Port | None:
    """The line of the board with this serial number, or None."""
    for port in ports():
        if port.serial_number.lower() == serial_number.lower():
            return port
    return None


def require(serial_number: str) -> Port:
    """As `find`. Raises BoardError if there is no such line."""
    port = find(serial_number)
    if port is None:
        raise BoardError(f"Pico {serial_number}: is not on the bus; plug it in, and see: amu boards")
    return port


def linked(folder: Path) -> Iterable[Port]:
    """Lines by the links in `folder`, named as udev names those in /dev/serial/by-id."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return
    for name in names:
        match = _LINK.fullmatch(name)
        if match:
            yield Port(match["serial"], match["product"].replace("_", " "), folder / name)


def _usb() -> Iterable[Port]:
    links = {port.serial_number: port.link for port in linked(BY_ID)}
    for info in list_ports.comports():
        if info.serial_number:
            link = links.get(info.serial_number, Path(info.device))
            yield Port(info.serial_number, info.product or info.description, link, info.vid, info.pid)
