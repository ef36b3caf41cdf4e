"""The drawings in docs/images are what `python -m docs.drawings` makes; they and the screenshots stand alone."""

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

from docs import drawings
from specs import FOLDER
from specs.proof import script
from specs.proof.script import Proof
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


def _cited(proof: Proof) -> Iterator[str]:
    if proof.by is not None:
        yield from [fact if isinstance(fact, str) else fact.place.text for fact in proof.by.facts]
    for step in proof.steps:
        yield from _cited(step.proof)


def test_an_arrow_to_a_theorem_comes_from_one_that_it_cites() -> None:
    found = script.read(FOLDER / "tetrabft" / "tetrabft_proofs.tla")
    rests_on: dict[str, set[str]] = {}
    for theorem in found:
        direct = set(_cited(theorem.proof))
        rests_on[theorem.name] = direct.union(*[rests_on.get(name, set()) for name in direct])
    assert drawings.THEOREMS.keys() <= rests_on.keys()
    assert [(first, second) for first, second in drawings.CITED if first not in rests_on[second]] == []
