"""What a swarm of cells costs in messages, as it grows: replicas that decide, and learners that follow.

    python -m tests.bench.cells [--slots N] [--plot FILE.png]

Two ways to grow: one cell with ever more learners (up to 200 boards, then two cells of 200), and ever more cells of
ten boards. A slot that is decided costs its cell a number of messages; summed over the cells, that is what the swarm
pays for a slot in each. Its growth against the number of AMUs is fitted as a power: exponent 1 is linear, 2 is what
one group of all of them would pay. Nothing here passes or fails; counts are the same in every run, times are not.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy

from swarm_sim.testing.cluster import Cells, Links

SIZES = (10, 20, 50, 100, 200, 400)  # AMUs
REPLICAS = 4
ONE_CELL_MAX = 200
SMALL_CELL = 10
LINKS = Links(drop=0.01, delay_min=1, delay_max=2)
TICKS_PER_SLOT = 20
SETTLE_TICKS_MAX = 2_000


@dataclass(frozen=True)
class Measured:
    """`messages`: a slot decided in every cell. `microseconds`: host time a message.."""

    size: int
    cells: int
    messages: float
    microseconds: float
    has_caught_up: bool


def measure(size: int, cell_size: int, slots: int) -> Measured:
    """Decide about `slots` slots in each cell of a swarm of `size` AMUs, and wait until all learners have them."""
    cell_size = min(size, cell_size)
    swarm = Cells([(REPLICAS, cell_size - REPLICAS)] * (size // cell_size), seed=size, links=LINKS)
    began = time.perf_counter()
    for _ in range(slots):
        swarm.request(["noop"])
        swarm.run(TICKS_PER_SLOT)
    for cell in swarm.cells:
        cell.run(SETTLE_TICKS_MAX, cell.has_caught_up)
    seconds = time.perf_counter() - began
    cells = len(swarm.cells)
    messages = swarm.messages / (swarm.decided_slots / cells)
    return Measured(swarm.size, cells, messages, seconds / swarm.messages * 1e6, swarm.has_caught_up())


def exponent(rows: list[Measured]) -> float:
    """Least squares of log messages against log AMUs."""
    slope, _ = numpy.polyfit(numpy.log([row.size for row in rows]), numpy.log([row.messages for row in rows]), 1)
    return float(slope)


def table(title: str, rows: list[Measured]) -> None:
    print(f"{title}: messages grow as AMUs ** {exponent(rows):.2f}")
    print(f"  {'AMUs':>5} {'cells':>5} {'messages a slot':>16} {'per AMU':>8} {'us a message':>13}  learners")
    for row in rows:
        print(
            f"  {row.size:5} {row.cells:5} {row.messages:16.0f} {row.messages / row.size:8.1f} {row.microseconds:13.1f}"
            f"  {'at the end of the log' if row.has_caught_up else 'BEHIND'}"
        )


def plot(path: Path, series: list[tuple[str, list[Measured]]]) -> None:
    """Write the picture as PNG and SVG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.6), layout="constrained")
    for marker, (title, rows) in zip("os", series, strict=True):
        label = f"{title}: exponent {exponent(rows):.2f}"
        axes.loglog([row.size for row in rows], [row.messages for row in rows], marker=marker, label=label)
    first = series[0][1][0]
    for power, style in ((1, ":"), (2, "--")):
        line = [first.messages * (size / first.size) ** power for size in SIZES]
        axes.loglog(
            SIZES, line, style, color="grey", label="linear, for comparison" if power == 1 else "square, for comparison"
        )
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    axes.set_xlabel("AMUs in the swarm")
    axes.set_ylabel("messages for one decided slot in every cell")
    axes.grid(True, alpha=0.3)
    axes.legend()
    for suffix in (".png", ".svg"):
        figure.savefig(path.with_suffix(suffix), dpi=120)
    plt.close(figure)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench.cells", description=__doc__.splitlines()[0])
    arguments.add_argument("--slots", type=int, default=30, help="decided in each cell")
    arguments.add_argument("--plot", type=Path, help="write the picture here, as .png and .svg")
    chosen = arguments.parse_args()
    series = []
    for title, cell_size in (("more learners in a cell", ONE_CELL_MAX), ("more cells of ten", SMALL_CELL)):
        rows = [measure(size, cell_size, chosen.slots) for size in SIZES]
        table(title, rows)
        series.append((title, rows))
    if chosen.plot is not None:
        plot(chosen.plot, series)
        print(f"picture: {chosen.plot.with_suffix('.png')} and .svg")


if __name__ == "__main__":
    main()
