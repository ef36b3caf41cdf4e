"""UF2, the format of images that a Pico takes over USB: github.com/microsoft/uf2."""

import struct

BLOCK_BYTES = 512
BEGINS = b"UF2\nWQ]\x9e"  # the first eight bytes of each block
_ENDS = struct.pack("<I", 0x0AB16F30)
_HEADER = struct.Struct("<6I")  # behind the first eight bytes: flags, address, size, number, count, family
_DATA_START = 32
_DATA_BYTES_MAX = 476
_NOT_FOR_FLASH = 0x00000001
_HAS_FAMILY = 0x00002000
_RP2040 = 0xE48BFF56


def flash_content(image: bytes, start: int, size: int) -> bytes:
    """What `image` puts into the `size` bytes of flash from address `start`, up to its last one; gaps are erased flash.

    Raises ValueError naming the block that is broken, not for an RP2040 or outside of that flash.
    """
    if not image or len(image) % BLOCK_BYTES:
        raise ValueError(f"{len(image)} bytes; want a whole number of blocks of {BLOCK_BYTES}")
    flash = bytearray(b"\xff" * size)
    end = 0
    for position in range(0, len(image), BLOCK_BYTES):
        block = image[position : position + BLOCK_BYTES]
        number = position // BLOCK_BYTES
        if block[: len(BEGINS)] != BEGINS or block[-len(_ENDS) :] != _ENDS:
            raise ValueError(f"block {number} is not a UF2 block")
        flags, address, length, _, count, family = _HEADER.unpack_from(block, len(BEGINS))
        if flags & _NOT_FOR_FLASH:
            continue
        if flags & _HAS_FAMILY and family != _RP2040:
            raise ValueError(f"block {number} is for the family {family:#010x}; want an RP2040's, {_RP2040:#010x}")
        if count != len(image) // BLOCK_BYTES:
            raise ValueError(f"block {number} is one of {count}, and the file has {len(image) // BLOCK_BYTES}")
        offset = address - start
        if not 0 <= offset <= size - length or length > _DATA_BYTES_MAX:
            raise ValueError(f"block {number} is for address {address:#010x}, outside of the {size} bytes of flash")
        flash[offset : offset + length] = block[_DATA_START : _DATA_START + length]
        end = max(end, offset + length)
    return bytes(flash[:end])
