"""The rule for the end of a mission, which rehearsal and simulator share."""

from typing import Any

import pytest

from groundstation.scenario.mission_end import COMPLETE, INTERRUPTED, NO_PROGRESS, MissionEnd, Standing, slots_applied
from groundstation.scenario.model import ScenarioError, parse
from specs import verdict as report
from swarm_sim.simulation import simulate

MISSION = {"slots": 10, "limit_seconds": 60.0, "no_progress_seconds": 20.0, "settle_seconds": 2.0}
CUT = "power_cut on board 2 at 5.00 s"


def _scenario(**sections: Any) -> Any:
    document = {
        "name": "end",
        "description": "When is it over?",
        "mission": MISSION,
        "workload": {"operations": 4, "in_flight": 1, "pause_seconds": 0.5},
        **sections,
    }
    return parse(document, "end")


def _standing(now: float, *applied: int, up: Any = None, **counts: Any) -> Standing:
    due = counts.pop("due", [])
    counts = {"issued": 4, "confirmed": 4, "open_count": 0} | counts
    slots = dict(enumerate(applied))
    return Standing(now=now, applied=slots, up=set(slots) if up is None else up, faults_due=lambda: due, **counts)


def test_complete_when_all_is_done_and_the_boards_are_level() -> None:
    end = MissionEnd(_scenario())
    assert end.look(_standing(1.0, 9, 9, 9, 9)) is None
    assert end.wants_more(_standing(1.0, 9, 9, 9, 9))
    assert end.look(_standing(2.0, 10, 10, 10, 10, open_count=1)) is None
    assert not end.wants_more(_standing(2.0, 10, 10, 10, 10, open_count=1))
    assert end.look(_standing(3.0, 10, 10, 10, 10)) == COMPLETE


def test_boards_that_lag_are_given_time_to_settle() -> None:
    end = MissionEnd(_scenario())
    assert end.look(_standing(1.0, 12, 12, 12, 7)) is None
    assert end.look(_standing(2.9, 12, 12, 12, 8)) is None
    assert end.look(_standing(3.0, 12, 12, 12, 8)) == COMPLETE


def test_a_fault_to_come_keeps_the_mission_and_its_operators_going() -> None:
    end = MissionEnd(_scenario())
    done = _standing(4.0, 30, 30, 30, 30, due=[CUT])
    assert end.look(done) is None
    assert end.wants_more(done)
    assert end.look(_standing(5.0, 40, 40, 40, 40)) == COMPLETE


def test_completed_work_is_never_no_progress_for_a_fault_that_did_not_come() -> None:
    end = MissionEnd(_scenario())
    assert end.look(_standing(59.0, 1187, 1187, 1187, 1187, open_count=6, due=[CUT])) is None
    late = _standing(60.1, 1190, 1190, 1190, 1190, open_count=6, due=[CUT])
    assert end.look(late) == INTERRUPTED
    assert end.unmet(late) == [
        "the limit of 60 s was reached (mission.limit_seconds)",
        f"board fault still to come: {CUT}",
    ]


def test_operations_submitted_until_the_limit_may_still_be_confirmed() -> None:
    end = MissionEnd(_scenario())
    assert end.look(_standing(60.1, 1190, 1190, 1190, 1190, open_count=6)) is None
    assert not end.wants_more(_standing(60.1, 1190, 1190, 1190, 1190, open_count=6))
    assert end.look(_standing(61.0, 1191, 1191, 1191, 1191)) == COMPLETE


def test_operations_that_are_never_confirmed_are_not_progress() -> None:
    end = MissionEnd(_scenario())
    for now in (59.0, 60.1, 79.0):
        assert end.look(_standing(now, 1190, 1190, 1190, 1190, open_count=6)) is None
    late = _standing(80.2, 1190, 1190, 1190, 1190, open_count=6)
    assert end.look(late) == NO_PROGRESS
    assert "6 operations not confirmed" in end.unmet(late)


@pytest.mark.parametrize(
    ("now", "slots", "confirmed", "words"),
    [
        (60.1, 9, 4, "9 of 10 slots decided"),
        (60.1, 10, 3, "3 of 4 operations confirmed"),
    ],
)
def test_the_limit_before_the_work_is_done(now: float, slots: int, confirmed: int, words: str) -> None:
    end = MissionEnd(_scenario())
    end.look(_standing(59.0, *[slots] * 4, confirmed=confirmed))
    late = _standing(now, *[slots] * 4, confirmed=confirmed, open_count=4 - confirmed)
    assert end.look(late) == NO_PROGRESS
    assert end.unmet(late) == ["the limit of 60 s was reached (mission.limit_seconds)", words]


def test_standing_still() -> None:
    end = MissionEnd(_scenario())
    assert end.look(_standing(1.0, 3, 3, 3, 3)) is None
    assert end.look(_standing(21.0, 3, 3, 3, 3)) is None
    still = _standing(21.1, 3, 3, 3, 3)
    assert end.look(still) == NO_PROGRESS
    assert end.unmet(still)[0] == "no new slot since 1.0 s (mission.no_progress_seconds = 20)"


def test_a_core_may_stand_still_until_it_is_healed_and_must_then_add_slots() -> None:
    core = {"core": [0, 1, 2], "at": 30.0, "bound_seconds": 5.0}
    end = MissionEnd(_scenario(liveness=core))
    assert end.look(_standing(29.0, 20, 20, 20, 0)) is None
    assert end.look(_standing(30.0, 20, 20, 20, 0)) is None  # 10 slots were asked for, the healed core has added none
    assert end.look(_standing(31.0, 28, 28, 27, 0)) is None
    assert end.look(_standing(32.0, 28, 28, 28, 0)) == COMPLETE
    late = _standing(35.1, 28, 28, 27, 0)
    assert end.look(late) == NO_PROGRESS
    assert end.unmet(late)[0] == "the core was healed at 30 s and had 5 s (liveness.bound_seconds)"


def test_slots_that_f_plus_1_have_applied() -> None:
    assert slots_applied({0: 9, 1: 7, 2: 3}, 4) == 7
    assert slots_applied({0: 9}, 4) == 9
    assert slots_applied({}, 4) == 0  # nobody is correct: nothing is known


# --- what cannot happen is refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "field"),
    [
        ({"board_faults": [{"at": 60.0, "node": 1, "kind": "restart"}]}, "board_faults[0].at"),
        ({"faults": [{"fault": "drop", "probability": 0.1, "start": 61.0}]}, "faults[0].start"),
    ],
)
def test_a_fault_behind_the_limit_is_refused(section: dict[str, Any], field: str) -> None:
    with pytest.raises(ScenarioError, match="not before the mission's end at 60 s") as caught:
        _scenario(**section)
    assert field in str(caught.value)


# --- the simulator flies by it ---------------------------------------------------------------------


def test_the_simulator_waits_for_a_fault_that_is_to_come() -> None:
    outcome = simulate(_scenario(board_faults=[{"at": 8.0, "node": 1, "kind": "restart"}]))
    assert outcome.verdict == report.PASS, outcome
    assert outcome.counts["milliseconds"] >= 8000


def test_the_simulator_says_which_fault_did_not_come() -> None:
    faults = [{"at": 1.0, "node": 1, "kind": "kill"}, {"at": 2.0, "node": 1, "kind": "power_cut"}]
    outcome = simulate(_scenario(board_faults=faults, mission=MISSION | {"limit_seconds": 6.0}))
    assert outcome.verdict == report.INCOMPLETE, outcome
    assert "power_cut on board 1, which is off" in outcome.detail
