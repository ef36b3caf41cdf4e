"""The report's charts over time and slots, as SVG texts."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from groundstation.report.canvas import (
    BOARD_COLOURS,
    BOARDS_MAX,
    BOOT_COLOUR,
    FAINT,
    INK,
    RESUMED,
    board_colour,
    board_line,
    board_name,
    svg,
    time_unit,
)
from groundstation.report.series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

T = TypeVar("T")
FAULT_BINS = 36
FATES_MAX = 12  # shown; the most frequent
KILOBYTE = 1000
INJECT_COLOUR = "#7B2D91"
INJECTS_MAX = 60  # drawn
POINTS_MAX = 2000  # per line or cloud: more add megabytes to the page without changing the picture


def thin(points: Sequence[T]) -> Sequence[T]:
    """At most POINTS_MAX of the points, evenly spaced, including the last."""
    step = -(-len(points) // POINTS_MAX)
    return points if step <= 1 else points[len(points) - 1 :: -step][::-1]


def thinned(count: int) -> str:
    """A note that a cloud of `count` points is thinned out. Empty if it is not."""
    return f" Of {count} samples, one in {-(-count // POINTS_MAX)} is drawn." if count > POINTS_MAX else ""


def progress(axes: "Axes", series: Series, byzantine: list[int], unit: float) -> None:
    """Applied slot over mission time. One line per board, with gaps while it is down."""
    for node in series.nodes[:BOARDS_MAX]:
        axes.plot(
            *_with_gaps(series, node, unit),
            drawstyle="steps-post",
            color=board_colour(node, byzantine),
            label=board_name(node, byzantine),
            linestyle=board_line(node, byzantine),
            linewidth=1.6,
        )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("last applied slot")
    if series.nodes:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)


def _with_gaps(series: Series, node: int, unit: float) -> tuple[list[float], list[float]]:
    """(times, slots) of a board's line, from start to end, with gaps while it is down."""
    down = series.down.get(node, [])
    points = [(0.0, 0.0), *((at, float(slot)) for at, slot in thin(series.applied.get(node, [])))]
    reached = [max(slot for at, slot in points if at <= since) for since, _ in down]
    points += [(since, math.nan) for since, _ in down]
    points += [(until, slot) for (_, until), slot in zip(down, reached) if until < series.end_seconds]
    points.sort(key=lambda point: point[0])
    if not any(until >= series.end_seconds for _, until in down):
        points.append((series.end_seconds, points[-1][1]))
    return [at / unit for at, _ in points], [slot for _, slot in points]


def heap(series: Series, byzantine: list[int]) -> str:
    """Free heap and its longest free run over mission time. One small picture per board, with its boots."""
    unit, name = time_unit(series.end_seconds)
    nodes = sorted(series.health)[:BOARDS_MAX]
    columns = min(len(nodes), 4)
    rows = -(-len(nodes) // columns)
    most = max(health.heap_free for node in nodes for health in series.health[node]) / KILOBYTE or 1.0

    def draw(figure: "Figure") -> None:
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for number, axes in enumerate(grid.flat):
            if number >= len(nodes):
                axes.set_visible(False)
                continue
            node = nodes[number]
            boots = [at for board, at in series.boots if board == node]
            # A line has a gap at each boot.
            reports = [(health.received, health.heap_free, health.heap_run) for health in thin(series.health[node])]
            points = sorted([*reports, *((at, math.nan, math.nan) for at in boots)])
            times = [at / unit for at, _, _ in points]
            colour = board_colour(node, byzantine)
            first = number == 0
            free = [heap_free / KILOBYTE for _, heap_free, _ in points]
            axes.plot(times, free, color=colour, lw=1.5, label="free heap" if first else "_")
            if any(health.heap_run for health in series.health[node]):
                runs = [heap_run / KILOBYTE for _, _, heap_run in points]
                label = "longest free run" if first else "_"
                axes.plot(times, runs, color=INK, lw=1.2, ls=(0, (4, 1.5)), label=label)
            axes.plot(
                [at / unit for at in boots],
                [0.0] * len(boots),
                "^",
                ms=7,
                color=BOOT_COLOUR,
                label="boot" if first else "_",
            )
            moments(axes, series, unit)
            axes.set_title(board_name(node, byzantine), fontsize=9, loc="left")
            axes.set(xlim=(0, series.end_seconds / unit or 1), ylim=(-0.04 * most, 1.08 * most))
        for axes in grid[:, 0]:
            axes.set_ylabel("kB")
        for axes in grid.flat:
            axes.tick_params(labelbottom=True)
        figure.supxlabel(f"mission time ({name})", fontsize=9)
        figure.legend(loc="outside upper center", ncols=4, fontsize=8)

    return svg(draw, 1.2 + 1.6 * rows)


def moments(axes: "Axes", series: Series, unit: float) -> None:
    """Draws a line where the ground station was down: mission time stopped there; and one where each inject was
    played."""
    for at, _ in series.resumes:
        axes.axvline(at / unit, **RESUMED)
    for at, _ in series.injects[:INJECTS_MAX]:
        axes.axvline(at / unit, color=INJECT_COLOUR, linewidth=1.0, linestyle=(0, (4, 2)), zorder=3.5)


def latency(series: Series) -> str:
    """Decision latency: its distribution, and its values by slot."""

    unit, name = time_unit(max(value for _, _, value in series.latency))

    def draw(figure: "Figure") -> None:
        left, right = figure.subplots(1, 2, width_ratios=[1, 1.6])
        seconds = sorted(value / unit for _, _, value in series.latency)
        shares = thin([(value, (i + 1) / len(seconds)) for i, value in enumerate(seconds)])
        left.plot(
            [value for value, _ in shares], [share for _, share in shares], drawstyle="steps-post", color="#0072B2"
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
        shown = thin(series.latency)
        for view in sorted({min(view, 3) for _, view, _ in shown}):
            points = [(slot, value / unit) for slot, v, value in shown if min(v, 3) == view]
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
        right.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, fontsize=8, borderaxespad=0.2)

    return svg(draw, 3.2)


def faults(series: Series) -> str:
    """Fates of frames over mission time, stacked by fault. Omits faults that hit nearly every frame."""
    common = series.common_fates()
    unit, unit_name = time_unit(series.end_seconds)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        totals = {name: sum(count for _, count in series.fates[name]) for name in set(series.fates) - set(common)}
        names = sorted(totals, key=lambda name: (-totals[name], name))[:FATES_MAX]
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
        moments(axes, series, unit)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8)

    return svg(draw, 2.8)


def stages(series: Series) -> str:
    """Time from queueing a telecommand to each later stage: median, quartiles, and a dot per telecommand."""
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
            values = [value / unit for value in thin(series.stages[name])]
            offsets = [row + 0.32 + 0.1 * ((i * 7) % 10) / 10 for i in range(len(values))]
            axes.scatter(values, offsets, s=5, color=INK, alpha=0.35, linewidths=0)
        axes.invert_yaxis()
        axes.set(xlabel=f"since the telecommand was queued ({unit_name})", xlim=(0, None))

    return svg(draw, 1.0 + 0.55 * max(len(series.stages), 1))
