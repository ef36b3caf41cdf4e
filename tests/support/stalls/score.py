"""Flies drawn stalls, asks the engine about the trace alone, and compares its answer with the truth."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from groundstation.why import answer as a
from groundstation.why.answer import Answer
from groundstation.why.read import explain
from swarm_sim.simulation import Simulation
from swarm_sim.world.events import open_trace
from tests.support.stalls.draw import Drawn, draw
from tests.support.stalls.truth import Truth, Watch

RIGHT, WRONG, CANNOT_TELL = "right", "wrong", "cannot tell"


@dataclass(frozen=True)
class Scored:
    """One flight: RIGHT, WRONG or CANNOT_TELL, and why."""

    drawn: Drawn
    outcome: str
    why: str
    truth: Truth
    answer: Answer


def fly(seed: int, folder: Path) -> Scored:
    """Draw, fly, ask, compare."""
    drawn = draw(seed)
    path = folder / "trace.ndjson"
    with open_trace(path) as file:
        simulation = Simulation(drawn.scenario, file, False, False)
        watch = Watch(simulation, drawn.at)
        simulation.fly()
    truth, answer = watch.truth(), explain(path, at=drawn.at)
    return Scored(drawn, *judge(truth, answer), truth, answer)


def judge(truth: Truth, answer: Answer) -> tuple[str, str]:
    """The outcome, and what is wrong with the answer."""
    causes = set(answer.causes)
    if a.UNKNOWN in causes or answer.state == a.STUCK:
        return CANNOT_TELL, "it cannot tell"
    if answer.state not in truth.states:
        return WRONG, f"state {answer.state!r}, not in {sorted(truth.states)}"
    if answer.state == a.MOVING:
        return RIGHT, ""
    if wrong := causes - truth.allowed:
        return WRONG, f"causes {sorted(wrong)} are not there; there are {sorted(truth.allowed)}"
    for board in answer.boards:
        if board.kind not in ("able", *truth.boards[board.node]):
            return WRONG, f"board {board.node} is {board.kind!r}, not {sorted(truth.boards[board.node])}"
    if truth.one_of and not causes & truth.one_of and a.VIEW_TIMER not in causes:
        return WRONG, f"causes {sorted(causes)} have none of {sorted(truth.one_of)}"
    if answer.state != a.IMPOSSIBLE:
        return RIGHT, ""
    for kinds in truth.required:
        if not kinds & causes:
            return WRONG, f"causes {sorted(causes)} have none of {sorted(kinds)}"
    named = {board.node for board in answer.boards if board.kind != "able"}
    if missing := truth.named - named:
        return WRONG, f"boards {sorted(missing)} are not named"
    return RIGHT, ""


def table(results: Iterable[Scored]) -> list[str]:
    """Rates by kind of fault: alone, in a pair, and in all."""
    rows: dict[str, Counter[str]] = {}
    for scored in results:
        kinds = scored.drawn.kinds
        labels = list(kinds) or ["nothing"]
        labels.append("all alone" if len(kinds) == 1 else "all pairs" if len(kinds) == 2 else "all without a fault")
        labels += [
            "all",
            f"all that are {scored.answer.state}",
            f"all of {scored.drawn.scenario.mission.boards} boards",
        ]
        for label in labels:
            rows.setdefault(label, Counter())[scored.outcome] += 1
    order = sorted(rows, key=lambda label: (label.startswith("all"), label))
    head = f"{'kind':48} {'flights':>8} {RIGHT:>8} {WRONG:>8} {CANNOT_TELL:>12}"
    return [head, *(_row(label, rows[label]) for label in order)]


def _row(label: str, counts: Counter[str]) -> str:
    total = counts.total()
    shares = "  ".join(f"{counts[outcome] / total:6.1%}" for outcome in (RIGHT, WRONG, CANNOT_TELL))
    found = f"{counts[RIGHT]:8} {counts[WRONG]:8} {counts[CANNOT_TELL]:12}"
    return f"{label:48} {total:8} {found}   {shares if label == 'all' else ''}".rstrip()
