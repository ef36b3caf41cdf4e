"""`amu states` says of a model only what was checked."""

from pathlib import Path

import pytest

from specs.tla.explore.model import Model, load_configured
from specs.tla.explore.search import Search
from specs.tla.explore.states import Report, explore
from specs.tla.language.language import EvaluationError, ModuleError
from specs.tla.syntax import configuration
from specs.tla.values.operations import shown
from specs.tla.values.values import Value

BODY = """---- MODULE M ----
EXTENDS Naturals
VARIABLE x
Init == x = 0
None == x = 0 /\\ x = 1
Next == x' = 1 - x
Spec == Init /\\ [][Next]_x
Small == x < 2
Always == TRUE
Comes == <>(x = 5)
Stays == [](x < 2)
Hidden == \\EE y : <>(x = y)
====
"""


def explored(config: str, folder: Path, body: str = BODY) -> Report:
    (folder / "M.tla").write_text(body)
    (folder / "M.cfg").write_text(config)
    settings = configuration.read(folder / "M.cfg")
    return explore(Model(load_configured(folder / "M.tla", settings), settings))


@pytest.mark.parametrize(
    ("config", "verdict", "missing"),
    [
        ("SPECIFICATION Spec INVARIANT Small PROPERTY Comes", "violation", ""),
        ("SPECIFICATION Spec PROPERTY Stays", "pass", ""),
        (
            "SPECIFICATION Spec PROPERTY Hidden",
            "incomplete",
            "Hidden: not checked, and there was nothing else",
        ),
        ("INIT None NEXT Next INVARIANT Small", "incomplete", "nothing was checked: the initial predicate allows no"),
        ("INIT None NEXT Next", "incomplete", "nothing was checked: the initial predicate allows no state"),
        ("INIT Init NEXT Next", "pass", ""),
        ("INIT Init NEXT Next CONSTRAINT Always ACTION_CONSTRAINT Always", "pass", ""),
    ],
)
def test_a_verdict_claims_what_was_checked(config: str, verdict: str, missing: str, tmp_path: Path) -> None:
    report = explored(config, tmp_path)
    assert report.verdict == verdict
    assert "".join(report.missing).startswith(missing)
    assert bool(report.missing) is bool(missing)


@pytest.mark.parametrize(
    ("line", "statement", "message"),
    [
        ("Bad == x' < 2", "INVARIANT Bad", "M.tla:11: Bad reads x', but is checked on single states"),
        ("Bad == UNCHANGED x", "CONSTRAINT Bad", "M.tla:11: Bad reads x', but is checked on single states"),
        ("Bad == 1 > 2", "CONSTRAINT Bad", "M.tla:11: CONSTRAINT Bad is FALSE in every state"),
        ("Bad == 1 > 2", "ACTION_CONSTRAINT Bad", "M.tla:11: ACTION_CONSTRAINT Bad is FALSE in every state"),
        ("Bad == x'", "VIEW Bad", "M.tla:11: Bad reads x', but is checked on single states"),
        ("Bad == x' = 1", "PROPERTY Bad", "M.tla:11: Bad reads x', but is checked on single states"),
        ("Bad == x = 0 /\\ x' = 1", "INIT Bad", "M.tla:11: x' in an initial predicate, which is about one state"),
        ("ASSUME x = 0", "", "M.tla:11: ASSUME reads variables"),
        ('Bad == x + "a" > 0', "INVARIANT Bad", "no value: + of a number and a string\n  in Bad (M.tla:11)"),
        ('Bad == x\' = x + "a"', "NEXT Bad", "no value: + of a number and a string\n  in Bad (M.tla:11)"),
    ],
)
def test_a_missing_value_in_a_state_is_reported_in_terms_of_tla(
    line: str, statement: str, message: str, tmp_path: Path
) -> None:
    behaviour = {"INIT": "NEXT Next", "NEXT": "INIT Init"}.get(statement[:4].strip(), "INIT Init NEXT Next")
    with pytest.raises((ModuleError, EvaluationError)) as caught:
        explored(f"{behaviour} {statement}", tmp_path, BODY.replace("Stays ==", f"{line}\nStays =="))
    assert str(caught.value).startswith(message)


def test_a_model_without_a_property_says_so(tmp_path: Path) -> None:
    notes = explored("INIT Init NEXT Next", tmp_path).notes
    assert notes == ["no INVARIANT and no PROPERTY: checked only that each state can be computed"]


@pytest.mark.parametrize(("body", "verdict"), [("ASSUME 1 < 2", "pass"), ("A == 1", "incomplete")])
def test_a_module_without_a_behaviour_has_its_assumptions_checked(body: str, verdict: str, tmp_path: Path) -> None:
    report = explored("", tmp_path, f"---- MODULE M ----\nEXTENDS Naturals\n{body}\n====\n")
    assert report.verdict == verdict


def test_a_value_that_nests_deeper_than_python_goes_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep: Value = 0
    for _ in range(50_000):
        deep = (deep,)
    assert shown(deep) == "(a value that nests too deep to print)"

    def compare(_: Search) -> None:
        assert deep == deep[0]

    monkeypatch.setattr(Search, "run", compare)
    with pytest.raises(EvaluationError, match="nests too deep to compare"):
        explored("INIT Init NEXT Next", tmp_path)
