"""Alarms: limits, persistence, and what people do about them."""

from typing import Any

import pytest
from pydantic import ValidationError

from groundstation.scenario.alarms import PARAMETERS, Alarm, defaults
from groundstation.web.alarms import SAMPLE_SECONDS, Alarms
from groundstation.web.model import Model

HEAP = Alarm(name="low heap", parameter="heap_free", warning_low=20.0, critical_low=10.0, persistence=2)


class Run:
    """A run with one board, whose free heap is given sample by sample."""

    def __init__(self, *alarms: Alarm) -> None:
        self.model = Model(alarms=Alarms(list(alarms), 1.0))
        self._lines = 0
        self.now = 0.0
        self._feed("RunStart", scenario="s", seed=1, replica_count=4, byzantine=[])
        self._feed("BoardStart", board=1)

    def _feed(self, event: str, **fields: Any) -> None:
        head = {"run": "r", "node": 255, "boot": 0, "seq": self._lines, "lamport": self._lines, "ticks": 0}
        self.model.feed({**head, "received": self.now, "event": event, "offset": self._lines, **fields})
        self._lines += 1

    def heap(self, *values: float) -> dict[str, Any]:
        for value in values:
            self.now += SAMPLE_SECONDS
            self._feed("Health", board=1, heap_free=value, heap_run=5, frames_surplus=0, applied_slot=0, board_ticks=1)
        return self.model.tables["alarms"].get("low heap/1", {})

    def order(self, action: str, **fields: Any) -> dict[str, Any]:
        told = {"kind": "alarm", "alarm": "low heap/1", "action": action, "seconds": None, "to": None, **fields}
        self._feed("Order", order="1", sender="alice", outcome="accepted", told=told)
        return self.model.tables["alarms"]["low heap/1"]


def test_an_alarm_is_raised_after_as_many_samples_as_it_wants() -> None:
    run = Run(HEAP)
    assert run.heap(50, 5) == {}
    assert run.heap(50, 5) == {}
    row = run.heap(5)
    assert (row["level"], row["state"], row["value"], row["count"], row["unit"]) == ("critical", "raised", 5, 1, "B")


def test_an_alarm_that_nobody_acknowledged_stays_until_somebody_does() -> None:
    run = Run(HEAP)
    run.heap(15, 15)
    row = run.heap(50, 50)
    assert (row["level"], row["state"]) == ("normal", "returned")
    row = run.order("acknowledge")
    assert (row["state"], row["acknowledged_by"]) == ("normal", "alice")


def test_an_acknowledged_alarm_calls_again_when_it_gets_worse() -> None:
    run = Run(HEAP)
    run.heap(15, 15)
    assert run.order("acknowledge")["state"] == "acknowledged"
    assert run.heap(16, 17)["state"] == "acknowledged"
    row = run.heap(5, 5)
    assert (row["level"], row["state"], row["acknowledged_by"], row["count"]) == ("critical", "raised", None, 2)
    run.order("acknowledge")
    assert run.heap(15, 15)["state"] == "acknowledged"  # better, and no news
    assert run.heap(50, 50)["state"] == "normal"


def test_a_shelved_alarm_comes_back_after_its_time() -> None:
    run = Run(HEAP)
    run.heap(15, 15)
    row = run.order("shelve", seconds=2.0)
    assert row["shelved_until"] == run.now + 2.0
    assert row["shelved_by"] == "alice"
    assert run.heap(15)["shelved_until"] is not None
    assert run.heap(*[15] * 9)["shelved_until"] is None


def test_an_alarm_has_a_person() -> None:
    run = Run(HEAP)
    run.heap(15, 15)
    assert run.order("assign", to="bob")["assigned_to"] == "bob"


def test_an_order_about_an_alarm_that_is_not_there_changes_nothing() -> None:
    run = Run(HEAP)
    told = {"kind": "alarm", "alarm": "none", "action": "acknowledge", "seconds": None, "to": None}
    run._feed("Order", order="1", sender="alice", outcome="accepted", told=told)
    assert run.model.tables["alarms"] == {}


def test_every_parameter_can_be_watched() -> None:
    alarms = [Alarm(name=name, parameter=name, critical_high=1e9) for name in PARAMETERS]
    run = Run(*alarms, *defaults(1.0))
    run.heap(50)
    assert run.model.tables["alarms"] == {}  # three boards were never on: nothing is wrong with them
    run._feed("BoardKill", board=1)
    run.heap(50)
    assert set(run.model.tables["alarms"]) == {"board off/1"}
    assert set(run.model.tables["limits"]) == {alarm.name for alarm in (*alarms, *defaults(1.0))}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "at least one limit"),
        ({"warning_low": 10.0, "critical_low": 20.0}, "critical_low <= warning_low"),
        ({"parameter": "unconfirmed", "warning_high": 1.0, "boards": [1]}, "of the swarm"),
        ({"parameter": "mood", "warning_high": 1.0}, "parameter"),
        ({"warning_high": float("nan")}, "warning_high"),
        ({"warning_high": 1.0, "name": "a/b"}, "name"),
    ],
)
def test_a_bad_alarm_is_refused_with_the_field(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Alarm.model_validate({"name": "a", "parameter": "heap_free", **fields})
