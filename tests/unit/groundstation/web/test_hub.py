"""What a page gets: everything once, then what changed; a slow page gets less, never late."""

from typing import Any

import pytest

from groundstation.web import hub
from groundstation.web.hub import DEAF_SECONDS, EVENTS_SENT_MAX, UNACKNOWLEDGED_MAX, Hub
from groundstation.web.model import Model

FLYING = {"state": "flying"}


def _lines(first: int, count: int, **fields: Any) -> list[dict[str, Any]]:
    head = {"run": "r", "node": 1, "boot": 0, "lamport": 1, "ticks": 1}
    return [
        {**head, "seq": n, "offset": n, "received": n / 10, "event": "Apply", "slot": n, **fields}
        for n in range(first, first + count)
    ]


def _take(hub: Hub, first: int, count: int, **fields: Any) -> None:
    """Lines of a byte each."""
    hub.take(_lines(first, count, **fields), first + count)


@pytest.fixture
def filled() -> Hub:
    filled = Hub(Model())
    _take(filled, 0, 10)
    return filled


def test_the_first_batch_has_everything_and_the_next_only_what_changed(filled: Hub) -> None:
    page = filled.open("alice", "observer")
    first = filled.batch(page, FLYING)
    assert first is not None
    assert first["tables"]["boards"]["1"]["applied"] == 9
    assert [line["offset"] for line in first["events"]] == list(range(10))
    assert filled.batch(page, FLYING) is None
    _take(filled, 10, 1, node=2)
    second = filled.batch(page, FLYING)
    assert second is not None
    assert set(second["tables"]["boards"]) == {"2"}
    assert [line["offset"] for line in second["events"]] == [10]
    assert "gap" not in second


def test_a_page_that_does_not_acknowledge_gets_coalesced_rows_and_a_gap(filled: Hub) -> None:
    page = filled.open("alice", "observer")
    line = 10
    for _ in range(UNACKNOWLEDGED_MAX):
        assert filled.batch(page, FLYING) is not None
        _take(filled, line, 1)
        line += 1
    for _ in range(3):
        _take(filled, line, EVENTS_SENT_MAX)
        line += EVENTS_SENT_MAX
        assert filled.batch(page, FLYING) is None
    page.acknowledge(page.sent)
    batch = filled.batch(page, FLYING)
    assert batch is not None
    assert len(batch["events"]) == EVENTS_SENT_MAX
    missed = line - EVENTS_SENT_MAX
    assert batch["gap"] == [10 + UNACKNOWLEDGED_MAX - 1, missed]
    assert batch["tables"]["boards"]["1"]["applied"] == line - 1  # the row as it is now, once


def test_a_page_that_never_reads_is_noticed(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(hub.time, "monotonic", lambda: now)
    page = filled.open("alice", "observer")
    page.heard = now
    assert filled.batch(page, FLYING) is not None
    now += hub.SLOW_SECONDS + 0.1
    assert page.is_slow
    assert not page.is_deaf
    now += DEAF_SECONDS
    assert page.is_deaf
    page.acknowledge(page.sent)
    assert not page.is_slow
    assert not page.is_deaf


def test_every_page_is_told_of_one_that_does_not_keep_up(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(hub.time, "monotonic", lambda: now)
    slow, quick = filled.open("alice", "observer"), filled.open("bob", "operator")
    slow.heard = quick.heard = now
    for page in (slow, quick):
        batch = filled.batch(page, FLYING)
        assert batch is not None
        assert not any(each["is_slow"] for each in batch["console"]["people"])
    quick.acknowledge(1)
    assert filled.batch(quick, FLYING) is None
    now += hub.SLOW_SECONDS + 0.1
    told = filled.batch(quick, FLYING)
    assert told is not None
    assert told["console"]["people"] == [
        {"name": "alice", "role": "observer", "is_slow": True},
        {"name": "bob", "role": "operator", "is_slow": False},
    ]
    quick.acknowledge(2)
    filled.close(slow)
    told = filled.batch(quick, FLYING)
    assert told is not None
    assert [each["name"] for each in told["console"]["people"]] == ["bob"]


def test_an_acknowledgement_of_what_was_not_sent_counts_for_nothing(filled: Hub) -> None:
    page = filled.open("alice", "observer")
    filled.batch(page, FLYING)
    page.acknowledge(99)
    assert page.acknowledged == 0


def test_another_run_begins_again(filled: Hub) -> None:
    page = filled.open("alice", "observer")
    filled.batch(page, FLYING)
    page.acknowledge(1)
    filled.restart(Model())
    _take(filled, 0, 2)
    batch = filled.batch(page, FLYING)
    assert batch is not None
    assert [line["offset"] for line in batch["events"]] == [0, 1]
