"""Flash operations of an emulated chip, to be repeated on a copy of its flash up to any of them, whole or torn."""

import struct
from typing import NamedTuple

PAGE_BYTES = 256
SECTOR_BYTES = 4096
_LENGTH = struct.Struct("<I")
_ERASED_BYTES = {0x20: SECTOR_BYTES, 0xD8: 16 * SECTOR_BYTES}  # commands of the W25Q16JV, as in core/flash.mjs
_PROGRAM = 0x02
_ADDRESSED = 4  # command and address


class FlashOperation(NamedTuple):
    """A page program, or an erase of `size` bytes, at `address` of the chip."""

    address: int
    data: bytes  # to program
    size: int  # to erase

    def apply(self, flash: bytearray, is_torn: bool = False, start: int = 0) -> None:
        """Do it on `flash`, whose first byte is the chip's byte `start`. Torn: what core/flash.mjs leaves undone is."""
        if self.size:
            first = self.address - self.address % self.size - start
            count = SECTOR_BYTES // 2 if is_torn else self.size
            flash[first : first + count] = b"\xff" * count
            return
        page = self.address - self.address % PAGE_BYTES - start
        for i in range(len(self.data) // 2 if is_torn else len(self.data)):
            flash[page + (self.address + i) % PAGE_BYTES] &= self.data[i]


def operations(log: bytes) -> list[FlashOperation]:
    """The operations of a log as core/serve.mjs gives it. Raises ValueError for a command that is neither."""
    found, at = [], 0
    while at < len(log):
        (length,) = _LENGTH.unpack_from(log, at)
        sent = log[at + _LENGTH.size : at + _LENGTH.size + length]
        at += _LENGTH.size + length
        address = int.from_bytes(sent[1:_ADDRESSED], "big")
        if sent[0] == _PROGRAM:
            found.append(FlashOperation(address, sent[_ADDRESSED:], 0))
        elif sent[0] in _ERASED_BYTES:
            found.append(FlashOperation(address, b"", _ERASED_BYTES[sent[0]]))
        else:
            raise ValueError(f"flash command 0x{sent[0]:02x}: want a page program or an erase")
    return found
