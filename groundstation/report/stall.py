"""Why a run stands still at its end: what the engine of `amu explain` says, with its boards and links."""

from collections.abc import Iterable

from groundstation.report.page import paragraph, part, section, table
from groundstation.why.answer import MOVING, Answer
from groundstation.why.read import engine_of
from specs.checking.trace import Event, TraceError

LINKS_MAX = 60


def stall(events: Iterable[Event]) -> list[str]:
    """The section, of a run that does not move; nothing of one that does, or of a trace that does not say enough.

    events: in the file's order.
    """
    try:
        answer = engine_of(events).explain()
    except TraceError:  # without a begin; any other file is refused elsewhere
        return []
    return [] if answer.state == MOVING else [_section(answer)]


def _section(answer: Answer) -> str:
    said = (
        f"At mission second {answer.at:g}, judged from what the ground has seen, whatever the scenario plays. "
        f"amu explain says the same of any moment."
    )
    content = paragraph(f"{answer.state.capitalize()}: {answer.sentence}.")
    if answer.unknown:
        content += paragraph(f"What is missing to tell: {', '.join(answer.unknown)}.")
    if answer.boards:
        rows = [
            (
                str(board.node),
                board.kind,
                board.words,
                "" if board.since is None else f"{board.since:.1f}",
                "" if board.view is None else str(board.view),
                "decided" if board.is_decided else str(board.phase) if board.view is not None else "",
                "missing" if board.is_missing else "",
            )
            for board in answer.boards
        ]
        states = ["bad" if board.kind != "able" else "good" for board in answer.boards]
        headings = ("board", "is", "", "since, s", "view", "phase", f"vote of phase {answer.phase}")
        content += part(f"Boards, in slot {answer.slot}", table(headings, rows, states))
    if answer.links:
        shown = [
            (f"{link.source} to {link.destination}", link.kind, link.words, f"{link.since:.1f}" if link.since else "")
            for link in answer.links[:LINKS_MAX]
        ]
        content += part("Links that are not as they should be", table(("link", "is", "", "unheard since, s"), shown))
        if len(answer.links) > LINKS_MAX:
            content += paragraph(f"{len(answer.links) - LINKS_MAX} further links are in amu explain --json.")
    return section("Why it does not move", said, content)
