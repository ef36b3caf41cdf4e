"""The engine is held to flights whose plan knows the answer: a few here, two hundred where minutes are to be had."""

from dataclasses import replace
from pathlib import Path

import pytest

from groundstation.why import answer as a
from groundstation.why.answer import Answer
from tests.support.stalls.score import CANNOT_TELL, RIGHT, WRONG, Scored, fly, judge, table
from tests.support.stalls.truth import Truth, can_decide

FEW = (1, 3, 4, 5, 7, 8, 9, 10, 11, 12, 1158, 1336, 1534, 20107, 20193, 30049, 30060)  # from 1158 on: once wrong
MANY = range(60_000, 60_200)  # on which nothing was tuned
WRONG_MAX = 0.02


@pytest.mark.parametrize("seed", FEW)
def test_the_answer_to_a_drawn_flight_is_right(seed: int, tmp_path: Path) -> None:
    scored = fly(seed, tmp_path)
    assert scored.outcome == RIGHT, f"{scored.drawn.kinds}: {scored.why}: {scored.answer.sentence}"


def test_a_burst_of_loss_that_lasts_and_a_cut_link_cannot_be_told_apart(tmp_path: Path) -> None:
    scored = fly(20192, tmp_path)
    assert scored.outcome == CANNOT_TELL, scored.why
    assert "reaches board 5: a burst of loss lasts, or the link is cut" in scored.answer.sentence


@pytest.mark.long
def test_few_answers_to_two_hundred_drawn_flights_are_wrong(tmp_path: Path) -> None:
    results = [fly(seed, tmp_path) for seed in MANY]
    wrong = [scored for scored in results if scored.outcome == WRONG]
    assert len(wrong) < WRONG_MAX * len(results), "\n".join(table(results))


def test_a_quorum_must_hear_a_quorum_of_itself() -> None:
    every = {(s, d): True for s in range(4) for d in range(4) if s != d}
    assert can_decide({0, 1, 2}, every, 4)
    assert not can_decide({0, 1}, every, 4)
    assert not can_decide({0, 1, 2}, {**every, (0, 1): False}, 4)
    assert can_decide({0, 1, 2, 3}, {**every, (0, 1): False}, 4)


def _answer(**changes: object) -> Answer:
    board = a.BoardAnswer(1, a.CRASH)
    return replace(Answer(a.IMPOSSIBLE, (a.CRASH,), "", 5.0, boards=(board,)), **changes)  # type: ignore[arg-type]


def test_each_wrong_answer_is_seen() -> None:
    truth = Truth({a.IMPOSSIBLE}, [frozenset({a.CRASH})], {a.CRASH, a.CUT}, {1: {a.CRASH}}, {1}, {a.CRASH})
    assert judge(truth, _answer())[0] == RIGHT
    for changes in (
        {"state": a.MOVING},
        {"state": a.TIMER},
        {"causes": (a.LIAR,)},
        {"causes": (a.CRASH, a.LIAR)},
        {"causes": (a.CUT,)},
        {"boards": ()},
        {"boards": (a.BoardAnswer(1, a.LIAR),)},
    ):
        assert judge(truth, _answer(**changes))[0] == WRONG, changes
    assert judge(truth, _answer(causes=(a.UNKNOWN,)))[0] == CANNOT_TELL


def test_the_table_counts_each_flight_under_its_kinds(tmp_path: Path) -> None:
    scored = fly(FEW[0], tmp_path)
    rows = table([scored, Scored(scored.drawn, WRONG, "", scored.truth, scored.answer)])
    kinds = list(scored.drawn.kinds) or ["nothing"]
    for label in (*kinds, "all"):
        row = next(row for row in rows if row.startswith(f"{label}  "))
        assert row[len(label) :].split()[:4] == ["2", "1", "1", "0"]
