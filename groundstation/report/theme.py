"""The colours of a report on a dark page: pictures are drawn once, in the colours of a light one.

Each colour of a picture becomes a variable of the style sheet, which a dark page sets: greys change places, and colours
that would be too dark are lightened, as the console does it.
"""

import re
from collections.abc import Iterable

DARK_BELOW = 0.32  # luminance of what cannot be seen on a dark page
GREYS = {  # light: dark
    "1d2733": "e3e9ef",
    "5f6b77": "9fb0c0",
    "e3e8ee": "2b3743",
    "ffffff": "182029",
    "000000": "e3e9ef",
    "eef1f4": "222c36",
    "c3ccd5": "46535f",
    "b9c2cc": "4d5a66",
    "d7e8f4": "1f3a52",
    "f3dfb0": "57491f",
}
_COLOUR = re.compile(r"((?:fill|stroke|background):\s?)#([0-9a-fA-F]{6})\b")
_USED = re.compile(r"var\(--c-([0-9a-f]{6}),")


def themed(content: str) -> str:
    """HTML or SVG whose colours are variables, with the light ones as default."""
    return _COLOUR.sub(lambda found: f"{found[1]}var(--c-{found[2].lower()}, #{found[2].lower()})", content)


def dark(contents: Iterable[str]) -> str:
    """The declarations of a dark page for the colours of these."""
    used = sorted({name for content in contents for name in _USED.findall(content)})
    return " ".join(f"--c-{name}: #{_on_dark(name)};" for name in used)


def _on_dark(colour: str) -> str:
    if colour in GREYS:
        return GREYS[colour]
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    if luminance > DARK_BELOW:
        return colour
    share = min(0.75, 0.35 + (DARK_BELOW - luminance))
    return "".join(f"{round(255 * (part + (1 - part) * share)):02x}" for part in parts)
