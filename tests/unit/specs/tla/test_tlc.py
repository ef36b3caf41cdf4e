"""The TLC runner distinguishes all outcomes, and names every way to have no answer."""

from pathlib import Path

import pytest

from specs.tlc import runner as tlc
from specs.tlc.runner import TlcError

COUNTER = """---- MODULE counter ----
EXTENDS Integers, TLC
CONSTANT Bound
VARIABLE x
Init == x = 0
Next == x < 5 /\\ x' = x + 1 /\\ (x = 4 => PrintT(<<"ACCEPTED", x>>))
Small == x < Bound
Broken == x < "five"
====
"""
CONFIG = "INIT Init\nNEXT Next\nCONSTANT Bound = {bound}\n"


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    path = tmp_path / "counter.tla"
    path.write_text(COUNTER)
    return path


def test_a_module_that_holds(counter: Path) -> None:
    result = tlc.run(counter, CONFIG.format(bound=9) + "INVARIANT Small\n", coverage=True)
    assert result.ok
    assert (result.states_distinct, result.states_generated, result.depth) == (6, 6, 6)
    assert result.sentinels == ('<<"ACCEPTED", 4>>',)
    assert result.coverage["Next"] == (5, 5)


def test_runs_repeat_fingerprints_come_from_the_same_polynomial(counter: Path) -> None:
    assert f" with fp {tlc.FINGERPRINT} " in tlc.run(counter, CONFIG.format(bound=1)).output


def test_a_violated_invariant_is_named_with_its_behaviour(counter: Path) -> None:
    result = tlc.run(counter, CONFIG.format(bound=3) + "INVARIANT Small\n")
    assert (result.outcome, result.violated) == ("invariant", "Small")
    assert len(result.trace) == 4
    assert result.trace[-1].endswith("x = 3")


@pytest.mark.parametrize(("kind", "outcome"), [("INVARIANT", "invariant"), ("PROPERTY", "property")])
def test_a_constant_that_is_false_is_violated(counter: Path, kind: str, outcome: str) -> None:
    counter.write_text(COUNTER.replace("====", "Never == 1 = 2\n====", 1))
    result = tlc.run(counter, CONFIG.format(bound=3) + f"{kind} Never\n")
    assert (result.outcome, result.violated, result.trace) == (outcome, "Never", ())
    assert "is equal to FALSE" in result.message


def test_a_configuration_may_be_a_file_and_a_deadlock_an_error(counter: Path) -> None:
    config = counter.parent / "other" / "counter.cfg"
    config.parent.mkdir()
    config.write_text(CONFIG.format(bound=9))
    assert tlc.run(counter, config, deadlock=True).outcome == "deadlock"


@pytest.mark.parametrize(
    ("config", "complaint"),
    [
        ("INIT Init\nNEXT Next\n", "Bound"),
        ("INIT Nothing\nNEXT Next\nCONSTANT Bound = 1\n", "Nothing"),
        ("nonsense", "configuration"),
        (CONFIG.format(bound=1) + "INVARIANT Broken\n", "five"),
    ],
)
def test_no_answer_is_an_error_that_says_why(counter: Path, config: str, complaint: str) -> None:
    with pytest.raises(TlcError, match=complaint):
        tlc.run(counter, config)


def test_missing_modules_and_configurations_are_named(
    tmp_path: Path, counter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TlcError, match="no module"):
        tlc.run(tmp_path / "none.tla", "")
    with pytest.raises(TlcError, match="no configuration"):
        tlc.run(counter, tmp_path / "none.cfg")
    monkeypatch.setenv("AMU_TLA2TOOLS", str(tmp_path / "none.jar"))
    with pytest.raises(TlcError, match=r"no tla2tools\.jar at .*AMU_TLA2TOOLS"):
        tlc.jar()
    monkeypatch.setenv("AMU_JAVA", str(tmp_path / "java"))
    with pytest.raises(TlcError, match=r"no Java at .*AMU_JAVA"):
        tlc.java()
    assert not tlc.available()


def test_a_run_that_is_cut_off_is_not_an_answer(counter: Path) -> None:
    with pytest.raises(TlcError, match="gave no answer"):
        tlc.run(counter, CONFIG.format(bound=9), timeout_seconds=0.01)
