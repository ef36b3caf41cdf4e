"""The report's charts over time and slots, as SVG texts."""

from typing import TYPE_CHECKING

from groundstation.report_canvas import BOARD_COLOURS, FAINT, INK, board_colour, svg, time_unit
from groundstation.report_series import Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FAULT_BINS = 36
NAMED_SHARE = 0.03  # of the run, that a span must last to be named in the picture


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
            _down(axes, series, node, unit, colour)
        axes.set_xlim(0, series.end_seconds / unit or 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(f"mission time ({name})")
        axes.set_ylabel("last applied slot")
        if series.nodes:
            axes.legend(loc="lower right", ncols=2)

    return svg(draw, 3.6 + 0.32 * len(windows))


def _down(axes: "Axes", series: Series, node: int, unit: float, colour: str) -> None:
    """Shade the spans in which a board is down. Short ones are not named; each board has a line for its names."""
    for since, until in series.down.get(node, []):
        axes.axvspan(since / unit, until / unit, color=colour, alpha=0.10, linewidth=0)
        if until - since >= NAMED_SHARE * series.end_seconds:
            axes.annotate(
                f"board {node} down",
                (since / unit, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3, -11 * (1 + series.nodes.index(node))),
                textcoords="offset points",
                fontsize=8,
                color=colour,
            )


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

    return svg(draw, 3.2)


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

    return svg(draw, 2.8)


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

    return svg(draw, 1.0 + 0.55 * max(len(series.stages), 1))
