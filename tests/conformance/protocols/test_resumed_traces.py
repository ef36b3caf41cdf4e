"""Runs that another ground station resumes: judged in full with the record, and in part without it."""

import json
from pathlib import Path
from typing import Any

import pytest

from amu.core.limits import GROUND
from specs.checking.beginning import Beginning
from specs.checking.check import check_trace
from specs.checking.swarm import Swarm
from specs.checking.trace import Event, TraceError
from specs.verdict import Verdict
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.records.traces import Script


def judged(script: Script, folder: Path) -> Verdict:
    return check_trace(script.write(folder / "trace.ndjson"))


def without_record(script: Script, first: int, *attached: int) -> Script:
    """The record of a ground station that joins before line `first` of the script, without an earlier record."""
    attach = [
        {**script.lines[0], "seq": 1 + place, "event": "Attach", "board": node} for place, node in enumerate(attached)
    ]
    script.lines = [script.lines[0], *attach, *script.lines[first:]]
    seq = len(attached)
    for line in script.lines[seq + 1 :]:
        if line["node"] == GROUND:
            seq += 1
            line["seq"] = seq
    return script


def place_of(script: Script, **members: Any) -> int:
    return next(place for place, line in enumerate(script.lines) if members.items() <= line.items())


# --- with the record of the ground station before ------------------------------------------------------------


@pytest.mark.parametrize("end", ["interrupted", "no progress", None])
def test_a_run_that_is_resumed_is_one_run(end: str | None, tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.propose(2, 0, "value 2", 0)
    script.vote(2, 0, 1, "value 2", 0, 1)
    if end is not None:
        script.end(end)
    script.resume()
    script.vote(2, 0, 1, "value 2", 2, 3)
    for phase in (2, 3, 4):
        script.vote(2, 0, phase, "value 2")
    script.decide(2, 0, "value 2")
    script.apply(2, "value 2")
    script.resume()
    script.good_slot(3)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass", (verdict.violations, verdict.missing)
    assert verdict.counts["slots decided"] == 3
    assert verdict.counts["slots not checked"] == 0


def test_a_breach_after_the_resume_rests_on_what_was_before_it(tmp_path: Path) -> None:
    script = Script()
    script.propose(1, 0, "a", 0)
    script.vote(1, 0, 1, "a", 2)
    script.resume()
    script.vote(1, 0, 1, "b", 2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.invariants["CON-1"] == "violated"


def test_boards_may_die_and_reboot_while_nobody_listens(tmp_path: Path) -> None:
    """Board 2 rebooted by itself, board 3 died and is started again; what 2 had applied last it tells at its boot."""
    script = Script()
    script.good_slot(1)
    script.resume(0, 1, 2)
    script.boots[2] += 1
    voted = {f"hi{phase}": (0, "value 1") for phase in range(1, 5)}
    script.emit(2, "Boot", version="1", journal="ok", applied_slot=1)
    script.restore(2, 1, **voted)
    script.ground("BoardStart", board=3)
    script.boots[3] += 1
    script.emit(3, "Boot", version="1", journal="ok", applied_slot=1)
    script.restore(3, 1, **voted)
    script.good_slot(2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass", (verdict.violations, verdict.missing)


@pytest.mark.parametrize("end", ["BoardKill", "PowerCut", "BoardCrash"])
@pytest.mark.parametrize("is_new_life", [True, False])
def test_a_life_that_ended_does_not_go_on_in_the_next_run(is_new_life: bool, end: str, tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.ground(end, board=2)
    script.resume(0, 1, 3)
    if is_new_life:
        script.ground("BoardStart", board=2)
        script.boots[2] += 1
        script.emit(2, "Boot", version="1", journal="ok", applied_slot=1)
        script.restore(2, 1, **{f"hi{phase}": (0, "value 1") for phase in range(1, 5)})
    script.good_slot(2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.invariants["LOG-12"] == ("holds" if is_new_life else "violated")
    assert verdict.verdict == ("pass" if is_new_life else "violation"), (verdict.violations, verdict.missing)


def test_a_reboot_while_somebody_listens_still_needs_a_reason(tmp_path: Path) -> None:
    script = Script()
    script.resume()
    for _ in range(2):
        script.boots[2] += 1
        script.emit(2, "Boot", version="1", journal="ok", applied_slot=0)
    script.good_slot(1)
    verdict = judged(script.end(), tmp_path)
    assert verdict.missing == ["boot 1 of node 2 ended for no recorded reason"]


def test_events_that_were_lost_while_nobody_listened_are_missed(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.emit(2, "Wish", slot=2, view=1)
    del script.lines[-1]
    script.resume()
    script.good_slot(2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.missing == ["events 7 to 7 of node 2, boot 0 are missing"]


def test_a_receipt_is_not_a_breach_if_its_sending_turns_out_to_be_missing(tmp_path: Path) -> None:
    """The record was cut off behind a whole line: what is missing shows only when the sender is heard again."""
    script = Script()
    script.good_slot(1)
    script.message(1, 2)
    del script.lines[-2]
    script.resume()
    script.good_slot(2)
    verdict = judged(script.end(), tmp_path)
    assert (verdict.verdict, verdict.violations) == ("incomplete", [])
    assert verdict.missing == ["events 7 to 7 of node 1, boot 0 are missing"]


def test_flight_software_resumed_by_another_ground_station_conforms(tmp_path: Path) -> None:
    """The lines of a storm, cut at many places: with a Resume in between the verdict on the whole is the same."""
    cluster = Cluster(4, seed=5, links=Links(drop=0.05, delay_max=4))
    cluster.start()
    for turn in range(12):
        cluster.request(["noop"])
        cluster.run(15)
        if turn == 5:
            cluster.kill(1)
            cluster.start(1)
    cluster.run(600, until=lambda: all(cluster.confirmed(operation) for operation in cluster.replies))
    whole = cluster.finish(tmp_path / "whole.ndjson")
    assert check_trace(whole).verdict == "pass"
    lines = [json.loads(line) for line in whole.read_text().splitlines()]
    for cut in range(100, len(lines) - 1, len(lines) // 5):
        path = tmp_path / "resumed.ndjson"
        boot = max(line["boot"] for line in lines if line["node"] == GROUND) + 1
        added = [{"event": "Resume", "resumed": "cluster"}, *({"event": "Attach", "board": node} for node in range(4))]
        common = {**lines[0], "boot": boot, "received": lines[cut - 1]["received"]}
        resumed = [{**common, "seq": seq, **event} for seq, event in enumerate(added)]
        after = [line if line["node"] != GROUND else {**line, "boot": boot} for line in lines[cut:]]
        seq = len(resumed)
        for line in after:
            if line["node"] == GROUND:
                line["seq"], seq = seq, seq + 1
        path.write_text("".join(json.dumps(line) + "\n" for line in [*lines[:cut], *resumed, *after]))
        verdict = check_trace(path)
        assert verdict.verdict == "pass", (cut, verdict.violations, verdict.missing)


# --- without it ----------------------------------------------------------------------------------------------


def test_the_verdict_names_what_cannot_be_judged_without_the_record(tmp_path: Path) -> None:
    script = Script()
    for slot in range(1, 16):
        script.good_slot(slot)
    script.end()
    verdict = judged(without_record(script, place_of(script, event="Vote1", slot=3), 0, 1, 2, 3), tmp_path)
    assert (verdict.verdict, verdict.exit_code) == ("incomplete", 5)
    assert verdict.missing == [
        "what boards 0, 1, 2, 3 did before this trace began is not in it",
        "slots up to 11 were not checked: they may have begun before the trace",
        "channels, turns, snapshots and levels of suspicion of boards 0, 1, 2, 3 were not checked before each boot",
        "the rules of the ledger were not checked: the trace does not tell slot 1, so the state after it is not known",
    ]
    assert verdict.counts["slots decided"] == 4
    assert verdict.invariants["CON-1"] == "holds"
    held = [name for name, state in verdict.invariants.items() if name.startswith("LED-") and state == "holds"]
    assert held == ["LED-15"]  # what a value is of does not depend on the slots before


def test_a_breach_in_what_began_later_is_found(tmp_path: Path) -> None:
    script = Script()
    for slot in range(1, 16):
        script.good_slot(slot)
    script.vote(16, 0, 2, "a", 1)
    script.end()
    verdict = judged(without_record(script, place_of(script, event="Vote1", slot=3), 0, 1, 2, 3), tmp_path)
    assert verdict.invariants["CON-1"] == "violated"


def test_an_unrecorded_proposal_is_ascribed_to_nobody_else(tmp_path: Path) -> None:
    """Node 0 proposed before the run was joined; that node 1 proposes the same value again does not make it the leader
    of the slot a window later."""
    script = Script()
    script.propose(1, 0, "a", 0)
    script.vote(1, 0, 1, "a")
    first = len(script.lines)
    script.enter(1, 1)
    script.propose(1, 1, "a", 1)
    script.rounds(1, "a", view=1)
    script.decide(1, 1, "a")
    script.apply(1, "a")
    for slot in range(2, 18):
        script.good_slot(slot)
    script.end()
    verdict = judged(without_record(script, first, 0, 1, 2, 3), tmp_path)
    assert verdict.violations == []
    assert verdict.verdict == "incomplete"


def test_a_board_that_reboots_after_the_join_is_explained(tmp_path: Path) -> None:
    """Where the board stood before nobody has told, so nothing is known of what it applied in between."""
    script = Script()
    script.good_slot(1)
    first = len(script.lines)
    script.emit(1, "Wish", slot=2, view=1)
    script.reboot(1, applied=1)
    for slot in range(2, 15):
        script.good_slot(slot)
    script.end()
    verdict = judged(without_record(script, first, 0, 1, 2, 3), tmp_path)
    assert (verdict.verdict, verdict.violations) == ("incomplete", [])
    assert verdict.counts["slots decided"] > 0


def test_messages_from_a_life_before_the_record_are_not_looked_up(tmp_path: Path) -> None:
    """Node 2 had still said that it received what node 1 sent; node 1 begins a new life, and sends, before that is
    heard."""
    script = Script()
    script.good_slot(1)
    script.message(1, 2)
    receipt = script.lines.pop()
    first = len(script.lines)
    script.reboot(1, applied=1)
    script.message(1, 3)
    script.lines.append(receipt)
    script.reboot(2, applied=1)
    script.end()
    verdict = judged(without_record(script, first, 0, 1, 2, 3), tmp_path)
    assert (verdict.verdict, verdict.violations) == ("incomplete", [])


@pytest.mark.parametrize(("silent", "checked"), [((3,), 3), ((2, 3), 0)])
def test_boards_that_are_never_heard_leave_a_window_more_in_doubt(
    silent: tuple[int, ...], checked: int, tmp_path: Path
) -> None:
    """Up to f of them: a quorum had voted, so others had come as far. With more of them nothing is certain."""
    script = Script()
    for slot in range(1, 20):
        script.good_slot(slot)
    script.end()
    script = without_record(script, place_of(script, event="Vote1", slot=4), 0, 1, 2, 3)
    script.lines = [line for line in script.lines if line["node"] not in silent]
    verdict = judged(script, tmp_path)
    assert verdict.violations == []
    assert verdict.counts["slots"] == checked  # of 4 .. 19: a window more than up to 12


def test_a_health_report_shows_the_progress_of_a_board() -> None:
    """Two boards that apply nothing leave everything in doubt, until they say how far they have come."""
    beginning = Beginning(Swarm(4, frozenset()))
    for node in range(4):
        assert beginning.attach(Event(1, GROUND, 0, node, 1, "Attach", {"board": node}))
        beginning.feed(Event(2, node, 0, 7, 1, "Wish", {"slot": 4, "view": 1}))
    for node in (0, 1):
        beginning.feed(Event(3, node, 0, 8, 1, "Apply", {"slot": 4}))
    assert beginning.last_slot_begun(99) == 99
    beginning.health(Event(4, GROUND, 0, 5, 1, "Health", {"board": 2, "applied_slot": 3}))
    assert beginning.last_slot_begun(99) == 16
    beginning.health(Event(5, GROUND, 0, 6, 1, "Health", {"board": 3, "applied_slot": 6}))
    assert beginning.last_slot_begun(99) == 14


# --- after the end -------------------------------------------------------------------------------------------


def test_nothing_follows_the_end_but_a_resume(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.end()
    script.vote(2, 0, 4, "a", 1)
    with pytest.raises(TraceError, match=f"line {len(script.lines)}: Vote4 of node 1 after RunEnd"):
        judged(script, tmp_path)


def test_a_resume_after_the_end_goes_on(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.end("interrupted")
    script.resume()
    script.vote(2, 0, 4, "a", 1)
    verdict = judged(script.end(), tmp_path)
    assert verdict.invariants["CON-1"] == "violated"


# --- the name of the run -------------------------------------------------------------------------------------


def test_a_file_holds_one_run(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    whole = [*script.end().lines]
    for other in (whole, [{**line, "run": "s"} for line in whole]):
        script.lines = [*whole, *other]
        where = f"line {len(whole) + 1}: "
        with pytest.raises(TraceError, match=where) as caught:
            judged(script, tmp_path)
        assert other is whole or "an event of run s in the trace of run r" in str(caught.value)


@pytest.mark.parametrize("name", ["s", None])
def test_an_event_of_another_run_is_bad_input(name: str | None, tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.end()
    if name is None:
        del script.lines[20]["run"]
    else:
        script.lines[20]["run"] = name
    with pytest.raises(TraceError, match=f"line 21: an event of run {name} in the trace of run r"):
        judged(script, tmp_path)


def test_the_run_that_goes_on_has_a_name_of_its_own(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    before = len(script.lines)
    script.resume()
    script.good_slot(2)
    script.end()
    for line in script.lines[before:]:
        line["run"] = "s"
    assert judged(script, tmp_path).verdict == "pass"
    script.lines[-1]["run"] = "r"
    with pytest.raises(TraceError, match=f"line {len(script.lines)}: an event of run r in the trace of run s"):
        judged(script, tmp_path)
    script.lines[before]["resumed"] = "q"
    with pytest.raises(TraceError, match=f"line {before + 1}: Resume of run q in the trace of run r"):
        judged(script, tmp_path)


# --- nothing to judge ----------------------------------------------------------------------------------------


def test_a_swarm_of_liars_alone_was_not_checked(tmp_path: Path) -> None:
    script = Script(byzantine=(0, 1, 2, 3))
    script.emit(0, "Vote1", slot=1, view=0, value="a")
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "incomplete"
    assert verdict.missing == ["no event of an honest board was compared with a module: nothing was checked"]
    assert set(verdict.invariants.values()) == {"not checked"}


def test_more_liars_than_promised_are_judged_and_a_violation_is_shown(tmp_path: Path) -> None:
    script = Script(byzantine=(2, 3))
    script.propose(1, 0, "a", 0)
    script.vote(1, 0, 1, "a", 0, 1)
    script.decide(1, 0, "a", 0)
    script.decide(1, 0, "b", 1)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "violation"


@pytest.mark.parametrize(("reason", "verdict"), [("complete", "incomplete"), ("no progress", "no_progress")])
def test_a_run_without_a_decision_has_shown_no_agreement(reason: str, verdict: str, tmp_path: Path) -> None:
    script = Script()
    script.propose(1, 0, "a", 0)
    found = judged(script.end(reason), tmp_path)
    assert found.verdict == verdict
    assert found.invariants["CON-4"] == "not checked"
    assert found.invariants["CON-1"] == "holds"


# --- numbers that no run reaches -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"byzantine": [4]}, "names node 4; want numbers below the replica count, 4"),
        ({"window_slots": 0}, "RunStart.window_slots: want an integer from 1 to 64, have 0"),
        ({"window_slots": 255}, "RunStart.window_slots: want an integer from 1 to 64"),
        ({"replica_count": 3}, "RunStart.replica_count: want an integer from 4 to 13"),
        ({"replica_count": 10**400}, "RunStart.replica_count: want an integer from 4 to 13, have 1000"),
        ({"received": 1e308}, "want seconds from 0 to"),
    ],
)
def test_a_start_that_no_swarm_has_is_bad_input(members: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    script = Script()
    script.lines[0].update(members)
    with pytest.raises(TraceError, match="line 1: ") as caught:
        judged(script.end(), tmp_path)
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_boot_far_ahead_costs_nothing(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.reboot(2, applied=2**30 - 1)
    assert judged(script.end(), tmp_path).counts["slots"] == 1


def test_a_view_far_ahead_is_not_judged_and_named(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.enter(2, 2**20 - 1, 0)
    verdict = judged(script.end(), tmp_path)
    assert verdict.missing == ["slot 2 was not checked: it reaches view 1048575, above the limit of 1023"]
