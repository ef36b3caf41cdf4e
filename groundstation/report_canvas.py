"""What the report's pictures have in common: the look, and how a drawing becomes a file or a part of a page.

One look for all: boards keep their colour throughout, a Byzantine board is drawn in red, and a board that is down is
a grey band. The colours are those of Okabe and Ito (2008), which the colour-blind tell apart. Matplotlib is imported
only when a picture is drawn, because it takes longer than all the rest of the command line.
"""

import html
import io
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOARD_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#7A6A00", "#5B4DA8", "#00807A", "#A65628")
BYZANTINE_COLOUR = "#D81B3A"
DOWN_COLOUR = "#b9c2cc"
INK, FAINT, GRID = "#1d2733", "#7b8794", "#e3e8ee"
WIDTH_INCHES = 11.0
PICTURES = (".svg", ".png")
DOTS_PER_INCH = 150

Draw = Callable[["Figure"], None]


def board_colour(node: int, byzantine: Iterable[int]) -> str:
    """The colour that stands for board `node` in every picture."""
    return BYZANTINE_COLOUR if node in set(byzantine) else BOARD_COLOURS[node % len(BOARD_COLOURS)]


def time_unit(seconds: float) -> tuple[float, str]:
    """(seconds in a unit, its name) in which a span of mission time reads well."""
    if seconds > 4 * 3600:
        return 3600.0, "h"
    return (60.0, "min") if seconds > 10 * 60 else (1.0, "s")


def lanes(axes: "Axes", nodes: Sequence[int], byzantine: Sequence[int]) -> None:
    """A named row for each board, the first on top, and no frame."""
    names = [f"board {node}\nByzantine" if node in byzantine else f"board {node}" for node in nodes]
    axes.set_yticks(range(len(nodes)), names)
    for label, node in zip(axes.get_yticklabels(), nodes):
        label.set_color(board_colour(node, byzantine))
        label.set_fontweight("bold")
    axes.set_ylim(len(nodes) - 0.45, -0.55)
    axes.grid(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)


def svg(draw: Draw, height_inches: float, titles: Sequence[str] = ()) -> str:
    """The SVG element of a drawing, without prologue, ready to stand in HTML.

    `titles`: what a reader is told who points at the parts that the drawing named with `hover`.
    """
    out = io.StringIO()
    _render(draw, height_inches, out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    return re.sub(
        r'<g id="hover-(\d+)">',
        lambda found: f"<g><title>{html.escape(titles[int(found[1])])}</title>",
        text[text.index("<svg") :],
    )


def hover(number: int) -> str:
    """The name for a part of a drawing that has title `number`."""
    return f"hover-{number}"


def save(draw: Draw, height_inches: float, path: Path, titles: Sequence[str] = ()) -> None:
    """Write a drawing as a file of its own; the name's end, one of PICTURES, says of which kind. Raises OSError."""
    if path.suffix == ".svg":
        path.write_text('<?xml version="1.0" encoding="utf-8"?>\n' + svg(draw, height_inches, titles), encoding="utf-8")
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
    }
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        draw(figure)
        figure.savefig(out, **options)
