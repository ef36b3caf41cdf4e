"""Whole traces: which pass, which are incomplete, what is recovered after reboots, and the verdict's words."""

from pathlib import Path

import pytest

from specs.checking.check import check_trace
from specs.checking.trace import TraceError
from specs.verdict import Verdict
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.records.traces import Script


def judged(script: Script, folder: Path, tlc: bool = False) -> Verdict:
    return check_trace(script.write(folder / "trace.ndjson"), tlc)


@pytest.mark.parametrize("replica_count", [4, 7, 10, 13])
def test_a_good_run_passes(replica_count: int, tmp_path: Path) -> None:
    script = Script(replica_count)
    for slot in range(1, 4):
        script.good_slot(slot)
    script.message(0, 1)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass"
    assert verdict.steps["Vote3"] == verdict.steps["Decide"] == 3 * replica_count
    assert verdict.counts["slots decided"] == 3
    assert {state for name, state in verdict.invariants.items() if name not in verdict.not_met} == {"holds"}
    # No turns, snapshots or operations were requested, no board was suspected or restarted; there was no checkpoint, no
    # view was changed, no message of consensus traced, and no health reported.
    assert {name for name in verdict.not_met if name[:3] not in ("MUT", "SNP", "LNK", "FDT", "LED", "TCM", "PRC")} == {
        "CON-2", "CON-17", "KNW-1", "KNW-2", "KNW-3", "LOG-3", "LOG-5", "MSG-6"
    }  # fmt: skip


def test_a_view_change_with_a_byzantine_leader_passes(tmp_path: Path) -> None:
    """Votes for two values in view 0, a lock in view 1, and the same value again in view 2: TLC agrees."""
    script = Script(byzantine=(0,))
    script.vote(1, 0, 1, "a", 1, 2)
    script.vote(1, 0, 1, "b", 3)
    script.vote(1, 0, 2, "a", 1)
    script.enter(1, 1)
    script.propose(1, 1, "c", 1)
    script.rounds(1, "c", view=1)
    script.enter(1, 2)
    script.propose(1, 2, "c", 2)
    script.rounds(1, "c", view=2)
    script.decide(1, 1, "c", 1)
    script.decide(1, 2, "c", 2)
    script.emit(3, "Learn", slot=1, value="c")
    script.apply(1, "c")
    verdict = judged(script.end(), tmp_path, tlc=True)
    assert (verdict.verdict, verdict.tlc) == ("pass", "accepted")
    assert verdict.steps["EnterView"] == 6


def test_byzantine_events_are_counted_and_held_to_nothing(tmp_path: Path) -> None:
    script = Script(byzantine=(3,))
    for value in ("a", "b"):
        for phase in range(1, 5):
            script.vote(1, 0, phase, value, 3)
    script.emit(3, "Apply", slot=7, value="z", digest="z")
    script.good_slot(1, "a")
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass"
    assert verdict.counts["events of byzantine nodes"] == 9
    assert verdict.steps["Vote1"] == 3


def test_events_that_died_with_a_board_are_recovered(tmp_path: Path) -> None:
    """Replica 0 wrote its proposal and two votes to flash and was killed before it could send them."""
    script = Script()
    script.reboot(0)
    script.restore(0, 1, hi1=(0, "a"))
    script.vote(1, 0, 1, "a", 1, 2, 3)
    script.reboot(0)
    script.restore(0, 1, hi1=(0, "a"), hi2=(0, "a"))
    script.vote(1, 0, 2, "a", 1, 2, 3)
    script.vote(1, 0, 3, "a")
    script.vote(1, 0, 4, "a")
    script.decide(1, 0, "a")
    script.apply(1, "a")
    verdict = judged(script.end(), tmp_path, tlc=True)
    assert (verdict.verdict, verdict.tlc) == ("pass", "accepted"), verdict.violations
    assert verdict.steps["Propose recovered"] == 1
    assert verdict.steps["Vote1 recovered"] == 1
    assert verdict.steps["Vote2 recovered"] == 1
    assert verdict.steps["Restore"] == 2


def test_a_view_and_a_decision_that_died_with_a_board_are_recovered(tmp_path: Path) -> None:
    script = Script()
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a")
    script.reboot(2)
    script.restore(2, 1, view=1, hi1=(0, "a"), hi2=(0, "a"), hi3=(0, "a"), hi4=(0, "a"))
    script.apply(1, "a", 2)
    script.decide(1, 0, "a", 0, 1, 3)
    script.apply(1, "a", 0, 1, 3)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass", verdict.violations
    assert verdict.steps["EnterView recovered"] == 1
    assert verdict.steps["Decide recovered"] == 1


def test_a_decision_repeated_after_a_reboot_is_not_a_step(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.reboot(1, applied=1)
    script.restore(1, 1, hi1=(0, "value 1"), hi2=(0, "value 1"), hi3=(0, "value 1"), hi4=(0, "value 1"))
    script.emit(1, "Learn", slot=1, value="value 1")
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass"
    assert verdict.counts["told again after a reboot"] == 1


def test_a_board_without_memory_may_listen_and_rejoin(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.reboot(3, journal="blank", boot=1 << 20)
    script.emit(3, "Learn", slot=1, value="value 1")
    script.apply(1, "value 1", 3)
    script.emit(3, "Rejoin", floor=1)
    script.good_slot(2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "pass", verdict.violations


# --- what is missing ------------------------------------------------------------------------------


def test_every_prefix_of_a_good_run_is_incomplete_and_nothing_worse(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.reboot(2, applied=1)
    script.restore(2, 1, **{f"hi{phase}": (0, "value 1") for phase in range(1, 5)})
    script.good_slot(2)
    whole = script.end().write(tmp_path / "whole.ndjson").read_bytes()
    path = tmp_path / "prefix.ndjson"
    for cut in range(300, len(whole) - 1, 997):
        path.write_bytes(whole[:cut])
        verdict = check_trace(path)
        assert (verdict.verdict, verdict.exit_code) == ("incomplete", 5)
    assert any("cut off" in text for text in verdict.missing)
    assert any("no RunEnd" in text for text in verdict.missing)


def test_a_hole_makes_the_run_incomplete_not_wrong(tmp_path: Path) -> None:
    """Without the first votes the next ones lack their quorum, perhaps only because events are missing."""
    script = Script()
    for slot in range(1, 4):
        script.good_slot(slot)
    script.lines = [
        line
        for line in script.lines
        if not (line["event"] == "Vote1" and line["slot"] == 2 and line["node"] in (1, 2, 3))
    ]
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "incomplete", verdict.violations
    assert len(verdict.missing) == 3
    assert any("slot 2 is judged only up to this" in note for note in verdict.notes)
    assert verdict.invariants["CON-1"] == "not checked"


def test_a_contradiction_is_a_violation_in_spite_of_a_gap(tmp_path: Path) -> None:
    script = Script()
    script.propose(1, 0, "a", 0)
    script.emit(2, "Wish", slot=1, view=1)
    del script.lines[-1]
    script.vote(1, 0, 1, "a", 2)
    script.vote(1, 0, 1, "b", 2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.missing
    assert verdict.verdict == "violation"


def test_two_decisions_are_a_violation_in_spite_of_a_hole(tmp_path: Path) -> None:
    script = Script()
    script.emit(2, "Wish", slot=1, view=1)
    del script.lines[-1]
    script.decide(1, 0, "a", 1)
    script.decide(1, 0, "b", 2)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "violation"
    assert verdict.invariants["CON-4"] == "violated"
    assert verdict.invariants["CON-1"] == "not checked"


def test_slots_after_a_hole_are_judged_in_full(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    script.emit(2, "Wish", slot=2, view=1)
    del script.lines[-1]
    for slot in range(2, 20):
        script.good_slot(slot)
    script.vote(20, 0, 2, "a", 1)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "violation"
    assert "slot=20" in str(verdict.first_bad_step)


def test_a_run_that_joined_running_boards_checks_what_began_later(tmp_path: Path) -> None:
    script = Script()
    for slot in range(1, 16):
        script.good_slot(slot)
    first = next(number for number, line in enumerate(script.lines) if line.get("slot") == 3)
    attach = [{**script.lines[0], "seq": 1 + node, "event": "Attach", "board": node} for node in range(4)]
    script.lines = [script.lines[0], *attach, *script.lines[first:]]
    end = script.end().lines[-1]
    end["seq"] = 5
    verdict = judged(script, tmp_path)
    assert verdict.verdict == "incomplete", (verdict.violations, verdict.missing)
    assert verdict.counts["slots not checked"] == 9  # 3 to 11: two windows from the first slot that was applied
    assert verdict.counts["slots decided"] == 4
    assert "slots up to 11 were not checked" in verdict.missing[1]


def test_boards_that_bring_a_past_are_judged_from_what_began_here(tmp_path: Path) -> None:
    """A second run on the same flash: the votes behind the registers of its open slots are in the first run's trace."""
    script = Script()
    for line in script.lines:
        if line["event"] == "Boot":
            line.update(journal="ok", applied_slot=4)
    script.restore(1, 5, view=2, hi1=(1, "a"), hi2=(1, "a"))
    script.good_slot(5, "a")
    for slot in range(6, 15):
        script.good_slot(slot)
    verdict = judged(script.end(), tmp_path)
    assert verdict.verdict == "incomplete", verdict.violations
    assert verdict.counts["slots not checked"] == 9  # 5 to 13
    assert verdict.counts["slots decided"] == 1


def test_a_run_that_stopped_deciding_made_no_progress(tmp_path: Path) -> None:
    script = Script()
    script.good_slot(1)
    assert judged(script.end("no progress"), tmp_path).exit_code == 4


@pytest.mark.parametrize("content", ["", '{"half": '])
def test_a_trace_without_a_start_is_bad_input(content: str, tmp_path: Path) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_text(content)
    with pytest.raises(TraceError, match="no RunStart"):
        check_trace(path)


# --- the flight software itself -------------------------------------------------------------------


def storm(folder: Path) -> Path:
    """A cluster under losses, with a kill, an amnesia and a power cut."""
    cluster = Cluster(4, seed=3, links=Links(drop=0.05, duplicate=0.05, delay_min=1, delay_max=6))
    cluster.start()
    for turn in range(24):
        cluster.request(["noop"])
        cluster.run(12)
        if turn == 4:
            cluster.kill(1)
        elif turn == 7:
            cluster.start(1)
            cluster.kill(2)
            cluster.erase(2)
        elif turn == 9:
            cluster.start(2)
        elif turn == 14:
            cluster.power_cut(3, 777)
        if turn > 16 and cluster.seats[3].node is None:
            cluster.start(3)
    cluster.run(2500, until=lambda: all(cluster.confirmed(operation) for operation in cluster.replies))
    return cluster.finish(folder / "trace.ndjson")


def test_flight_software_in_a_storm_conforms(tmp_path: Path) -> None:
    path = storm(tmp_path)
    verdict = check_trace(path, tlc=True)
    assert (verdict.verdict, verdict.tlc) == ("pass", "accepted"), verdict.violations
    assert verdict.counts["slots decided"] >= 12
    assert verdict.counts["boots of honest boards"] > 4
    assert verdict.steps["Restore"] > 0
    assert check_trace(path).to_json() == check_trace(path).to_json()
