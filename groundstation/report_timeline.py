"""The fault timeline: what was done to links and boards, and when, a lane for each."""

from typing import TYPE_CHECKING

from groundstation.report_canvas import BOARD_COLOURS, BYZANTINE_COLOUR, DOWN_COLOUR, INK, board_colour, svg, time_unit
from groundstation.report_series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW_COLOUR = "#f0b8a8"
SILENT_COLOUR = "#f3dfb0"
# event: (marker, colour, legend)
LIFE_MARKS = {
    "BoardStart": ("^", "#009E73", "started"),
    "Attach": ("^", "#56B4E9", "joined while running"),
    "BoardKill": ("X", BYZANTINE_COLOUR, "killed"),
    "PowerCut": ("v", BYZANTINE_COLOUR, "power cut in a write"),
    "BoardCrash": ("*", BYZANTINE_COLOUR, "died by itself"),
    "Erase": ("s", "#7A6A00", "flash erased"),
    "Control": ("o", INK, "told to exit or reset"),
}
KIND_MARKERS = "DPhdp8<>"
ABOVE = 0.24  # a fault's mark stands above the mark of what came of it


def timeline(series: Series, byzantine: list[int], windows: list[tuple[str, float, float]]) -> str:
    """Windows of link faults as bars on top; below a lane a board: life events, faults, and how long it was down."""
    unit, unit_name = time_unit(series.end_seconds)
    end = series.end_seconds / unit or 1.0
    rows = [name for name, _, _ in windows] + [
        f"board {node} (Byzantine)" if node in byzantine else f"board {node}" for node in series.nodes
    ]
    row_of = {node: len(windows) + index for index, node in enumerate(series.nodes)}

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for row, (_, start, stop) in enumerate(windows):
            width = max(min(stop / unit, end) - start / unit, end / 400)
            axes.barh(row, width, left=start / unit, height=0.5, color=WINDOW_COLOUR)
        for node, row in row_of.items():
            axes.axhline(row, color=board_colour(node, byzantine), linewidth=1.2, zorder=1)
        _spans(axes, series, row_of, unit)
        _marks(axes, series, row_of, unit)
        axes.set_yticks(range(len(rows)), rows)
        for label, node in zip(axes.get_yticklabels()[len(windows) :], series.nodes):
            label.set_color(board_colour(node, byzantine))
            label.set_fontweight("bold")
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(-end * 0.012, end * 1.012)
        axes.set_xlabel(f"mission time ({unit_name})")
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 6) or 1, fontsize=8)

    return svg(draw, 1.3 + 0.42 * len(rows))


def _spans(axes: "Axes", series: Series, row_of: dict[int, int], unit: float) -> None:
    spans = [("down", DOWN_COLOUR, series.down), ("silent, for its memory is not known", SILENT_COLOUR, series.silent)]
    for label, colour, of_board in spans:
        for node, row in row_of.items():
            for since, until in of_board.get(node, []):
                width = (until - since) / unit
                axes.barh(row, width, left=since / unit, height=0.44, color=colour, zorder=2, label=_once(axes, label))
    for node, since, until, kind in series.lasting:
        if node in row_of:
            colour = _kind_look(series, kind)[1]
            width = (until - since) / unit
            axes.barh(row_of[node], width, left=since / unit, height=0.26, color=colour, alpha=0.45, zorder=3)


def _marks(axes: "Axes", series: Series, row_of: dict[int, int], unit: float) -> None:
    for node, received, name in series.life:
        if node in row_of:
            marker, colour, label = LIFE_MARKS[name]
            _mark(axes, received / unit, row_of[node], marker, colour, label)
    for node, received, kind in series.board_faults:
        if node in row_of:
            marker, colour = _kind_look(series, kind)
            _mark(axes, received / unit, row_of[node] - ABOVE, marker, colour, kind.replace("_", " "))


def _mark(axes: "Axes", x: float, row: float, marker: str, colour: str, label: str) -> None:
    axes.plot(
        x, row, marker=marker, ms=8, color=colour, mec="white", mew=0.7, ls="", zorder=5, label=_once(axes, label)
    )


def _kind_look(series: Series, kind: str) -> tuple[str, str]:
    """(marker, colour) of a kind of board fault; the pair is its own among the first 72 kinds of a run."""
    number = sorted({name for _, _, name in series.board_faults}).index(kind)
    return KIND_MARKERS[number % len(KIND_MARKERS)], BOARD_COLOURS[number % len(BOARD_COLOURS)]


def _once(axes: "Axes", label: str) -> str:
    """The label, unless the legend has it already."""
    return "_" if label in axes.get_legend_handles_labels()[1] else label
