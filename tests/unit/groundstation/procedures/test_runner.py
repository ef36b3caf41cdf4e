"""The runner of procedures: each phase, what people may say, what it does alone; its state is in the record."""

import itertools
from typing import Any

import pytest

from amu.core.limits import GROUND
from groundstation.procedures.runner import Do, Runner, RunnerError, Say
from groundstation.procedures.seen import Seen
from groundstation.scenario.procedures import Inject, Procedure

LEASE = {"kind": "telecommand", "verb": "lease-acquire", "fields": {"resource": "d", "holder": 1, "slots": 5}}
KILL = {"kind": "board", "board": 2, "action": "kill"}
STEPS = [
    {"name": "look", "expect": {"voting": 3}, "within_seconds": 5.0},
    {
        "name": "lease",
        "hold": True,
        "poll": ["operator", "director"],
        "order": LEASE,
        "within_seconds": 10.0,
        "expect": {"stage": "confirmed"},
        "delay_seconds": 2.0,
    },
    {"name": "last", "hold": True},
]


class Flight:
    """A runner whose acts are recorded at once, and whose orders are taken unless `refuse` says why not."""

    def __init__(self, by_itself: bool = False, injects: tuple[dict[str, Any], ...] = ()) -> None:
        self.by_itself, self.injects = by_itself, [Inject.model_validate(each) for each in injects]
        self.record: list[dict[str, Any]] = []
        self.orders: list[str] = []
        self.refuse = ""
        self.runner = self.fresh()
        self.now = 0.0

    def fresh(self) -> Runner:
        procedure = Procedure.model_validate({"steps": STEPS})
        return Runner(procedure, self.injects, Seen(4, 3.0), self.by_itself)

    def tell(self, event: str, node: int = GROUND, **fields: Any) -> None:
        line = {"event": event, "node": node, "received": self.now, **fields}
        self.record.append(line)
        self.runner.take(line)

    def boards(self, *nodes: int) -> None:
        for node in nodes:
            self.tell("Boot", node, journal="intact", applied_slot=0)

    def run(self, now: float) -> None:
        self.now = now
        for _ in range(100):
            act = self.runner.next_act(now)
            if act is None:
                return
            if isinstance(act, Say):
                self.tell(act.event, **act.fields)
                continue
            assert isinstance(act, Do)
            self.orders.append(act.order)
            told = (
                {"outcome": "refused", "reason": self.refuse}
                if self.refuse
                else {"outcome": "accepted", "operation": 7}
            )
            self.tell("Order", order=act.order, sender="procedure", told=dict(act.told), **told)
        raise AssertionError("it never stands still")

    def word(self, action: str, step: str) -> None:
        said = self.runner.command(action, step, "alice", "operator")
        self.tell(said.event, **said.fields)

    def says(self, role: str, answer: str) -> None:
        said = self.runner.answer("lease", role, answer, f"the-{role}")
        self.tell(said.event, **said.fields)

    def statuses(self, step: str) -> list[str]:
        return [line["status"] for line in self.record if line["event"] == "Procedure" and line["step"] == step]

    def reach_poll(self) -> None:
        self.boards(0, 1, 2)
        self.run(1.0)
        self.word("step", "lease")
        self.run(1.5)


def test_a_procedure_is_flown_by_people_step_by_step() -> None:
    flight = Flight()
    flight.run(0.0)
    assert flight.statuses("look") == ["expecting"]
    flight.reach_poll()
    assert flight.statuses("look") == ["expecting", "done"]
    assert flight.statuses("lease") == ["held", "polling"]
    flight.says("operator", "go")
    flight.run(1.6)
    assert not flight.orders
    flight.says("director", "go")
    flight.run(1.7)
    assert flight.orders == ["step/1/1"]
    flight.tell("Telecommand", stage="confirmed", operation=7)
    flight.run(2.0)
    assert flight.statuses("lease")[-1] == "delaying"
    flight.run(3.9)
    assert flight.statuses("last") == []
    flight.run(4.0)
    assert flight.statuses("lease") == ["held", "polling", "ordered", "expecting", "delaying", "done"]
    assert flight.statuses("last") == ["held"]
    assert "'last', is held" in flight.runner.lacks[0]
    flight.word("step", "last")
    assert flight.runner.lacks == []


def test_nobody_goes_on_without_a_quorum() -> None:
    flight = Flight()
    flight.reach_poll()
    flight.says("operator", "go")
    flight.says("director", "go")
    flight.run(20.0)  # nobody was heard meanwhile
    assert not flight.orders
    (answer,) = [line for line in flight.record if line["event"] == "Poll" and line["answer"] == "no-go"]
    assert (answer["role"], answer["reason"]) == ("quorum", "0 of 4 boards are heard and vote; a quorum is 3")
    flight.boards(0, 1, 3)
    flight.run(20.5)
    assert flight.orders == ["step/1/1"]


def test_a_poll_hears_only_the_roles_that_it_asks() -> None:
    flight = Flight()
    flight.reach_poll()
    before = list(flight.record)
    with pytest.raises(RunnerError, match="asks operator, director, not the observer"):
        flight.says("observer", "go")
    assert flight.record == before


def test_a_no_go_holds_the_step_and_the_next_poll_asks_everybody_again() -> None:
    flight = Flight()
    flight.reach_poll()
    flight.says("operator", "go")
    flight.says("director", "no-go")
    flight.run(1.6)
    assert flight.statuses("lease") == ["held", "polling", "held"]
    flight.word("step", "lease")
    flight.says("director", "go")
    flight.run(1.7)
    assert not flight.orders
    flight.says("operator", "go")
    flight.run(1.8)
    assert flight.orders == ["step/1/1"]


def test_what_is_not_seen_in_time_has_failed_and_can_be_retried_or_skipped() -> None:
    flight = Flight()
    flight.run(0.0)
    flight.run(5.0)
    assert flight.statuses("look") == ["expecting", "failed"]
    assert "0 of 3 boards are heard and vote" in flight.runner.lacks[0]
    flight.word("retry", "look")
    flight.run(10.1)
    assert flight.statuses("look") == ["expecting", "failed", "expecting", "failed"]
    flight.word("skip", "look")
    flight.run(10.2)
    assert flight.statuses("lease") == ["held"]
    assert not flight.runner.has_failed  # people are there


def test_a_refused_order_fails_its_step_and_a_retry_gives_another_one() -> None:
    flight = Flight()
    flight.refuse = "the queue is full"
    flight.reach_poll()
    flight.says("operator", "go")
    flight.says("director", "go")
    flight.run(1.6)
    assert flight.record[-1]["reason"] == "its order was refused: the queue is full"
    flight.refuse = ""
    flight.word("retry", "lease")
    flight.says("operator", "go")
    flight.says("director", "go")
    flight.run(1.7)
    assert flight.orders == ["step/1/1", "step/1/2"]


def test_nothing_moves_while_it_is_paused_and_no_time_passes() -> None:
    flight = Flight()
    flight.run(0.0)
    flight.now = 1.0
    flight.word("pause", "look")
    flight.boards(0, 1, 2)
    flight.run(9.0)
    assert flight.statuses("look") == ["expecting", "paused"]
    with pytest.raises(RunnerError, match="continue it first"):
        flight.word("skip", "look")
    flight.word("continue", "look")
    flight.run(12.9)  # 4.9 s of its 5 s
    assert flight.statuses("look")[-1] == "continued"
    flight.run(13.0)
    assert flight.statuses("look")[-1] == "failed"


@pytest.mark.parametrize(
    ("action", "step", "told"),
    [
        ("step", "look", "waits for nobody's word"),
        ("continue", "look", "is not paused"),
        ("skip", "lease", "is at step 'look'"),
        ("retry", "lease", "is at step 'look'"),
    ],
)
def test_a_word_that_does_not_fit_changes_nothing(action: str, step: str, told: str) -> None:
    flight = Flight()
    flight.run(0.0)
    before = list(flight.record)
    with pytest.raises(RunnerError, match=told):
        flight.word(action, step)
    with pytest.raises(RunnerError, match="is at step 'look'"):
        flight.says("operator", "go")
    assert flight.record == before


def test_alone_everybody_says_go_and_a_failure_ends_it() -> None:
    flight = Flight(by_itself=True)
    flight.boards(0, 1, 2)
    flight.run(0.0)
    flight.tell("Telecommand", stage="confirmed", operation=7)
    flight.run(1.0)
    flight.run(3.0)
    assert flight.runner.lacks == []
    senders = {line["role"]: line["sender"] for line in flight.record if line["event"] == "Poll"}
    assert senders == {"quorum": "procedure", "operator": "automatic", "director": "automatic"}
    failing = Flight(by_itself=True)
    failing.run(0.0)
    failing.run(5.0)
    assert failing.runner.has_failed


def test_injects_are_played_once_at_their_time_with_their_step_or_by_hand() -> None:
    injects = (
        {"name": "at", "at": 2.0, "order": KILL},
        {"name": "with", "step": "lease", "order": KILL},
        {"name": "hand", "order": KILL},
    )
    flight = Flight(injects=injects)
    flight.reach_poll()
    assert flight.orders == []
    flight.run(2.0)
    assert flight.orders == ["inject/at"]
    flight.says("operator", "go")
    flight.says("director", "go")
    flight.run(2.1)
    assert flight.orders == ["inject/at", "inject/with", "step/1/1"]
    said = flight.runner.play("hand", "dora", "director")
    flight.tell(said.event, **said.fields)
    flight.run(2.2)
    assert flight.orders[-1] == "inject/hand"
    with pytest.raises(RunnerError, match="has been played"):
        flight.runner.play("hand", "dora", "director")
    with pytest.raises(RunnerError, match="no inject 'other'"):
        flight.runner.play("other", "dora", "director")


def test_the_state_is_in_the_record_wherever_a_ground_station_dies() -> None:
    flight = Flight(injects=({"name": "with", "step": "lease", "order": KILL},))
    flight.reach_poll()
    flight.says("operator", "go")
    flight.says("director", "go")
    flight.run(1.7)
    flight.tell("Telecommand", stage="confirmed", operation=7)
    flight.run(2.0)
    flight.run(4.0)
    whole = flight.record
    for length in range(len(whole)):
        again = Flight(injects=({"name": "with", "step": "lease", "order": KILL},))
        for line in whole[:length]:
            again.record.append(line)
            again.runner.take(line)
        own = [line for line in whole if line["event"] in ("Procedure", "Inject", "Order")]
        rest = list(itertools.islice(own, sum(line in own for line in whole[:length]), None))
        if rest and rest[0].get("sender") == "procedure":
            again.now = rest[0]["received"]
            act = again.runner.next_act(again.now)
            # What comes next is what came next, unless boards or people have to speak first.
            assert act is None or isinstance(act, Do) or act.event == "Poll" or act.fields.items() <= rest[0].items()
