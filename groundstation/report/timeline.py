"""The mission over time: progress of each board, and the faults of links and boards, one lane each."""

from typing import TYPE_CHECKING

from groundstation.record.board_events import BY_ITSELF, LINE_LOST, OUTSIDE, RESET, SWITCHED_OFF
from groundstation.report.canvas import (
    BOARD_COLOURS,
    BOARDS_MAX,
    BOOT_COLOUR,
    BYZANTINE_COLOUR,
    DOWN_COLOUR,
    INK,
    board_colour,
    board_name,
    svg,
    time_unit,
)
from groundstation.report.contacts import Contact
from groundstation.report.figures import INJECT_COLOUR, INJECTS_MAX, moments, progress
from groundstation.report.series import RESTART, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW_COLOUR = "#e8937b"
CONTACT_COLOUR = "#7fb3d5"
SILENT_COLOUR = "#f3dfb0"
PROGRESS_INCHES = 2.9
NEAREST_LABELS = 0.02  # of the width, between two numbers
KINDS_MAX = 15  # of board faults with their own look: all that a scenario knows
ROWS_MAX = 24  # of fault windows, and of contact windows
NAME_CHARACTERS_MAX = 28
# event: (marker, colour, legend)
LIFE_MARKS = {
    "BoardStart": ("^", "#009E73", "started"),
    "Attach": ("^", "#56B4E9", "found running by the next ground station"),
    "BoardKill": ("X", BYZANTINE_COLOUR, "killed"),
    SWITCHED_OFF: ("X", INK, OUTSIDE),
    RESET: ("X", "#D55E00", BY_ITSELF),
    LINE_LOST: ("x", INK, "line lost"),
    "PowerCut": ("v", BYZANTINE_COLOUR, "power failed in a write"),
    "BoardCrash": ("*", "#8B0000", "crashed"),
    "Erase": ("s", BOOT_COLOUR, "flash erased"),
    "Control": ("o", INK, "commanded to exit or reset"),
    RESTART: ("^", "#D55E00", "restarted by itself"),
}
KIND_WORDS = {"power_cut": "power will fail at a write"}  # drawn when it is armed, not when power fails
KIND_MARKERS = "DPhdp8<>"
ABOVE = 0.24  # a fault's mark is above the mark of its effect


def mission(
    series: Series, byzantine: list[int], windows: list[tuple[str, float, float]], contacts: list[Contact]
) -> tuple[str, int]:
    """Progress of the boards, and below it the faults of links and boards. Returns (SVG, number of lanes omitted)."""
    unit, unit_name = time_unit(series.end_seconds)
    end = series.end_seconds / unit or 1.0
    shown, passing = windows[:ROWS_MAX], contacts[:ROWS_MAX]
    rows = [_short(name) for name, _, _ in shown] + [_short(each.name) for each in passing]
    first = len(rows)
    nodes = series.nodes[:BOARDS_MAX]
    rows += [board_name(node, byzantine) for node in nodes]
    heights = [PROGRESS_INCHES, 0.32 * len(rows) + 0.2]

    def draw(figure: "Figure") -> None:
        above, axes = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        progress(above, series, byzantine, unit)
        for row, (_, start, stop) in enumerate(shown):
            width = max(min(stop / unit, end) - start / unit, end / 400)
            label = _once(axes, "fault of links")
            axes.barh(row, width, left=start / unit, height=0.5, color=WINDOW_COLOUR, label=label)
        for row, contact in enumerate(passing, len(shown)):
            for aos, los in contact.passes:
                label = _once(axes, "in contact (AOS to LOS)")
                axes.barh(row, (los - aos) / unit, left=aos / unit, height=0.5, color=CONTACT_COLOUR, label=label)
        row_of = {node: first + index for index, node in enumerate(nodes)}
        for node, row in row_of.items():
            axes.axhline(row, color=board_colour(node, byzantine), linewidth=1.2, zorder=1)
        _spans(axes, series, row_of, unit)
        _marks(axes, series, row_of, unit)
        for each in (above, axes):
            moments(each, series, unit)
        _numbers(above, series, unit)
        for at, _ in series.resumes:
            axes.plot(at / unit, -0.5, "|", ms=9, color=INK, ls="", label=_once(axes, "ground station resumed"))
        axes.set_yticks(range(len(rows)), rows)
        for label, node in zip(axes.get_yticklabels()[first:], nodes):
            label.set_color(BYZANTINE_COLOUR if node in byzantine else INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(-end * 0.012, end * 1.012)
        axes.set_xlabel(f"mission time ({unit_name})")
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 6) or 1, fontsize=8)

    left_out = len(windows) - len(shown) + len(contacts) - len(passing) + len(series.nodes) - len(nodes)
    return svg(draw, 0.9 + sum(heights)), left_out


def _numbers(axes: "Axes", series: Series, unit: float) -> None:
    """The number of each inject, above its line. Those that would overlap share a label."""
    end = series.end_seconds / unit or 1.0
    shown: list[tuple[float, list[int]]] = []
    for number, (at, _) in enumerate(series.injects[:INJECTS_MAX], 1):
        if shown and at / unit - shown[-1][0] < end * NEAREST_LABELS:
            shown[-1][1].append(number)
        else:
            shown.append((at / unit, [number]))
    for place, numbers in shown:
        text = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        axes.annotate(
            text,
            (place, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            fontsize=8.5,
            fontweight="bold",
            color=INJECT_COLOUR,
        )


def _short(name: str) -> str:
    """A name, shortened to the room beside a picture."""
    return name if len(name) <= NAME_CHARACTERS_MAX else name[: NAME_CHARACTERS_MAX - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _spans(axes: "Axes", series: Series, row_of: dict[int, int], unit: float) -> None:
    spans = [("down", DOWN_COLOUR, series.down), ("silent, its memory is unknown", SILENT_COLOUR, series.silent)]
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
            named = (
                KIND_WORDS.get(kind, kind.replace("_", " "))
                if kind in series.fault_kinds()[:KINDS_MAX]
                else "other fault of the board"
            )
            _mark(axes, received / unit, row_of[node] - ABOVE, marker, colour, _short(named))


def _mark(axes: "Axes", x: float, row: float, marker: str, colour: str, label: str) -> None:
    size = 12 if marker == "*" else 8
    once = _once(axes, label)
    axes.plot(
        x, row, marker=marker, ms=size, color=colour, mec="white", mew=0.7, ls="", zorder=5, label=once, clip_on=False
    )


def _kind_look(series: Series, kind: str) -> tuple[str, str]:
    """(marker, colour) of a kind of board fault. Kinds beyond KINDS_MAX share one."""
    number = min(series.fault_kinds().index(kind), KINDS_MAX)
    return KIND_MARKERS[number % len(KIND_MARKERS)], BOARD_COLOURS[number % len(BOARD_COLOURS)]


def _once(axes: "Axes", label: str) -> str:
    """The label, or "_" if the legend already has it."""
    return "_" if label in axes.get_legend_handles_labels()[1] else label
