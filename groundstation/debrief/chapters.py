"""The chapters of a debrief: injects against detection and response, procedure, go/no-go, orders, alarms, notes.

A chapter that has nothing to tell says so.
"""

from collections.abc import Iterable, Sequence

from groundstation.debrief import cells
from groundstation.debrief.injects import ALARM, CREW, EFFECT, MENDED, STEP, WHY, Played, Stage
from groundstation.debrief.moments import Moment, Utc
from groundstation.debrief.read import OPERATOR, Debrief, Given, Move, left_after, outcome, said, words_of
from groundstation.orders.order import AUTOMATIC, RUNNER
from groundstation.procedures.runner import DONE, FAILED, GO, HELD, PAUSED, SKIPPED
from groundstation.report.page import Markup, paragraph, part, section, table
from groundstation.web.alarms import RAISED

ROWS_MAX = 400  # of one table
TOLD_ELSEWHERE = ("procedure", "poll", "alarm", "note", "inject")
STAGES = ("uplinked", "received", "applied", "confirmed")
LACKS = {
    EFFECT: "no event of the trace names it",
    ALARM: "no alarm about its boards or the swarm was raised while it lasted",
    WHY: "no answer named it while it lasted: the swarm went on, or other reasons came first",
    CREW: "the crew gave no order after it",
    STEP: "no step of the procedure was left after it",
    MENDED: "not before the end of the run",
}
NAMES = {
    EFFECT: "first event that names it",
    ALARM: "first alarm",
    WHY: "first named by why?",
    CREW: "first order of the crew",
    STEP: "first step left after it",
    MENDED: "mended",
}


def chapters(debrief: Debrief, utc: Utc) -> Iterable[str]:
    """All of them."""
    stages = [stages_of(debrief, played) for played in debrief.played]
    yield _glance(debrief, stages, utc)
    yield _injects(debrief, stages, utc)
    yield _procedure(debrief, utc)
    yield _polls(debrief, utc)
    yield _orders(debrief, utc)
    yield _alarms(debrief, utc)
    yield _notes(debrief, utc)


def by(sender: str, role: str = "") -> Markup:
    """Who did it, in words."""
    name = {RUNNER: "the procedure", AUTOMATIC: "nobody: it goes on by itself"}.get(sender, sender)
    return cells.name(f"{name}, {role}" if role and sender not in (RUNNER, AUTOMATIC) else name)


def bounded(headings: Sequence[str], rows: Sequence[Sequence[object]], states: Sequence[str] = ()) -> str:
    """A table of at most ROWS_MAX rows; what is left out is said."""
    content = table(headings, rows[:ROWS_MAX], states[:ROWS_MAX])
    left_out = len(rows) - ROWS_MAX
    return content + (paragraph(f"{left_out} further rows are omitted; the trace has them.") if left_out > 0 else "")


# --- at a glance --------------------------------------------------------------------------------


def stages_of(debrief: Debrief, played: Played) -> dict[str, Stage]:
    """The stages of an inject, by the names above."""
    found = dict(played.stages)
    if played.refused:
        return found
    alarm = next(
        (
            change
            for change in debrief.changes
            if change.state == RAISED
            and change.moment > played.moment
            and change.moment.at <= played.until
            and (change.board is None or change.board in played.boards)
        ),
        None,
    )
    if alarm is not None:
        found[ALARM] = Stage(alarm.moment, f"{_alarm_name(alarm.key, alarm.board)} {alarm.what}")
    order = next((given for given in debrief.crew if given.moment > played.moment), None)
    if order is not None:
        found[CREW] = Stage(order.moment, order.words, by(order.sender, order.role))
    left = left_after(debrief, played.moment)
    if left is not None:
        found[STEP] = Stage(left.moment, f"{left.step} {left.status}", by(left.sender, left.role))
    return found


def _glance(debrief: Debrief, stages: Sequence[dict[str, Stage]], utc: Utc) -> str:
    ends = [outcome(debrief, step) for step in debrief.steps]
    moves = [move.status for move in debrief.moves]
    of_people = [each for each in debrief.orders if each.sender not in (RUNNER, AUTOMATIC)]
    counts = [
        ("injects and faults by order", len(stages)),
        ("of these, with an alarm while they lasted", sum(ALARM in each for each in stages)),
        ("of these, named by why?", sum(WHY in each for each in stages)),
        ("of these, with an order of the crew after them", sum(CREW in each for each in stages)),
        ("of these, mended", sum(MENDED in each for each in stages)),
        ("steps of the procedure", len(ends)),
        ("of these, done", sum(end is not None and end.status == DONE for end in ends)),
        ("of these, skipped", sum(end is not None and end.status == SKIPPED for end in ends)),
        ("answers go", sum(each.answer == GO for each in debrief.answers)),
        ("answers no-go", sum(each.answer != GO for each in debrief.answers)),
        ("failures of steps", moves.count(FAILED)),
        ("pauses", moves.count(PAUSED)),
        ("orders of people", len(of_people)),
        ("of these, refused", sum(bool(each.reason) for each in of_people)),
        ("alarms raised", sum(change.what.startswith("raised") for change in debrief.changes)),
        ("notes", len(debrief.notes)),
    ]
    half = (len(counts) + 1) // 2
    tables = "".join(f"<div>{table((), part_of)}</div>" for part_of in (counts[:half], counts[half:]))
    words = (
        "Every time below names the line of the trace that it is drawn from. Times are seconds of the mission; "
        f"UTC is {'right to about a second' if utc.is_known else 'not known'}."
    )
    end = paragraph("The trace has no event.") if debrief.end is None else ""
    return section("Debrief", words, f'<div class="columns">{tables}</div>{end}')


# --- injects ------------------------------------------------------------------------------------


def _injects(debrief: Debrief, stages: Sequence[dict[str, Stage]], utc: Utc) -> str:
    title = "Injects, detection and response"
    if not debrief.played:
        return section(title, "", paragraph("Nothing was injected, and nobody ordered a fault."))
    rows = []
    content = ""
    for number, (played, found) in enumerate(zip(debrief.played, stages), 1):
        times = [
            cells.after(found[name].moment, played.moment) if name in found else cells.NONE
            for name in (EFFECT, ALARM, WHY, CREW, STEP, MENDED)
        ]
        rows.append((f"{number}. {played.name}", cells.at(played.moment, utc), *times))
        if number <= ROWS_MAX:
            content += part(f"{number}. {played.name}", _inject(played, found, utc))
    explanation = (
        "Seconds after each inject. After is not because of: people say which alarm and which order belong to it. "
        + _whose(debrief)
    )
    headings = ("inject", "played", "took effect", "alarm", "why?", "crew", "step left", "mended")
    return section(title, explanation, bounded(headings, rows) + content)


def _whose(debrief: Debrief) -> str:
    """Who the crew is, and what it saw."""
    if debrief.has_operator:
        return "The crew is the operators; alarms and answers to why? are those that they could see."
    return "Nobody was an operator: the crew is everybody, and saw everything."


def _inject(played: Played, found: dict[str, Stage], utc: Utc) -> str:
    rows: list[tuple[float, tuple[object, ...]]] = [
        (
            -1.0,
            (
                "played",
                cells.at(played.moment, utc),
                "",
                f"{played.words or played.name}{f'; refused: {played.refused}' if played.refused else ''}",
                by(played.sender),
            ),
        )
    ]
    for name, heading in NAMES.items():
        stage = found.get(name)
        if stage is not None:
            time = cells.at(stage.moment, utc)
            span = cells.after(stage.moment, played.moment)
            rows.append((stage.moment.at, (heading, time, span, stage.what, stage.by)))
        elif not played.refused:
            rows.append((float("inf"), (heading, cells.NONE, cells.NONE, LACKS[name], "")))
    rows.sort(key=lambda row: row[0])
    text = paragraph(played.text) if played.text else ""
    return text + table(("", "mission time", "after it", "what", "by"), [row for _, row in rows])


# --- procedure ----------------------------------------------------------------------------------


def _procedure(debrief: Debrief, utc: Utc) -> str:
    if not debrief.steps:
        return section("Procedure", "", paragraph("The run has no procedure."))
    rows, states = [], []
    for number, step in enumerate(debrief.steps, 1):
        moves = [move for move in debrief.moves if move.step == step]
        end = outcome(debrief, step)
        if not moves or end is None:
            rows.append((f"{number}. {step}", "not reached", cells.NONE, cells.NONE, cells.NONE, "", ""))
            states.append("open")
            continue
        is_over = end.status in (DONE, SKIPPED)
        rows.append(
            (
                f"{number}. {step}",
                end.status,
                cells.at(moves[0].moment, utc),
                cells.at(end.moment, utc),
                cells.took(end.moment, moves[0].moment) if is_over else cells.NONE,
                end.reason,
                by(end.sender, end.role),
            )
        )
        states.append({DONE: "good", FAILED: "bad"}.get(end.status, "open"))
    headings = ("step", "ended", "began", "at", "took", "why", "by")
    content = bounded(headings, rows, states)
    content += part("Holds, pauses, skips and retries", _words(debrief, utc))
    failed = [move for move in debrief.moves if move.status == FAILED or (move.status == HELD and move.reason)]
    if failed:
        shown = [(cells.at(move.moment, utc), move.step, move.status, move.reason) for move in failed]
        content += part("What went wrong", bounded(("mission time", "step", "", "why"), shown))
    return section("Procedure", debrief.title, content)


def _words(debrief: Debrief, utc: Utc) -> str:
    moves = words_of(debrief)
    if not moves:
        return paragraph("Nobody held, paused, skipped or tried anything again.")
    rows = [
        (cells.at(move.moment, utc), move.step, said(move), _span(move), by(move.sender, move.role)) for move in moves
    ]
    return bounded(("mission time", "step", "word", "after a wait of", "by"), rows)


def _span(move: Move) -> Markup | str:
    if move.since is None or move.left not in (HELD, PAUSED, FAILED):
        return cells.NONE
    words = {HELD: "held", PAUSED: "paused", FAILED: "failed"}[move.left]
    return Markup(f"{cells.took(move.moment, move.since)} {words}")


def _polls(debrief: Debrief, utc: Utc) -> str:
    if not debrief.answers:
        return section("Go / no-go", "", paragraph("Nobody was asked."))
    rows = [
        (
            cells.at(each.moment, utc),
            each.step,
            each.role,
            each.answer.upper(),
            f"{each.voting} of {each.count} heard and voting; quorum {each.quorum}",
            each.reason,
            by(each.sender),
        )
        for each in debrief.answers
    ]
    states = ["good" if each.answer == GO else "bad" for each in debrief.answers]
    headings = ("mission time", "step", "asked", "answer", "the swarm then", "why", "by")
    return section(
        "Go / no-go",
        "Each answer, and how many boards were heard then, one light time late.",
        bounded(headings, rows, states),
    )


# --- orders, alarms, notes ----------------------------------------------------------------------


def _orders(debrief: Debrief, utc: Utc) -> str:
    orders = [each for each in debrief.orders if each.kind not in TOLD_ELSEWHERE or each.reason]
    if not orders:
        return section("Orders", "", paragraph("Nobody ordered anything of swarm or boards."))
    rows = [
        (
            cells.at(each.moment, utc),
            each.words,
            f"refused: {each.reason}" if each.reason else "taken",
            *_stages(each, debrief),
            by(each.sender, each.role),
        )
        for each in orders
    ]
    states = ["open" if each.reason else "note" for each in orders]
    explanation = (
        "Who ordered what. Of a telecommand, the seconds from the order until it was sent to a first board, one "
        "had received it, one had applied it, and f + 1 boards had confirmed it. Words to the procedure, answers, "
        "alarms and notes have chapters of their own; here are those that were refused."
    )
    headings = ("mission time", "order", "", "sent", "received", "applied", "confirmed", "by")
    return section("Orders", explanation, bounded(headings, rows, states))


def _stages(given: Given, debrief: Debrief) -> list[Markup]:
    stages = {} if given.operation is None else debrief.stages.get(given.operation, {})
    return [cells.after(stages[name], given.moment) if name in stages else cells.NONE for name in STAGES]


def _alarms(debrief: Debrief, utc: Utc) -> str:
    explanation = (
        _whose(debrief)
        + " The limits are those of the scenario, or the usual ones. Alarms on properties: see the verdict."
    )
    if not debrief.changes:
        return section("Alarms", explanation, paragraph("No alarm was raised."))
    raised: dict[str, Moment] = {}
    rows, states = [], []
    for change in debrief.changes:
        since = raised.get(change.key)
        span = cells.NONE if since is None or change.moment == since else cells.after(change.moment, since)
        if change.what.startswith("raised"):
            raised[change.key], span = change.moment, cells.NONE
        rows.append(
            (cells.at(change.moment, utc), _alarm_name(change.key, change.board), change.what, span, by(change.by))
        )
        states.append("bad" if change.state == RAISED else "note")
    return section(
        "Alarms", explanation, bounded(("mission time", "alarm", "", "since it was raised", "by"), rows, states)
    )


def _alarm_name(key: str, board: int | None) -> str:
    return key if board is None else f"{key.rpartition('/')[0]}, board {board}"


def _notes(debrief: Debrief, utc: Utc) -> str:
    notes = debrief.notes
    if not notes:
        return section("Notes", "", paragraph("Nobody wrote a note on the way."))
    rows = [
        (
            cells.at(each.moment, utc),
            str(each.told.get("text", "")),
            "at once" if is_seen_by_crew(debrief, each) else "in the debrief",
            by(each.sender, each.role),
        )
        for each in notes
    ]
    headings = ("mission time", "note", "the crew sees it", "by")
    return section("Notes", "Written on the way.", bounded(headings, rows))


def is_seen_by_crew(debrief: Debrief, note: Given) -> bool:
    """Whether the crew could read a note while it flew."""
    return not debrief.has_operator or note.role == OPERATOR or note.told.get("to_crew") is True
