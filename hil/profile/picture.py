"""The picture of a profile: a bar for each activity, cut into stages."""

from pathlib import Path
from typing import TYPE_CHECKING

from groundstation.report import canvas
from hil.profile.figures import Figures, stages_shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEIGHT_INCHES = 4.4
_SHADES = "tab20"


def save(figures: Figures, path: Path) -> None:
    """Write it as SVG or PNG, by the suffix of `path`. The same figures give the same bytes. Raises OSError."""
    canvas.save(lambda figure: _draw(figure, figures), _HEIGHT_INCHES, path)


def _draw(figure: "Figure", figures: Figures) -> None:
    import matplotlib

    axes = figure.subplots()
    shown, told = stages_shown(figures), figures["activities"]
    shades = matplotlib.colormaps[_SHADES]
    for row, one in enumerate(told):
        left = 0.0
        for number, stage in enumerate(shown):
            share = 100 * one["stages_us"][stage] / one["busy_us"]
            label = stage if row == 0 else None
            axes.barh(row, share, left=left, height=0.62, color=shades(number), edgecolor="white", label=label)
            left += share
    axes.set_yticks(range(len(told)), [f"{one['name']}\n{one['busy_us'] / 1000:,.0f} ms" for one in told])
    axes.set_ylim(len(told) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel(f"% of a board's processor time, {figures['nodes']} emulated Picos")
    axes.grid(False, axis="y")
    figure.legend(loc="outside right upper", fontsize=8)
