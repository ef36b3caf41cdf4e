"""What a single link and a single slot have shown, event by event."""

from typing import Any

import pytest

from amu.core.limits import GROUND
from amu.wire.messages import Progress, Status, Suggest, Vote
from groundstation.why.link import Link
from groundstation.why.seen import Seen

TICK = 0.01


def _line(node: int, event: str, received: float, **fields: Any) -> dict[str, Any]:
    return {"node": node, "event": event, "received": received, "ticks": int(received / TICK), "lamport": 1, **fields}


@pytest.fixture
def seen() -> Seen:
    found = Seen()
    found.feed(_line(GROUND, "RunStart", 0.0, replica_count=4, tick_seconds=TICK, traces_messages=True))
    for node in range(4):
        found.feed(_line(GROUND, "BoardStart", 0.0, board=node))
    return found


def test_a_report_to_a_leader_shows_who_leads_that_view_and_the_next(seen: Seen) -> None:
    assert seen.leader(1, 1) is None
    seen.feed(_line(0, "Send", 1.0, to=2, kind=Suggest.KIND, slot=1, view=1))
    assert [seen.leader(1, view) for view in (0, 1, 2, 3)] == [1, 2, 3, 0]
    assert seen.leader(2, 1) is None


def test_a_slot_counts_when_f_and_one_boards_have_applied_it(seen: Seen) -> None:
    seen.feed(_line(0, "Apply", 1.0, slot=5))
    assert seen.frontier == 0
    seen.feed(_line(3, "Apply", 1.5, slot=4))
    assert (seen.frontier, seen.moved_at) == (4, 1.5)


def test_two_values_in_a_view_are_the_leaders_lie(seen: Seen) -> None:
    seen.feed(_line(2, "Propose", 1.0, slot=1, view=0))
    seen.feed(_line(0, "Vote1", 1.1, slot=1, view=0, value="aa"))
    seen.feed(_line(1, "Vote1", 1.2, slot=1, view=0, value="aa"))
    assert not seen.boards[2].lie
    seen.feed(_line(3, "Vote1", 1.3, slot=1, view=0, value="bb"))
    assert seen.boards[2].lie == "it proposed two values in view 0 of slot 1, to boards 0 and 3"


def _speaks(seen: Seen, times: list[float]) -> None:
    for now in times:
        seen.feed(_line(0, "Send", now, to=1, kind=Progress.KIND, slot=0, view=0))


def test_a_link_that_was_silent_for_long_is_silent_over_a_restart_and_another_begins_again(seen: Seen) -> None:
    _speaks(seen, [0.3, 0.6, 0.9, 1.2])
    seen.feed(_line(GROUND, "BoardKill", 1.3, board=1))
    seen.feed(_line(GROUND, "BoardStart", 1.5, board=1))
    silent, other = seen.links[0][1], seen.links[2][1]
    assert (silent.since, silent.moments_unheard) == (0.0, 4)
    assert (other.since, other.moments_unheard) == (1.5, 0)


def test_a_link_that_was_silent_for_a_moment_begins_again_with_a_restart(seen: Seen) -> None:
    _speaks(seen, [0.3, 0.6])
    seen.feed(_line(GROUND, "BoardKill", 0.7, board=1))
    seen.feed(_line(GROUND, "BoardStart", 1.5, board=1))
    assert (seen.links[0][1].since, seen.links[0][1].moments_unheard) == (1.5, 0)


def test_loss_is_of_messages_that_a_receiver_never_drops_in_silence() -> None:
    link = Link()
    for now in range(10):
        link.sends(Vote.KIND, now)
        link.sends(Status.KIND, now)
        link.sends(Progress.KIND, now)
        if now % 2:
            link.hears(Progress.KIND, now, 0.1)
    assert link.loss == pytest.approx(6 / 12)  # by Laplace's rule: 5 of 10
    assert (link.states_unheard, link.votes_unheard) == (10, 10)
    link.hears(Status.KIND, 10, 0.1)
    assert (link.states_unheard, link.votes_unheard, link.moments_unheard) == (0, 10, 0)


def test_a_link_that_grows_longer_is_noticed_and_a_late_message_is_not_its_delay() -> None:
    link = Link()
    link.hears(Progress.KIND, 1.0, 0.5)
    link.hears(Progress.KIND, 1.1, 0.1)
    link.hears(Progress.KIND, 1.2, 0.9)
    assert link.delay == 0.1
    link.next_window()
    assert link.delay == 0.1
    link.hears(Progress.KIND, 4.0, 2.0)
    assert link.delay == 2.0


def test_losses_are_told_from_frames_on_their_way_and_dated_by_the_report() -> None:
    link = Link()
    link.reported(5, 3, 2, 0.0, 1.0)
    assert link.lost_at < 0
    link.sends(Vote.KIND, 1.5)
    link.reported(2, 2, 1, 1.0, 2.0)
    assert (link.lost_at, link.lost_with_votes) == (2.0, 1)
    link.reported(0, 1, 0, 2.0, 3.0)
    assert (link.lost_at, link.lost_with_votes) == (2.0, 1)
