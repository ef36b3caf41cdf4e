"""A counterexample of TLC is a trace that the check in this process understands and rejects, too."""

from pathlib import Path

import pytest

from specs.checking import any_trace as observation_check
from specs.tlc import runner as tlc
from specs.tlc.counterexample import lines, write
from specs.tlc.states import counterexample

MODULE = """---- MODULE jug ----
EXTENDS Integers
VARIABLES small, big
Start == small = 0 /\\ big = 0
FillSmall == small' = 3 /\\ big' = big
FillBig == big' = 5 /\\ small' = small
Pour(amount) == small >= amount /\\ big + amount <= 5 /\\ small' = small - amount /\\ big' = big + amount
Empty == small' = 0 /\\ big' = big
Next == FillSmall \\/ FillBig \\/ Empty \\/ \\E amount \\in 1..3 : Pour(amount)
NeverFour == big # 4
====
"""
CONFIG = "INIT Start\nNEXT Next\nINVARIANT NeverFour\n"

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no TLC")


@pytest.fixture(scope="module")
def jug(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """(module, configuration, counterexample as a trace)."""
    folder = tmp_path_factory.mktemp("jug")
    module, config = folder / "jug.tla", folder / "jug.cfg"
    module.write_text(MODULE)
    config.write_text(CONFIG)
    found = tlc.run(module, config)
    assert found.violated == "NeverFour"
    states = counterexample(found.trace)
    assert states[0].action is None
    assert states[-1].action == "Pour"
    assert states[-1].values["big"] == 4
    return module, config, write(found.trace, folder / "found" / "jug.ndjson")


def test_the_check_finds_what_tlc_found(jug: tuple[Path, Path, Path]) -> None:
    module, config, trace = jug
    checked = observation_check.check(trace, module, config)
    assert checked.result.bad is not None
    assert checked.result.bad.broken == "NeverFour"
    assert checked.result.bad.line == len(trace.read_text().splitlines())
    assert checked.verdict.exit_code == 3


def test_a_tampered_counterexample_is_not_a_behaviour(jug: tuple[Path, Path, Path], tmp_path: Path) -> None:
    module, config, trace = jug
    changed = tmp_path / "changed.ndjson"
    told = trace.read_text().splitlines()
    changed.write_text("\n".join([told[0], *told[2:]]) + "\n")
    bad = observation_check.check(changed, module, config).result.bad
    assert bad is not None
    assert bad.broken is None
    assert bad.line == 2


def test_a_line_is_a_state(jug: tuple[Path, Path, Path]) -> None:
    assert next(lines(counterexample(("1: <Initial predicate>\n/\\ small = 0\n/\\ big = 0",)))) == (
        '{"state":{"small":{"#bigint":"0"},"big":{"#bigint":"0"}}}'
    )
