"""The rules from slot to slot: breaches that only the log's module can see, and the module's tie to the code."""

import re
from pathlib import Path
from typing import Any

import pytest

from amu.core.limits import CHECKPOINT_SLOTS, GROUND, WINDOW_SLOTS
from amu.node.events import EVENTS
from specs.checking import any_trace as observation_check
from specs.checking.consensus import log_rules
from specs.checking.run import Run
from specs.checking.swarm import Swarm
from specs.checking.trace import Reader
from tests import ROOT
from tests.support.records.traces import Script

MODULE = ROOT / "specs" / "replicated_log" / "trace_replicated_log.tla"


def held(script: Script, tmp_path: Path) -> tuple[log_rules.LogChecker, list[str]]:
    """The checker after the whole trace, and the identifiers of what it found."""
    run = Run(Swarm(script.replica_count, frozenset(script.byzantine), WINDOW_SLOTS))
    checker = log_rules.LogChecker(run)
    for event in Reader(script.end().write(tmp_path / "trace.ndjson")):
        if event.node in script.honest:
            checker.feed(event)
        elif event.node == GROUND:
            checker.ground(event)
    return checker, [violation.partition(":")[0] for violation in run.verdict.violations]


def variable(checker: log_rules.LogChecker, name: str) -> Any:
    return checker.state[name]


def log_of(slots: int) -> Script:
    script = Script()
    for slot in range(1, slots + 1):
        script.good_slot(slot)
    return script


def test_a_good_log_is_held_and_its_state_stays_small(tmp_path: Path) -> None:
    slots = log_rules.PLACES + 2 * WINDOW_SLOTS
    checker, found = held(log_of(slots), tmp_path)
    assert found == []
    assert checker.steps["Apply"] == 4 * slots
    for name in ("log", "ledger", "checkpoint", "proposed"):
        assert len(variable(checker, name)) == log_rules.PLACES
    assert all(
        len(variable(checker, name)[node]) <= 4 * WINDOW_SLOTS for name in ("acted", "restored") for node in range(4)
    )
    assert checker.first_leader(slots + WINDOW_SLOTS) == 0


def test_receipts_too_old_to_be_compared_are_counted(tmp_path: Path) -> None:
    script = Script()
    script.decide(1, 0, "a", 3)
    script.emit(0, "Boot", version="1", journal="ok", applied_slot=log_rules.PLACES)
    script.decide(log_rules.PLACES + 1, 0, "z", 0)
    script.apply(1, "b", 3)
    checker, found = held(script, tmp_path)
    assert checker.too_old == 1
    assert found == ["LOG-11", "LOG-2"]  # with what the node itself decided it is compared all the same


def test_a_vote_ahead_of_the_window_is_found(tmp_path: Path) -> None:
    script = log_of(1)
    script.vote(1 + WINDOW_SLOTS, 0, 1, "a", 2)
    script.vote(2 + WINDOW_SLOTS, 0, 1, "a", 2)
    assert held(script, tmp_path)[1] == ["LOG-6"]


def test_a_vote_in_a_retired_slot_is_found(tmp_path: Path) -> None:
    script = log_of(WINDOW_SLOTS + 1)
    script.vote(2, 0, 4, "value 2", 2)
    script.vote(1, 0, 4, "value 1", 2)
    assert held(script, tmp_path)[1] == ["LOG-6"]


def test_a_slot_learned_two_windows_ahead_is_found(tmp_path: Path) -> None:
    script = Script()
    script.emit(0, "Learn", slot=2 * WINDOW_SLOTS, value="a")
    script.emit(0, "Learn", slot=2 * WINDOW_SLOTS + 1, value="a")
    assert held(script, tmp_path)[1] == ["LOG-6"]


def test_a_state_that_too_few_had_reached_is_found(tmp_path: Path) -> None:
    script = log_of(CHECKPOINT_SLOTS)
    script.reboot(3, journal="blank", boot=1 << 20)
    script.emit(3, "Adopt", slot=CHECKPOINT_SLOTS, digest=f"checkpoint {CHECKPOINT_SLOTS}")
    script.reboot(2, journal="blank", boot=1 << 20)
    script.emit(2, "Adopt", slot=2 * CHECKPOINT_SLOTS, digest="y")
    assert held(script, tmp_path)[1] == ["LOG-3"]


def test_a_floor_below_a_forgotten_vote_is_found(tmp_path: Path) -> None:
    script = log_of(1)
    script.vote(3, 0, 1, "a", 3)
    script.reboot(3, journal="blank", boot=1 << 20)
    script.emit(3, "Rejoin", floor=2)
    assert held(script, tmp_path)[1] == ["LOG-4"]


def test_a_board_that_fell_silent_sends_nothing_more(tmp_path: Path) -> None:
    script = log_of(1)
    script.emit(2, "Silent", reason="two values decided in slot 1")
    script.vote(2, 0, 1, "a", 2)
    assert held(script, tmp_path)[1] == ["LOG-4"]


def test_an_applied_value_is_the_decided_one(tmp_path: Path) -> None:
    script = Script()
    script.decide(1, 0, "a", 0)
    script.emit(0, "Apply", slot=1, value="b", digest="x")
    assert set(held(script, tmp_path)[1]) == {"LOG-2"}


def test_after_a_gap_the_rules_start_over(tmp_path: Path) -> None:
    script = log_of(2)
    lost = script.emit(1, "Boot", version="1", journal="ok", applied_slot=0)
    script.apply(9, "value 9", 1)
    script.lines.remove(lost)
    assert held(script, tmp_path)[1] == []


def test_leaders_follow_the_proposer_a_window_before(tmp_path: Path) -> None:
    """Slot 1 is decided in view 1, so replica 1 leads the slot one window on; the others keep their leader."""
    script = Script()
    script.enter(1, 1)
    script.propose(1, 1, "a", 1)
    script.rounds(1, "a", view=1)
    script.decide(1, 1, "a")
    script.apply(1, "a")
    for slot in range(2, WINDOW_SLOTS + 1):
        script.good_slot(slot)
    script.propose(1 + WINDOW_SLOTS, 0, "b", 1)
    script.propose(2 + WINDOW_SLOTS, 0, "c", 1)
    checker, found = held(script, tmp_path)
    assert found == ["CON-12"]
    assert [checker.first_leader(slot) for slot in range(1, 8)] == [0, 0, 0, 0, 1, 0, 0]


def test_a_proposal_that_died_with_its_board_is_shown_by_its_register(tmp_path: Path) -> None:
    """Replica 1 proposed in view 1 and lost its power before it could say so; replica 2 repeats the value in view 2."""
    script = Script()
    script.enter(1, 1)
    script.reboot(1)
    script.restore(1, 1, view=1, hi1=(1, "a"))
    script.enter(1, 2)
    script.propose(1, 2, "a", 2)
    script.rounds(1, "a", view=2)
    script.decide(1, 2, "a")
    script.apply(1, "a")
    for slot in range(2, WINDOW_SLOTS + 1):
        script.good_slot(slot)
    checker, found = held(script, tmp_path)
    assert (checker.first_leader(1 + WINDOW_SLOTS), found) == (None, [])
    script.lines.pop()
    script.propose(1 + WINDOW_SLOTS, 0, "b", 1)
    checker, found = held(script, tmp_path)
    assert (checker.first_leader(1 + WINDOW_SLOTS), found) == (1, [])


def test_a_proposer_that_a_liar_hides_is_known_a_window_later(tmp_path: Path) -> None:
    script = Script(byzantine=(0,))
    for slot in range(1, WINDOW_SLOTS + 1):
        script.good_slot(slot)
    checker, _ = held(script, tmp_path)
    assert checker.first_leader(1 + WINDOW_SLOTS) is None
    script.lines.pop()
    script.propose(1 + WINDOW_SLOTS, 1, "b", 1)
    script.propose(1 + WINDOW_SLOTS, 2, "c", 3)
    checker, found = held(script, tmp_path)
    assert checker.first_leader(1 + WINDOW_SLOTS) == 0
    assert found == ["CON-12"]


def called_by(name: str) -> list[str]:
    """What the operator's definition calls, in order."""
    body = re.search(rf"^{name}\([\w, ]*\) ==((?: .*)?\n(?:    .*\n)*)", MODULE.read_text(), re.MULTILINE)
    assert body, name
    called = re.findall(r"(\w+)\(", body.group(1))
    return called_by("Act") if called == ["Act"] else called


@pytest.mark.parametrize("name", sorted(name for name, rule in log_rules.RULES.items() if rule.told != name))
def test_an_operator_is_its_guards_and_what_was_logged(name: str) -> None:
    """The guards are asked one by one; together they are the operator that `amu check --spec` asks. What had arrived is
    not among an event's fields."""
    rule = log_rules.RULES[name]
    guards = [guard for identifier, guard in rule.guards if identifier != log_rules.REPORTED]
    assert called_by(name) == [*guards, rule.told]


def test_the_table_names_what_there_is() -> None:
    """Every trace event and field and every name of the code in the module's table exists."""
    text = MODULE.read_text()
    table = text[text.index("(*   here, ") : text.index("(* A trace does not show everything")]
    rows = [re.split(r"  +", line[2:-2].strip()) for line in table.splitlines()[1:]]
    flight = "\n".join(path.read_text() for path in sorted((ROOT / "firmware" / "amu").rglob("*.py")))
    module = text + (MODULE.parent / "replicated_log.tla").read_text()
    full = [row for row in rows if len(row) == 3]
    assert len(full) >= 12
    for spec, _, code in full:
        for name in re.findall(r"\w+", spec.replace("[node]", "")):
            assert re.search(rf"(^ *{name}\b|\b{name}\(|\b{name}, )", module, re.MULTILINE), name
        owner, member = code.split(".")
        assert re.search(rf"^class {owner}\b", flight, re.MULTILINE) or owner == "limits", code
        assert re.search(rf"\b{member}\b", flight), code
    events = {**dict(EVENTS.values()), "RunStart": ("window_slots",)}
    told = re.findall(r"\b([A-Z]\w+)\.(\w+)", " ".join(row[-2] if len(row) == 3 else row[0] for row in rows if row[0]))
    assert len(told) >= 10
    for event, name in told:
        assert name in (*events[event], "node"), (event, name)


def test_the_command_line_checks_the_same_operators(tmp_path: Path) -> None:
    """`amu check TRACE --spec` checks the same trace against the same operators."""
    trace = log_of(3).end().write(tmp_path / "trace.ndjson")
    folder = MODULE.parent
    checked = observation_check.check(trace, MODULE, folder / "trace_four_boards.cfg")
    assert checked.verdict.verdict == "pass"
    assert checked.result.steps["Apply"] == 12
    bad = log_of(3)
    bad.apply(5, "value 5", 1)
    checked = observation_check.check(
        bad.end().write(tmp_path / "bad.ndjson"), MODULE, folder / "trace_four_boards.cfg"
    )
    assert checked.result.bad is not None
    assert "IsNext" in checked.result.bad.guard + checked.result.bad.why
