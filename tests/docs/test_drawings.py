"""The drawings in docs/images are what `python -m docs.drawings` makes; they and the screenshots stand alone."""

import struct
import xml.etree.ElementTree as ElementTree

from docs import drawings
from tests import ROOT

PICTURE_BYTES_MAX = 50_000
SCREENSHOT_BYTES_MAX = 150_000
SCREENSHOT_PIXELS_MAX = (1400, 768)  # a laptop's page; of terminals and reports a part


def test_the_drawings_are_up_to_date() -> None:
    for make in drawings.ALL:
        drawing = make()
        kept = (drawings.FOLDER / f"{drawing.name}.svg").read_text()
        assert kept == drawing.svg(), f"{drawing.name}.svg is stale: python -m docs.drawings"


def test_every_picture_is_small_and_well_formed_and_loads_nothing() -> None:
    pictures = sorted((ROOT / "docs/images").glob("*.svg"))
    assert len(pictures) > len(drawings.ALL)
    for path in pictures:
        text = path.read_text()
        assert len(text) <= PICTURE_BYTES_MAX, path
        ElementTree.fromstring(text)
        assert "<script" not in text, path
        assert 'href="http' not in text, path


def test_every_screenshot_is_small_and_shown_on_some_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = "".join(page.read_text() for page in pages)
    screenshots = [path for path in (ROOT / "docs/images").iterdir() if path.suffix != ".svg"]
    assert screenshots
    for path in screenshots:
        data = path.read_bytes()
        assert data.startswith(b"\x89PNG\r\n\x1a\n"), path
        assert len(data) <= SCREENSHOT_BYTES_MAX, path
        width, height = struct.unpack(">II", data[16:24])
        assert width <= SCREENSHOT_PIXELS_MAX[0], path
        assert height <= SCREENSHOT_PIXELS_MAX[1], path
        assert f"images/{path.name})" in shown, path
