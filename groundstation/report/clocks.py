"""The report's section on the clocks of the boards."""

from groundstation.clocks.clocks import Clocks, Drift, Estimate, Life
from groundstation.report.page import listed, paragraph, section
from groundstation.report.page import table as table_of

LIVES_MAX = 64  # shown
HEADINGS = ("board", "boot", "ticks", "tick 0 at", "its ticks are", "error of an estimate, at most")
SAID = (
    "When the tick counter of each board was 0, and how fast it runs, by round trips between ground and board. The "
    "verdict does not depend on it: Lamport time orders events. amu export --format lines has the estimated time of "
    "each event."
)
NOT_KNOWN = "not known"
DRIFT_ERROR_PPM_MAX = 100_000.0  # beyond that a drift says nothing


def table(clocks: Clocks) -> str:
    """One row for each life of each board, and what was odd."""
    lives = clocks.lives()
    content = table_of(HEADINGS, [_row(life) for life in lives[:LIVES_MAX]])
    if len(lives) > LIVES_MAX:
        content += paragraph(f"{len(lives) - LIVES_MAX} further boots are omitted.")
    odd = clocks.troubles()
    if odd:
        content += "<h3>What was odd</h3>" + listed(odd[:LIVES_MAX])
    return section("Clocks of the boards", SAID, content)


def _row(life: Life) -> tuple[object, ...]:
    error = life.error
    return (
        life.node,
        life.boot,
        life.ticks,
        offset(life.offset),
        drift(life.drift),
        NOT_KNOWN if error is None else f"{error * 1000:.1f} ms",
    )


def offset(found: Estimate | None) -> str:
    """When a tick counter was 0, in words."""
    return NOT_KNOWN if found is None else f"{found.seconds:.3f} s ± {found.error * 1000:.1f} ms"


def drift(found: Drift | None) -> str:
    """How fast a clock runs in words, without a sign that needs explaining."""
    if found is None or found.error > DRIFT_ERROR_PPM_MAX:
        return NOT_KNOWN
    if abs(found.ppm) <= found.error:
        return f"right, within {abs(found.ppm) + found.error:.0f} ppm"
    return f"{abs(found.ppm):.0f} ± {found.error:.0f} ppm too {'fast' if found.ppm > 0 else 'slow'}"
