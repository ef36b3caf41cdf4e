"""Images for the emulated Pico: what is read from them, and how a broken one is refused."""

import struct

import pytest

from hil.boards.emulated import uf2

START = 0x10000000
SIZE = 0x1000
RP2040 = 0xE48BFF56


def block(number: int, count: int, data: bytes, address: int, flags: int = 0x2000, family: int = RP2040) -> bytes:
    head = struct.pack("<8I", 0x0A324655, 0x9E5D5157, flags, address, len(data), number, count, family)
    return head + data.ljust(476, b"\0") + struct.pack("<I", 0x0AB16F30)


def image_of(content: bytes) -> bytes:
    pages = [content[i : i + 256] for i in range(0, len(content), 256)]
    return b"".join(block(i, len(pages), page, START + 256 * i) for i, page in enumerate(pages))


def test_an_image_is_read() -> None:
    content = bytes(range(256)) * 3
    assert uf2.flash_content(image_of(content), START, SIZE) == content


def test_gaps_are_erased_and_blocks_for_elsewhere_are_left_out() -> None:
    image = block(0, 3, b"a" * 256, START) + block(1, 3, b"b" * 256, START + 512) + block(2, 3, b"c" * 8, 0, flags=1)
    assert uf2.flash_content(image, START, SIZE) == b"a" * 256 + b"\xff" * 256 + b"b" * 256


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (b"", "0 bytes; want a whole number of blocks"),
        (image_of(b"a" * 300)[:-1], "1023 bytes; want a whole number of blocks"),
        (bytes(512), "block 0 is not a UF2 block"),
        (image_of(b"a" * 300)[:-4] + bytes(4), "block 1 is not a UF2 block"),
        (block(0, 1, b"a", START, family=0xE48BFF59), "block 0 is for the family 0xe48bff59; want an RP2040's"),
        (image_of(b"a" * 300)[:512], "block 0 is one of 2, and the file has 1"),
        (block(0, 1, b"a" * 256, START + SIZE - 255), "block 0 is for address 0x10000f01, outside of the 4096 bytes"),
        (block(0, 1, b"a", START - 1), "block 0 is for address 0x0fffffff, outside"),
    ],
)
def test_a_broken_image_is_refused(image: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        uf2.flash_content(image, START, SIZE)
