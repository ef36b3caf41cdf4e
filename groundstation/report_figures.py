"""The report's pictures, as SVG texts.

One look for all: boards keep their colour throughout, a Byzantine board is drawn in red, and a board that is down is
a grey band. The colours are those of Okabe and Ito (2008), which the colour-blind tell apart. Matplotlib is imported
only when a picture is drawn, because it takes longer than all the rest of the command line.
"""

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from groundstation.report_series import Series, SlotStory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOARD_COLOURS = ("#0072B2", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#7A6A00", "#5B4DA8", "#00807A", "#A65628")
BYZANTINE_COLOUR = "#D81B3A"
INK, FAINT, GRID = "#1d2733", "#7b8794", "#e3e8ee"
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
}
MARKS = {
    # event: (marker, size, colour, legend)
    "Propose": ("D", 6.5, "#1d2733", "propose"),
    "Decide": ("*", 13, "#009E73", "decide"),
    "Learn": ("P", 8, "#009E73", "learn (f+1 replies)"),
    "EnterView": ("|", 13, "#D55E00", "enter view"),
    "Wish": (">", 6, "#D55E00", "wish"),
}
FAULT_BINS = 36
WIDTH_INCHES = 11.0


def board_colour(node: int, byzantine: Iterable[int]) -> str:
    """The colour that stands for board `node` in every picture."""
    return BYZANTINE_COLOUR if node in set(byzantine) else BOARD_COLOURS[node % len(BOARD_COLOURS)]


def time_unit(seconds: float) -> tuple[float, str]:
    """(seconds in a unit, its name) in which a span of mission time reads well."""
    if seconds > 4 * 3600:
        return 3600.0, "h"
    return (60.0, "min") if seconds > 10 * 60 else (1.0, "s")


def progress(series: Series, byzantine: list[int], windows: list[tuple[str, float, float]]) -> str:
    """Applied slot over mission time, a line a board; fault windows as bars above, down times in grey."""

    unit, name = time_unit(series.end_seconds)

    def draw(figure: "Figure") -> None:
        bars = len(windows)
        above, axes = figure.subplots(
            2, 1, sharex=True, height_ratios=[max(0.32 * bars, 0.3), 4], gridspec_kw={"hspace": 0.06}
        )
        _fault_windows(above, [(said, a / unit, b / unit) for said, a, b in windows], series.end_seconds / unit)
        for node in series.nodes:
            points = series.applied.get(node, [])
            colour = board_colour(node, byzantine)
            label = f"board {node}" + (" (Byzantine)" if node in byzantine else "")
            axes.plot(
                [0.0, *(t / unit for t, _ in points)],
                [0, *(slot for _, slot in points)],
                drawstyle="steps-post",
                color=colour,
                label=label,
                linestyle=(0, (3, 2)) if node in byzantine else "-",
                linewidth=1.7,
            )
            for since, until in series.down.get(node, []):
                axes.axvspan(since / unit, until / unit, color=colour, alpha=0.10, linewidth=0)
                axes.annotate(
                    f"board {node} down",
                    (since / unit, 1),
                    xycoords=("data", "axes fraction"),
                    xytext=(3, -11),
                    textcoords="offset points",
                    fontsize=8,
                    color=colour,
                )
        axes.set_xlim(0, series.end_seconds / unit or 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f"mission time ({name})")
        axes.set_ylabel("last applied slot")
        if series.nodes:
            axes.legend(loc="lower right", ncols=2)

    return _svg(draw, 3.6 + 0.32 * len(windows))


def _fault_windows(axes: "Axes", windows: list[tuple[str, float, float]], end: float) -> None:
    axes.set_ylim(-0.6, max(len(windows), 1) - 0.4)
    axes.invert_yaxis()
    axes.set_yticks(range(len(windows)), [name for name, _, _ in windows], fontsize=8)
    axes.tick_params(length=0, labelbottom=False)
    axes.grid(False)
    for side in axes.spines.values():
        side.set_visible(False)
    for row, (_, start, stop) in enumerate(windows):
        width = max(min(stop, end) - start, end / 400)
        axes.barh(row, width, left=start, height=0.62, color="#f0b8a8", edgecolor="none")


def space_time(story: SlotStory, nodes: list[int], byzantine: list[int]) -> str:
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
        axes.set_yticks(range(len(nodes)), [_lane(node, byzantine) for node in nodes])
        for label, node in zip(axes.get_yticklabels(), nodes):
            label.set_color(board_colour(node, byzantine))
            label.set_fontweight("bold")
        axes.set_ylim(len(nodes) - 0.55, -0.55)
        axes.set_xlim(-len(times) * 0.015, len(times) * 1.015)
        step = max(1, len(times) // 12)
        axes.set_xticks(range(0, len(times), step), [str(times[i]) for i in range(0, len(times), step)])
        axes.set_xlabel("Lamport time (evenly spaced: order, not duration)")
        axes.grid(False)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.tick_params(axis="y", length=0)
        _legend(figure, used, seen)

    return _svg(draw, 1.6 + 0.72 * len(nodes))


def _lane(node: int, byzantine: list[int]) -> str:
    return f"board {node}\nByzantine" if node in byzantine else f"board {node}"


def _arrows(axes: "Axes", story: SlotStory, row: dict[int, int], place: dict[int, int]) -> list[str]:
    used: set[str] = set()
    for arrow in story.arrows:
        colour = ARROW_COLOURS[arrow.label]
        used.add(arrow.label)
        x, y = place[arrow.sent_lamport], row[arrow.sender]
        if arrow.receiver not in row:
            continue
        if arrow.received_lamport is None:
            _lost(axes, x, y, row[arrow.receiver], colour)
            continue
        end = (place[arrow.received_lamport], row[arrow.receiver])
        axes.annotate(
            "",
            end,
            (x, y),
            arrowprops={"arrowstyle": "-|>,head_width=.16,head_length=.34", "color": colour, "lw": 0.9, "alpha": 0.85},
            zorder=2,
        )
    return [label for label in ARROW_COLOURS if label in used]


def _lost(axes: "Axes", x: float, y: int, towards: int, colour: str) -> None:
    """A message that was not received, as far as the traces tell: it sets out, and ends in a cross."""
    end = (x + 0.45, y + (0.32 if towards > y else -0.32))
    axes.plot([x, end[0]], [y, end[1]], color=colour, linewidth=0.8, linestyle=(0, (2, 1.5)), alpha=0.8, zorder=2)
    axes.plot(*end, marker="x", markersize=4, color="#D81B3A", markeredgewidth=1.1, zorder=3)


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


def latency(series: Series) -> str:
    """Decision latency: distribution, and over the slots."""

    unit, name = time_unit(max(value for _, _, value in series.latency))

    def draw(figure: "Figure") -> None:
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.6])
        seconds = sorted(value / unit for _, _, value in series.latency)
        left.plot(
            seconds, [(i + 1) / len(seconds) for i in range(len(seconds))], drawstyle="steps-post", color="#0072B2"
        )
        for share in (0.5, 0.99):
            value = seconds[min(len(seconds) - 1, int(share * len(seconds)))]
            left.axvline(value, color=FAINT, linewidth=0.8, linestyle=":")
            left.annotate(
                f"p{share * 100:.0f}  {value:.3g} {name}",
                (value, share),
                xytext=(5, -12),
                textcoords="offset points",
                fontsize=8.5,
            )
        left.set(
            xlabel=f"from proposal to decision ({name})", ylabel="share of decisions", ylim=(0, 1.03), xlim=(0, None)
        )
        for view in sorted({min(view, 3) for _, view, _ in series.latency}):
            points = [(slot, value / unit) for slot, v, value in series.latency if min(v, 3) == view]
            right.scatter(
                [slot for slot, _ in points],
                [value for _, value in points],
                s=11,
                color=("#0072B2", "#E69F00", "#D55E00", "#D81B3A")[view],
                alpha=0.75,
                linewidths=0,
                label=f"decided in view {view}" + (" or later" if view == 3 else ""),
            )
        right.set(xlabel="slot", ylabel=name, ylim=(0, None))
        right.legend(loc="upper left")

    return _svg(draw, 3.2)


def faults(series: Series) -> str:
    """Fates of frames over mission time, stacked by fault; those that befell nearly every frame are left out."""
    common = series.common_fates()
    unit, unit_name = time_unit(series.end_seconds)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        names = sorted(set(series.fates) - set(common), key=lambda name: (-sum(n for _, n in series.fates[name]), name))
        colours = [*BOARD_COLOURS, "#D55E00", "#999999"]
        times = [[t / unit for t, _ in series.fates[name]] for name in names]
        weights = [[count for _, count in series.fates[name]] for name in names]
        end = series.end_seconds / unit or 1.0
        axes.hist(
            times,
            bins=FAULT_BINS,
            range=(0, end),
            weights=weights,
            stacked=True,
            label=names,
            color=[colours[i % len(colours)] for i in range(len(names))],
        )
        axes.set(
            xlabel=f"mission time ({unit_name})", ylabel=f"frames in {end / FAULT_BINS:.2g} {unit_name}", xlim=(0, end)
        )
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return _svg(draw, 2.8)


def stages(series: Series) -> str:
    """Time from a telecommand's queueing to each further stage: median, quartiles, and every one as a dot."""
    unit, unit_name = time_unit(max(value for values in series.stages.values() for value in values))

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        names = list(series.stages)
        axes.boxplot(
            [[value / unit for value in series.stages[name]] for name in names],
            orientation="horizontal",
            tick_labels=names,
            widths=0.5,
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": "#d7e8f4", "edgecolor": "#0072B2"},
            medianprops={"color": "#0072B2", "linewidth": 2},
            whiskerprops={"color": "#0072B2"},
            capprops={"color": "#0072B2"},
        )
        for row, name in enumerate(names, 1):
            values = [value / unit for value in series.stages[name]]
            offsets = [row + 0.32 + 0.1 * ((i * 7) % 10) / 10 for i in range(len(values))]
            axes.scatter(values, offsets, s=5, color=INK, alpha=0.35, linewidths=0)
        axes.invert_yaxis()
        axes.set(xlabel=f"since the telecommand was queued ({unit_name})", xlim=(0, None))

    return _svg(draw, 1.0 + 0.55 * max(len(series.stages), 1))


def _svg(draw: Callable[["Figure"], None], height_inches: float) -> str:
    """Draw on a fresh figure and give its SVG element, without prologue, ready to stand in HTML."""
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
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    text = out.getvalue()
    return text[text.index("<svg") :]
