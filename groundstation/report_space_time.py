"""Space-time diagrams: a line a board, messages as arrows, steps as marks.

Of one slot over Lamport time, where only the order is drawn; of a run, or of an excerpt, over mission time.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from groundstation.report_canvas import DOWN_COLOUR, FAINT, Draw, board_colour, hover, lanes, svg, time_unit
from groundstation.report_excerpt import OTHER, Excerpt, Mark
from groundstation.report_scale import Scale
from groundstation.report_series import SlotStory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARROW_COLOURS = {
    "proposal": "#1d2733",
    "vote": "#8fa3b8",
    "vote 1": "#9ecae9",
    "vote 2": "#56a5d8",
    "vote 3": "#1f77b4",
    "vote 4": "#0b3d75",
    "suggest": "#CC79A7",
    "proof": "#E69F00",
    "view change": "#D55E00",
    OTHER: "#c9b8a6",
}
MARKS = {
    # event: (marker, size, colour, legend)
    "Propose": ("D", 6.5, "#1d2733", "propose"),
    "Decide": ("*", 13, "#009E73", "decide"),
    "Learn": ("P", 8, "#009E73", "learn (f+1 replies)"),
    "EnterView": ("|", 13, "#D55E00", "enter view"),
    "Wish": (">", 6, "#D55E00", "wish"),
    "Boot": ("^", 8, "#7A6A00", "boot"),
}

SQUEEZED_COLOUR = "#eef1f4"
TICKS = 12


def slot_diagram(story: SlotStory, nodes: list[int], byzantine: list[int]) -> str:
    """Space-time diagram of one slot: a line a board, messages as arrows, steps as marks, over Lamport time.

    Lamport times are spaced evenly: only their order is drawn, and every arrow points to the right.
    """
    times = sorted(
        {mark[1] for mark in story.marks}
        | {arrow.sent_lamport for arrow in story.arrows}
        | {arrow.received_lamport for arrow in story.arrows if arrow.received_lamport is not None}
    )
    place = {lamport: index for index, lamport in enumerate(times)}
    row = {node: index for index, node in enumerate(nodes)}

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for node in nodes:
            axes.axhline(row[node], color=board_colour(node, byzantine), linewidth=1.6, zorder=1)
        used = _arrows(axes, story, row, place)
        seen = _marks(axes, story, row, place)
        lanes(axes, nodes, byzantine)
        axes.set_xlim(-len(times) * 0.015, len(times) * 1.015)
        step = max(1, len(times) // 12)
        axes.set_xticks(range(0, len(times), step), [str(times[i]) for i in range(0, len(times), step)])
        axes.set_xlabel("Lamport time (evenly spaced: order, not duration)")
        _legend(figure, used, seen)

    titles = [
        f"{arrow.label}, board {arrow.sender} to {arrow.receiver}, sent at {arrow.sent_lamport}, "
        f"received at {arrow.received_lamport}"
        for arrow in story.arrows
    ]
    return svg(draw, 1.6 + 0.72 * len(nodes), titles)


def _arrows(axes: "Axes", story: SlotStory, row: dict[int, int], place: dict[int, int]) -> list[str]:
    used: set[str] = set()
    for number, arrow in enumerate(story.arrows):
        colour = ARROW_COLOURS[arrow.label]
        used.add(arrow.label)
        x, y = place[arrow.sent_lamport], row[arrow.sender]
        if arrow.receiver not in row:
            continue
        if arrow.received_lamport is None:
            _lost(axes, x, y, row[arrow.receiver], colour)
            continue
        end = (place[arrow.received_lamport], row[arrow.receiver])
        _arrow(axes, (x, y), end, colour, number)
    return [label for label in ARROW_COLOURS if label in used]


def _arrow(axes: "Axes", start: tuple[float, int], end: tuple[float, int], colour: str, title: int) -> None:
    from matplotlib.patches import FancyArrowPatch

    style = "-|>,head_width=1.6,head_length=3.4"
    arrow = FancyArrowPatch(start, end, arrowstyle=style, shrinkA=2, shrinkB=2, color=colour, lw=0.9, alpha=0.85)
    arrow.set_zorder(2)
    arrow.set_gid(hover(title))
    axes.add_patch(arrow)


def _lost(axes: "Axes", x: float, y: int, towards: int, colour: str, step: float = 0.45) -> None:
    """A message that was not received, as far as the traces tell: it sets out, and ends in a cross."""
    end = (x + step, y + (0.32 if towards > y else -0.32))
    axes.plot([x, end[0]], [y, end[1]], color=colour, linewidth=0.8, linestyle=(0, (2, 1.5)), alpha=0.8, zorder=2)
    axes.plot(*end, marker="x", markersize=4, color="#D81B3A", markeredgewidth=1.1, zorder=3)


def flight_drawing(excerpt: Excerpt, byzantine: list[int]) -> tuple[Draw, float, list[str]]:
    """(drawing, its height in inches, hover titles) of a space-time diagram over mission time."""
    row = {node: index for index, node in enumerate(excerpt.nodes)}
    unit, unit_name = time_unit(excerpt.until)
    scale = Scale(_moments(excerpt))

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for node in excerpt.nodes:
            axes.axhline(row[node], color=board_colour(node, byzantine), linewidth=1.6, zorder=1)
        for node, since, until in excerpt.down:
            if node in row:
                start, end = scale.place(since), scale.place(until)
                axes.barh(row[node], end - start, left=start, height=0.2, color=DOWN_COLOUR, zorder=1.5)
        _messages(axes, excerpt, row, scale)
        _steps(axes, excerpt.marks, row, scale)
        lanes(axes, excerpt.nodes, byzantine)
        axes.set_xlim(-scale.width * 0.015, scale.width * 1.015)
        _time_axis(axes, scale, unit, unit_name)
        used = {message.label for message in excerpt.messages}
        _legend(figure, [label for label in ARROW_COLOURS if label in used], _named(excerpt.marks))

    return draw, 1.8 + 0.95 * len(excerpt.nodes), [message.title for message in excerpt.messages]


def _messages(axes: "Axes", excerpt: Excerpt, row: dict[int, int], scale: Scale) -> None:
    for number, message in enumerate(excerpt.messages):
        colour, start = ARROW_COLOURS[message.label], (scale.place(message.sent), row[message.sender])
        if message.receiver not in row:
            continue
        if message.received is None:
            _lost(axes, *start, row[message.receiver], colour, scale.width / 150)
        else:
            _arrow(axes, start, (scale.place(message.received), row[message.receiver]), colour, number)


def _moments(excerpt: Excerpt) -> list[float]:
    """Of all that is drawn, within the excerpt."""
    found = [excerpt.since, excerpt.until, *(mark.at for mark in excerpt.marks)]
    for message in excerpt.messages:
        found += [message.sent] if message.received is None else [message.sent, message.received]
    return [seconds for seconds in found if excerpt.since <= seconds <= excerpt.until]


def _time_axis(axes: "Axes", scale: Scale, unit: float, unit_name: str) -> None:
    ticks = scale.ticks(TICKS)
    span = (ticks[-1][1] - ticks[0][1]) / unit
    digits = 0 if span > 50 else 1 if span > 5 else 3
    axes.set_xticks([place for place, _ in ticks], [f"{seconds / unit:.{digits}f}" for _, seconds in ticks])
    for since, until in scale.squeezed:
        start, end = scale.place(since), scale.place(until)
        axes.axvspan(start, end, color=SQUEEZED_COLOUR, linewidth=0, zorder=0)
        said = f"{(until - since) / unit:.2g} {unit_name}"
        where = axes.get_xaxis_transform()
        axes.text((start + end) / 2, 0.01, said, fontsize=7, color=FAINT, ha="center", rotation=90, transform=where)
    shaded = "; shaded: nothing of what is drawn happened for so long, not to scale" if scale.squeezed else ""
    axes.set_xlabel(f"mission time ({unit_name}{shaded})")


def flight_diagram(excerpt: Excerpt, byzantine: list[int]) -> str:
    """Space-time diagram of a run or a part of it, over mission time."""
    return svg(*flight_drawing(excerpt, byzantine))


def _named(marks: Iterable[Mark]) -> list[str]:
    seen = {mark.name for mark in marks}
    return [name for name in MARKS if name in seen]


def _steps(axes: "Axes", marks: list[Mark], row: dict[int, int], scale: Scale) -> None:
    """The boards' steps. Votes are small dots of their arrows' colour; a proposal is labelled with its slot."""
    labelled: dict[int, float] = {}  # node -> where its last label stands
    raised = False
    for mark in sorted(marks, key=lambda mark: mark.at):
        x, y = scale.place(mark.at), row[mark.node]
        if mark.name.startswith("Vote"):
            axes.plot(x, y, "o", ms=4.5, color=ARROW_COLOURS[f"vote {mark.name[-1]}"], mec="white", mew=0.4, zorder=4)
            continue
        marker, size, colour, _ = MARKS[mark.name]
        edge, width = (colour, 2.5) if marker == "|" else ("white", 0.6)
        axes.plot(x, y, marker=marker, ms=size, color=colour, mec=edge, mew=width, zorder=6)
        if mark.name == "Propose":
            raised = not raised and mark.node in labelled and x - labelled[mark.node] < scale.width / 18
            labelled[mark.node] = x
            above = 16 if raised else 6
            axes.annotate(
                f"slot {mark.slot}",
                (x, y),
                xytext=(0, above),
                textcoords="offset points",
                fontsize=7.5,
                ha="center",
                zorder=7,
            )


def _marks(axes: "Axes", story: SlotStory, row: dict[int, int], place: dict[int, int]) -> list[str]:
    seen: set[str] = set()
    for node, lamport, name in story.marks:
        if node not in row:
            continue
        if name.startswith("Vote"):
            axes.text(
                place[lamport],
                row[node],
                name[-1],
                fontsize=7.5,
                fontweight="bold",
                color="white",
                ha="center",
                va="center",
                zorder=5,
                bbox={"boxstyle": "circle,pad=0.22", "fc": ARROW_COLOURS[f"vote {name[-1]}"], "ec": "white", "lw": 0.8},
            )
            seen.add("Vote")
        elif name in MARKS:
            marker, size, colour, _ = MARKS[name]
            # A bar has no inside: only its edge is seen.
            edge, width = (colour, 2.5) if marker == "|" else ("white", 0.6)
            axes.plot(place[lamport], row[node], marker=marker, ms=size, color=colour, mec=edge, mew=width, zorder=6)
            seen.add(name)
    return [name for name in ("Vote", *MARKS) if name in seen]


def _legend(figure: "Figure", used: list[str], seen: list[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=ARROW_COLOURS[label], lw=1.8, label=label) for label in used]
    for name in seen:
        if name in MARKS:
            marker, size, colour, label = MARKS[name]
            edge, width = (colour, 2.5) if marker == "|" else ("white", 0.6)
            handles.append(
                Line2D([], [], marker=marker, ms=min(size, 10), color=colour, mec=edge, mew=width, ls="", label=label)
            )
    figure.legend(handles=handles, loc="outside upper center", ncols=min(len(handles), 9), fontsize=8)
