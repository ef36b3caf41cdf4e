"""Space-time diagrams: one line per board, messages as arrows, steps as marks.

The axis is mission time, or Lamport time, which shows only the order. In a crowded picture the messages that mattered
are arrows; all others of one kind are a bundle of faint lines, so that a broadcast looks like a fan.
"""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from groundstation.report.canvas import (
    DOWN_COLOUR,
    FAINT,
    INK,
    MARKED,
    RESUMED,
    Draw,
    Part,
    board_colour,
    lanes,
    lanes_inches,
    part_name,
    svg,
    time_unit,
)
from groundstation.report.excerpt import Excerpt
from groundstation.report.messages import OTHER, Message
from groundstation.report.scale import Scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

ARROW_COLOURS = {
    "proposal": "#1d2733",
    "vote": "#5f7890",
    "vote 1": "#6BAED6",
    "vote 2": "#4292C6",
    "vote 3": "#2171B5",
    "vote 4": "#08306B",
    "suggest": "#B0508A",
    "proof": "#00A39A",
    "view change": "#D55E00",
    OTHER: "#a08b75",
}
MARKS = {
    # event: (marker, size, colour, legend)
    "Propose": ("D", 6.5, "#1d2733", "propose"),
    "Decide": ("*", 13, "#00805C", "decide"),
    "Learn": ("P", 8, "#00805C", "learn (f+1 replies)"),
    "EnterView": ("|", 13, "#D55E00", "enter view"),
    "Wish": (">", 6, "#D55E00", "wish for the next view"),
    "Boot": ("^", 8, "#7A6A00", "boot"),
}
LOST_COLOUR = "#D81B3A"
FAINT_COLOUR = "#c3ccd5"
VOTE_POINTS, DOT_POINTS, BAR_POINTS = 9.5, 4.5, 3.5  # of a vote with its number, and without; of a bar
# Offsets of simultaneous marks from their line, in lanes, so that they do not overlap.
LEVELS = (0.0, -0.24, 0.24, -0.46)
AXIS_POINTS = 690  # approximate width of the picture's axis
SQUEEZED_COLOUR = "#eef1f4"
TICKS, DIGITS_MAX = 10, 6
REST, LOST = "rest", "lost"  # further parts that can be hidden: faint messages, lost ones


@dataclass(frozen=True)
class Picture:
    """A drawing of an excerpt, its height, and its parts. `kinds`: labels of messages, then REST and LOST."""

    draw: Callable[[bool], Draw]
    height_inches: float
    parts: list[Part]
    kinds: list[str]

    def file(self) -> tuple[Draw, float, list[Part]]:
        """For a separate file: with a complete legend."""
        return self.draw(True), self.height_inches, self.parts

    def svg(self) -> str:
        """For a page that has its own legend for the messages."""
        return svg(self.draw(False), self.height_inches, self.parts)


class _Axis:
    """The position of moments: by mission time with idle spans squeezed, or by Lamport time, evenly spaced."""

    def __init__(self, excerpt: Excerpt, by_order: bool) -> None:
        self._by_order = by_order
        ends = [(message.sent, message.sent_clock) for message in excerpt.messages if _is_strong(message, excerpt)]
        ends += [
            (message.received, message.received_clock)
            for message in excerpt.messages
            if message.received is not None and message.received_clock is not None and _is_strong(message, excerpt)
        ]
        ends += [(mark.at, mark.clock) for mark in excerpt.marks]
        self._clocks = sorted({clock for _, clock in ends})
        moments = [excerpt.since, excerpt.until, *(at for at, _ in ends)]
        self.scale = Scale(at for at in moments if excerpt.since <= at <= excerpt.until)
        self.width = float(max(1, len(self._clocks) - 1)) if by_order else self.scale.width

    def place(self, at: float, clock: int) -> float:
        if not self._by_order:
            return self.scale.place(at)
        index = bisect_left(self._clocks, clock)
        if index == len(self._clocks) or self._clocks[index] == clock or index == 0:
            return float(min(index, len(self._clocks) - 1))
        before, after = self._clocks[index - 1], self._clocks[index]
        return index - 1 + (clock - before) / (after - before)

    def label(self, axes: "Axes", unit: float, unit_name: str) -> None:
        if not self._by_order:
            _time_axis(axes, self.scale, unit, unit_name)
            return
        numbers = range(0, len(self._clocks), max(1, len(self._clocks) // TICKS))
        axes.set_xticks(list(numbers), [str(self._clocks[number]) for number in numbers])
        axes.set_xlabel("Lamport time (evenly spaced: order, not duration)")


def _is_strong(message: Message, excerpt: Excerpt) -> bool:
    return message.received is not None and (message.mattered or not excerpt.is_crowded)


def picture(excerpt: Excerpt, byzantine: list[int], by_order: bool = False) -> Picture:
    """The space-time diagram of an excerpt, over mission time or over the order of Lamport times."""
    row = {node: index for index, node in enumerate(excerpt.nodes)}
    axis = _Axis(excerpt, by_order)
    messages = [message for message in excerpt.messages if message.receiver in row and message.sender in row]
    strong = [message for message in messages if _is_strong(message, excerpt)]
    faint, lost = _bundles(messages, excerpt, row)
    parts = [Part(_css(message.label), message.title) for message in strong]
    parts += [Part(f"{_css(label)} {REST}", f"{len(found)} further messages: {label}") for label, found in faint]
    parts += [Part(f"{_css(label)} {LOST}", f"lost, or never seen to arrive: {label}") for label, _ in lost]

    def draw(with_messages: bool) -> Draw:
        def onto(figure: "Figure") -> None:
            axes = figure.subplots()
            for node in excerpt.nodes:
                axes.axhline(row[node], color=board_colour(node, byzantine), linewidth=1.6, zorder=1)
            if not by_order:
                _down(axes, excerpt, row, axis)
            number = 0
            for message in strong:
                _arrow(axes, message, row, axis, number)
                number += 1
            for label, found in faint:
                _bundle(axes, label, [_line(message, row, axis) for message in found], number)
                number += 1
            for label, stubs in lost:
                _lost(axes, label, [_stub(stub, row, axis) for stub in stubs], number)
                number += 1
            _steps(axes, excerpt, row, axis)
            for at, clock in excerpt.resumes:
                axes.axvline(axis.place(at, clock), **RESUMED)
            if excerpt.marked is not None:
                axes.axvline(axis.place(*excerpt.marked[:2]), **MARKED)
            lanes(axes, excerpt.nodes, byzantine)
            axes.set_xlim(-axis.width * 0.015, axis.width * 1.015)
            axis.label(axes, *time_unit(excerpt.until))
            _legend(figure, _message_handles(kinds) if with_messages else [], excerpt, not by_order)

        return onto

    used = {message.label for message in messages}
    kinds = [label for label in ARROW_COLOURS if label in used] + [REST] * bool(faint) + [LOST] * bool(lost)
    return Picture(draw, 1.5 + lanes_inches(len(excerpt.nodes)), parts, kinds)


def _css(label: str) -> str:
    return "k-" + label.replace(" ", "-")


Stub = tuple[Message, int]  # a lost message and the direction of its addressee: -1 up, 1 down


def _bundles(
    messages: Iterable[Message], excerpt: Excerpt, row: dict[int, int]
) -> tuple[list[tuple[str, list[Message]]], list[tuple[str, list[Stub]]]]:
    """The faint messages and the lost ones, by label. A lost broadcast has one stub per direction."""
    faint: dict[str, list[Message]] = defaultdict(list)
    lost: dict[tuple[str, int, int, int], Message] = {}
    for message in messages:
        if message.received is None:
            direction = 1 if row[message.receiver] > row[message.sender] else -1
            lost.setdefault((message.label, message.sender, message.sent_clock, direction), message)
        elif not _is_strong(message, excerpt):
            faint[message.label].append(message)
    stubs: dict[str, list[Stub]] = defaultdict(list)
    for (label, _, _, direction), message in lost.items():
        stubs[label].append((message, direction))
    return (
        [(label, faint[label]) for label in ARROW_COLOURS if label in faint],
        [(label, stubs[label]) for label in ARROW_COLOURS if label in stubs],
    )


Line = tuple[tuple[float, float], tuple[float, float]]


def _line(message: Message, row: dict[int, int], axis: _Axis) -> Line:
    received = message.sent if message.received is None else message.received
    clock = message.sent_clock if message.received_clock is None else message.received_clock
    start = axis.place(message.sent, message.sent_clock)
    return (start, row[message.sender]), (axis.place(received, clock), row[message.receiver])


def _stub(stub: Stub, row: dict[int, int], axis: _Axis) -> Line:
    """The line of a message that, by the traces, was not received: short, ending in a cross."""
    message, direction = stub
    x, y = axis.place(message.sent, message.sent_clock), row[message.sender]
    return (x, y), (x + axis.width / 150, y + 0.3 * direction)


def _arrow(axes: "Axes", message: Message, row: dict[int, int], axis: _Axis, number: int) -> None:
    from matplotlib.patches import FancyArrowPatch

    start, end = _line(message, row, axis)
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle="-|>,head_width=1.6,head_length=3.4",
        shrinkA=2,
        shrinkB=2,
        color=ARROW_COLOURS[message.label],
        lw=1.0,
        alpha=0.9,
    )
    arrow.set_zorder(3)
    arrow.set_gid(part_name(number))
    axes.add_patch(arrow)


def _bundle(axes: "Axes", label: str, lines: Sequence[Line], number: int) -> None:
    _path(axes, lines, number, color=ARROW_COLOURS[label], linewidth=0.5, alpha=0.3, zorder=2)


def _lost(axes: "Axes", label: str, lines: Sequence[Line], number: int) -> None:
    _path(axes, lines, number, color=ARROW_COLOURS[label], linewidth=0.8, alpha=0.8, linestyle=(0, (2, 1.5)), zorder=2)
    ends = [end for _, end in lines]
    (crosses,) = axes.plot(
        [x for x, _ in ends], [y for _, y in ends], "x", ms=4, color=LOST_COLOUR, mew=1.1, ls="", zorder=3
    )
    crosses.set_gid(part_name(number))


def _path(axes: "Axes", lines: Sequence[Line], number: int, **look: object) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points = [point for line in lines for point in line]
    codes = [Path.MOVETO, Path.LINETO] * len(lines)
    patch = PathPatch(Path(points, codes), fill=False, **look)
    patch.set_gid(part_name(number))
    axes.add_patch(patch)


def _down(axes: "Axes", excerpt: Excerpt, row: dict[int, int], axis: _Axis) -> None:
    for node, since, until in excerpt.down:
        if node in row and until >= excerpt.since and since <= excerpt.until:
            start, end = axis.place(since, 0), axis.place(until, 0)
            axes.barh(row[node], end - start, left=start, height=0.2, color=DOWN_COLOUR, zorder=1.5)


def _time_axis(axes: "Axes", scale: Scale, unit: float, unit_name: str) -> None:
    ticks = scale.ticks(TICKS)
    digits = _digits([seconds / unit for _, seconds in ticks])
    axes.set_xticks([place for place, _ in ticks], [f"{seconds / unit:.{digits}f}" for _, seconds in ticks])
    for since, until in scale.squeezed:
        start, end = scale.place(since), scale.place(until)
        axes.axvspan(start, end, color=SQUEEZED_COLOUR, linewidth=0, zorder=0)
        said = f"{(until - since) / unit:.2g} {unit_name}"
        where = axes.get_xaxis_transform()
        axes.text((start + end) / 2, 0.01, said, fontsize=7, color=FAINT, ha="center", rotation=90, transform=where)
    shaded = "; shaded: no board acted for so long, not to scale" if scale.squeezed else ""
    axes.set_xlabel(f"mission time ({unit_name}{shaded})")


def _digits(numbers: Sequence[float]) -> int:
    """The number of decimals that resolves a tenth of the smallest distance between neighbours."""
    nearest = min((after - before for before, after in pairwise(numbers)), default=1.0)
    return max(0, min(DIGITS_MAX, math.ceil(1 - math.log10(max(nearest, 1e-9)))))


class _Lanes:
    """Finds a level for each mark where it overlaps no other: on the line, if that is free."""

    def __init__(self, width: float) -> None:
        self._point = width / AXIS_POINTS
        self._taken: dict[int, list[float]] = defaultdict(lambda: [-math.inf] * len(LEVELS))

    def level(self, node: int, x: float, points: float) -> float:
        """The level of a mark at `x` that is `points` wide. Call it from left to right for each node."""
        taken, half = self._taken[node], points * self._point / 2
        free = [number for number, right in enumerate(taken) if x - half >= right]
        number = free[0] if free else taken.index(min(taken))
        taken[number] = x + half
        return LEVELS[number]


def _steps(axes: "Axes", excerpt: Excerpt, row: dict[int, int], axis: _Axis) -> None:
    """Draws the boards' steps. A picture of one slot numbers the votes; one of a run labels proposals with slots."""
    labelled: dict[int, float] = {}  # node -> position of its last label
    raised = False
    levels = _Lanes(axis.width)
    for mark in sorted(excerpt.marks, key=lambda mark: (mark.at, mark.clock)):
        if mark.node not in row:
            continue
        x, line = axis.place(mark.at, mark.clock), row[mark.node]
        is_vote, is_numbered = mark.name.startswith("Vote"), excerpt.slot is not None
        y = line + levels.level(mark.node, x, _points(mark.name, is_numbered))
        if y != line:
            axes.plot([x, x], [line, y], color=INK, lw=0.6, zorder=4)
        if is_vote:
            _vote(axes, x, y, mark.name[-1], is_numbered)
            continue
        _marker(axes, x, y, mark.name)
        if mark.name == "Propose" and excerpt.slot is None:
            raised = not raised and mark.node in labelled and x - labelled[mark.node] < axis.width / 18
            labelled[mark.node] = x
            above = (0, 16 if raised else 6)
            axes.annotate(
                f"slot {mark.slot}", (x, y), above, textcoords="offset points", fontsize=7.5, ha="center", zorder=7
            )


def _points(name: str, is_numbered: bool) -> float:
    """The width of a mark, in points. A bar is high but narrow."""
    if name.startswith("Vote"):
        return VOTE_POINTS if is_numbered else DOT_POINTS
    marker, size, _, _ = MARKS[name]
    return BAR_POINTS if marker == "|" else size


def _vote(axes: "Axes", x: float, y: float, phase: str, is_numbered: bool) -> None:
    size = VOTE_POINTS if is_numbered else DOT_POINTS
    axes.plot(x, y, "o", ms=size, color=ARROW_COLOURS[f"vote {phase}"], mec="white", mew=0.5, zorder=5)
    if is_numbered:
        axes.text(
            x, y, phase, fontsize=7, fontweight="bold", color="white", ha="center", va="center_baseline", zorder=5.5
        )


def _marker(axes: "Axes", x: float, y: float, name: str) -> None:
    marker, size, colour, _ = MARKS[name]
    # A bar has no face, only an edge.
    edge, width = (colour, 2.5) if marker == "|" else ("white", 0.6)
    axes.plot(x, y, marker=marker, ms=size, color=colour, mec=edge, mew=width, zorder=6)


def _message_handles(kinds: Iterable[str]) -> "list[Line2D]":
    """The legend of messages, for a picture without switches. `kinds`: those of a Picture."""
    from matplotlib.lines import Line2D

    looks: dict[str, dict[str, Any]] = {
        REST: {"color": FAINT_COLOUR, "lw": 0.8, "label": "further messages"},
        LOST: {"color": LOST_COLOUR, "marker": "x", "ms": 5, "lw": 0.8, "ls": (0, (2, 1.5)), "label": "lost"},
    }
    return [
        Line2D([], [], **looks.get(kind, {"color": ARROW_COLOURS.get(kind), "lw": 1.8, "label": kind}))
        for kind in kinds
    ]


def _legend(figure: "Figure", handles: "list[Any]", excerpt: Excerpt, has_bands: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles = list(handles)
    seen = {mark.name for mark in excerpt.marks}
    for name in MARKS:
        if name in seen:
            marker, size, colour, label = MARKS[name]
            edge, width = (colour, 2.5) if marker == "|" else ("white", 0.6)
            handles.append(
                Line2D([], [], marker=marker, ms=min(size, 10), color=colour, mec=edge, mew=width, ls="", label=label)
            )
    if seen & {"Vote1", "Vote2", "Vote3", "Vote4"}:
        colour = ARROW_COLOURS["vote 3"]
        label = "vote, with its phase" if excerpt.slot is not None else "vote; darker in later phases"
        handles.append(Line2D([], [], marker="o", ms=7, color=colour, mec="white", ls="", label=label))
    down = [node for node, since, until in excerpt.down if until >= excerpt.since and since <= excerpt.until]
    if has_bands and set(down) & set(excerpt.nodes):
        handles.append(Patch(color=DOWN_COLOUR, label="down"))
    if excerpt.resumes:
        handles.append(Line2D([], [], color=RESUMED["color"], ls=RESUMED["linestyle"], label="ground station resumed"))
    if excerpt.marked is not None:
        handles.append(Line2D([], [], color=MARKED["color"], lw=MARKED["linewidth"], label=excerpt.marked[2]))
    if handles:
        figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 8), fontsize=8)
