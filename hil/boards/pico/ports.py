"""Serial lines of boards on this machine, told apart by the board's serial number.

A path such as /dev/ttyACM0 is another board after two have been plugged in again, so no board is ever known by it. A
USB board has a serial number; on Linux /dev/serial/by-id holds a link with this number to the line of the moment.

Lines that the kernel does not list - pseudo-terminals, lines forwarded from another machine, a container's devices -
are found by links of the same form in a folder named by the environment variable AMU_SERIAL_LINKS.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from serial.tools import list_ports

from groundstation.boards.base import BoardError
from groundstation.boards.environment import BoardEntry

LINKS_VARIABLE = "AMU_SERIAL_LINKS"
BY_ID = Path("/dev/serial/by-id")
# usb-<manufacturer>_<product>_<serial number>-if<interface>[-port<n>], as systemd's udev rules name it.
_LINK = re.compile(r"usb-(?P<product>.+)_(?P<serial>[^_]+)-if\d\d(-port\d+)?")
_USB_SPEED = 115200  # which USB ignores


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
    baud: int = 0  # of a serial adapter, with the board behind it; 0: the board is on USB itself

    @property
    def name(self) -> str:
        """For people."""
        return f"adapter {self.serial_number}" if self.baud else f"Pico {self.serial_number}"

    @property
    def speed(self) -> int:
        """To open the line with."""
        return self.baud or _USB_SPEED

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


def find(serial_number: str, baud: int = 0) -> Port | None:
    """The line of the board with this serial number, or of an adapter that is to run at `baud`; or None."""
    for port in ports():
        if port.serial_number.lower() == serial_number.lower():
            return replace(port, baud=baud)
    return None


def require(serial_number: str, baud: int = 0) -> Port:
    """As `find`. Raises BoardError if there is no such line."""
    port = find(serial_number, baud)
    if port is None:
        named = Port(serial_number, "", BY_ID, baud=baud).name
        raise BoardError(f"{named}: is not on the bus; plug it in, and see: amu boards")
    return port


def of_entry(entry: BoardEntry) -> Port:
    """The line of a real board of an environment file. Raises BoardError if it is not there."""
    return require(entry.serial_number, entry.adapter_baud)


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
