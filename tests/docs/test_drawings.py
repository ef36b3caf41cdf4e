"""The pictures in docs/images are what `python -m docs.drawings` makes, and stand alone."""

import xml.etree.ElementTree as ElementTree

from docs import drawings
from tests import ROOT

PICTURE_BYTES_MAX = 50_000


def test_the_drawings_are_up_to_date() -> None:
    for make in drawings.ALL:
        drawing = make()
        kept = (drawings.FOLDER / f"{drawing.name}.svg").read_text()
        assert kept == drawing.svg(), f"{drawing.name}.svg is stale: python -m docs.drawings"


def test_every_picture_is_small_and_well_formed_and_loads_nothing() -> None:
    pictures = sorted((ROOT / "docs/images").iterdir())
    assert len(pictures) > len(drawings.ALL)
    for path in pictures:
        text = path.read_text()
        assert len(text) <= PICTURE_BYTES_MAX, path
        ElementTree.fromstring(text)
        assert "<script" not in text, path
        assert 'href="http' not in text, path
