"""The common style of the report's pictures, and their output as a file or as part of a page.

A board has the same colour in all pictures, a Byzantine board is red, and a board that is down is a grey band. The
first colours are those of Okabe and Ito (2008), which colour-blind readers can distinguish. Matplotlib is imported only
to draw a picture: the import takes longer than the rest of the command line.
"""

import hashlib
import html
import io
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOARD_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#7A6A00", "#5B4DA8", "#00807A", "#A65628")
BYZANTINE_COLOUR = "#D81B3A"
DOWN_COLOUR = "#b9c2cc"
BOOT_COLOUR = "#7A6A00"
INK, FAINT, GRID = "#1d2733", "#5f6b77", "#e3e8ee"
LINE_STYLES = ("-", (0, (5, 1.5)))  # of boards that share a colour
# A line where the ground station was down: mission time stopped there.
RESUMED: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": (0, (1, 1.5)), "zorder": 4}
# A line at a moment that the picture is about.
MARKED: dict[str, Any] = {"color": "#D81B3A", "linewidth": 1.4, "zorder": 4}
WIDTH_INCHES = 11.0
BOARDS_MAX = 32  # in one picture
PICTURES = (".svg", ".png")
DOTS_PER_INCH = 150

Draw = Callable[["Figure"], None]


def board_colour(node: int, byzantine: Iterable[int]) -> str:
    """The colour of board `node` in all pictures."""
    return BYZANTINE_COLOUR if node in set(byzantine) else BOARD_COLOURS[node % len(BOARD_COLOURS)]


def board_name(node: int, byzantine: Iterable[int]) -> str:
    """The name of a board in all pictures."""
    return f"board {node} (Byzantine)" if node in set(byzantine) else f"board {node}"


def board_line(node: int, byzantine: Iterable[int]) -> Any:
    """The line style, which distinguishes boards of one colour. A Byzantine board is dotted."""
    return (0, (1.5, 1.2)) if node in set(byzantine) else LINE_STYLES[node // len(BOARD_COLOURS) % len(LINE_STYLES)]


def lanes_inches(count: int) -> float:
    """The height of `count` lanes, in inches."""
    return count * (0.72 if count <= 7 else 0.55)


def time_unit(seconds: float) -> tuple[float, str]:
    """(seconds per unit, its name): a readable unit for a span of mission time."""
    if seconds > 4 * 3600:
        return 3600.0, "h"
    return (60.0, "min") if seconds > 10 * 60 else (1.0, "s")


def lanes(axes: "Axes", nodes: Sequence[int], byzantine: Sequence[int]) -> None:
    """A named row for each board, the first on top, and no frame."""
    axes.set_yticks(range(len(nodes)), [board_name(node, byzantine) for node in nodes])
    for label, node in zip(axes.get_yticklabels(), nodes):
        label.set_color(BYZANTINE_COLOUR if node in byzantine else INK)
    axes.set_ylim(len(nodes) - 0.45, -0.55)
    axes.grid(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


@dataclass(frozen=True)
class Part:
    """A part of a drawing, which has the name `part_name(number)` there: its CSS classes and its tooltip."""

    css: str
    title: str


def part_name(number: int) -> str:
    """The name for part `number` of a drawing."""
    return f"part-{number}"


def svg(draw: Draw, height_inches: float, parts: Sequence[Part] = ()) -> str:
    """The SVG element of a drawing, without prologue, for use in HTML. Its ids are unique within the page."""
    out = io.StringIO()
    _render(draw, height_inches, out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    text = text[text.index("<svg") :]
    own = hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    text = re.sub(r'<g id="part-(\d+)"', lambda found: _open(parts[int(found[1])]), text)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # no reference uses a group
    return re.sub(r'( id="|xlink:href="#|url\(#)', rf"\g<1>{own}-", text)


def _open(part: Part) -> str:
    return f'<g class="{html.escape(part.css)}"><title>{html.escape(part.title)}</title'


def save(draw: Draw, height_inches: float, path: Path, parts: Sequence[Part] = ()) -> None:
    """Write a drawing to a file. The suffix, one of PICTURES, selects the format. Raises OSError."""
    if path.suffix == ".svg":
        path.write_text('<?xml version="1.0" encoding="utf-8"?>\n' + svg(draw, height_inches, parts), encoding="utf-8")
    else:
        out = io.BytesIO()
        _render(draw, height_inches, out, format="png", dpi=DOTS_PER_INCH)
        path.write_bytes(out.getvalue())


def _render(draw: Draw, height_inches: float, out: Any, **options: Any) -> None:
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": FAINT,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "svg.hashsalt": "amu",
        "text.parse_math": False,  # names come from scenarios and may contain $
    }
    with matplotlib.rc_context(style), warnings.catch_warnings():
        # A name may have characters that the font lacks: they are drawn as boxes.
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        draw(figure)
        figure.savefig(out, **options)
