"""A picture of a history: each client's operations over time, and the order that explains them or fails to."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from groundstation.report.canvas import BOARD_COLOURS, BYZANTINE_COLOUR, DOWN_COLOUR, INK, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from swarm_sim.linearizability.history import Operation, Result

OPERATIONS_MAX = 40  # in one picture: the last ones before the response that no order explains
TEXT_CHARACTERS_MAX = 24
LANE_INCHES = 0.42
LINE_CHARACTERS = 150  # that fit beside each other


def draw_history(operations: Sequence["Operation"], result: "Result", path: Path) -> int:
    """Write the picture of a part of a history. Returns the number of operations left out. Raises OSError."""
    stuck = result.stuck
    end = max((time for one in operations for time in (one.invoked, one.returned) if time is not None), default=0.0)
    if stuck is not None and stuck.returned is not None:
        end = stuck.returned
    begun = sorted((one for one in operations if one.invoked <= end), key=lambda one: one.invoked)
    places = {(one.client, one.invoked): place for place, one in enumerate(result.linearized, 1)}
    last = {(one.client, one.invoked) for one in result.linearized[-OPERATIONS_MAX // 2 :]}
    near = {(one.client, one.invoked) for one in begun[-OPERATIONS_MAX // 2 :]}
    shown = [one for one in begun if one is stuck or (one.client, one.invoked) in last | near]
    clients = sorted({one.client for one in shown})
    left = min((one.invoked for one in shown), default=0.0)
    room = max(end - left, 1.0)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for one in shown:
            row, place = clients.index(one.client), places.get((one.client, one.invoked))
            is_open = one.returned is None or one.returned > end
            right = end + room * 0.03 if is_open or one.returned is None else one.returned
            colour = BYZANTINE_COLOUR if one is stuck else BOARD_COLOURS[0] if place else DOWN_COLOUR
            axes.barh(
                row, right - one.invoked, left=one.invoked, height=0.62, color=colour, alpha=0.45 if is_open else 0.85
            )
            number = f"{place}. " if place else ""
            later = [other.invoked for other in shown if other.client == one.client and other.invoked > one.invoked]
            characters = int((min(later, default=end) - one.invoked) / room * LINE_CHARACTERS)
            text = f" {number}{_text(one)}"[: max(characters, 6)]
            axes.text(one.invoked, row, text, va="center", fontsize=7, color=INK, clip_on=True)
        axes.set_yticks(range(len(clients)), [f"process {client}" for client in clients])
        axes.set_ylim(len(clients) - 0.4, -0.6)
        axes.set_xlim(left - room * 0.01, end + room * 0.03)
        axes.set_xlabel(
            "position in the history; numbers: the order of effects; pale: no response yet; grey: not needed"
        )
        axes.grid(False, axis="y")
        if stuck is not None:
            axes.axvline(end, color=BYZANTINE_COLOUR, linewidth=1.2)
            axes.set_title(f"{result.partition}: no order explains {_text(stuck)} ({stuck.label})", fontsize=9)
        else:
            axes.set_title(f"{result.verdict}: {len(result.linearized)} operations in order", fontsize=9)

    save(draw, 1.1 + LANE_INCHES * max(len(clients), 2), path)
    return len(begun) - len(shown)


def _text(operation: "Operation") -> str:
    request = " ".join(map(str, operation.request))
    text = request if operation.is_pending or operation.response is True else f"{request}: {operation.response}"
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 1] + "\N{HORIZONTAL ELLIPSIS}"
