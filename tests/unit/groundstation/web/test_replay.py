"""A replay shows what was known at a moment: forwards, backwards, in steps, and nothing of what came after."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.web import checkpoints, tail
from groundstation.web.checkpoints import COUNT_MAX, Checkpoints
from groundstation.web.flights import Flight
from groundstation.web.hub import Hub
from groundstation.web.model import Model
from groundstation.web.replay import Replay
from groundstation.web.tail import Tail
from specs.checking import trace_line
from tests.support.served import CHANGING, ROLE_FILE, Served, as_role

GROUND = 255
START = {"scenario": "s", "seed": 1, "versions": {}, "replica_count": 4, "byzantine": [], "window_slots": 16}
SLOTS = 40
BATCHES_MAX = 2000  # that are waited for


def lines() -> Iterator[dict[str, Any]]:
    yield trace_line.line("r", GROUND, 0, 0, 1, 0, 0.0, "RunStart", {**START, "traces_messages": False})
    for node in range(4):
        fields = {"version": "v", "journal": "fresh", "applied_slot": 0}
        yield trace_line.line("r", node, 0, 0, 2, 1, 0.5, "Boot", fields)
    for slot in range(1, SLOTS + 1):
        for node in range(4):
            fields = {"slot": slot, "view": 0, "value": "ab" * 32}
            yield trace_line.line("r", node, 0, slot, 10 * slot + node, slot + 1, float(slot), "Decide", fields)


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trace that is read in small parts, with a checkpoint every two of them."""
    monkeypatch.setattr(tail, "READ_BYTES_MAX", 1000)
    monkeypatch.setattr(checkpoints, "APART_BYTES_MIN", 2000)
    path = tmp_path / "trace.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines()))
    return path


def fold(trace: Path, until: float) -> dict[str, Any]:
    """The tables of what was received until then, made in one go."""
    model, read = Model(None), Tail(trace)
    while some := read.read():
        for line in some:
            if line["received"] <= until:
                model.takes(line)
    return model.tables


@pytest.fixture
def replay(trace: Path) -> Replay:
    """A replay of a trace that has been read to its end."""
    hub, kept, read = Hub(Model(None)), Checkpoints(None), Tail(trace)
    while some := read.read():
        hub.take(some, read.position)
        kept.offer(read.position, hub.model)
    return Replay(hub, trace, kept, Model.leave_out_properties)


def settle(replay: Replay) -> None:
    while replay.turn():
        pass


def shown(replay: Replay) -> list[tuple[int, int]]:
    """Node and number of the events that the pages have."""
    return [(line["node"], line["seq"]) for line in replay._hub.events]


@pytest.mark.parametrize("moments", [[10.0, 20.0], [30.0, 5.0], [39.5, 39.0, 1.0, 25.5, 0.0, 39.0]])
def test_a_moment_is_the_fold_up_to_it_from_wherever_it_is_reached(
    replay: Replay, trace: Path, moments: list[float]
) -> None:
    for moment in moments:
        replay.seek(moment)
        settle(replay)
        assert replay._hub.model.tables == fold(trace, moment)
        assert replay.at == moment
        assert shown(replay)[-1] == ((3, int(moment)) if moment >= 1 else (GROUND, 0))


def test_a_leap_reads_on_from_the_nearest_checkpoint(replay: Replay) -> None:
    kept = replay._checkpoints.kept
    assert len(kept) > 5
    replay.seek(39.0)
    assert replay._position == max(one.offset for one in kept if one.now <= 39.0)
    settle(replay)
    replay.seek(20.0)
    assert replay._position == max(one.offset for one in kept if one.now <= 20.0)
    settle(replay)
    picture = replay._hub.model
    replay.seek(20.5)
    assert replay._model is picture  # it goes on from where it is


def test_pages_keep_the_picture_until_the_next_one_is_whole(replay: Replay, trace: Path) -> None:
    replay.seek(39.0)
    settle(replay)
    replay._checkpoints.kept.clear()
    replay.seek(38.0)
    epoch, before = replay.epoch, fold(trace, 39.0)
    while replay.turn():
        assert replay._hub.model.tables == before
        assert (replay.epoch, replay.is_behind) == (epoch, True)
    assert replay._hub.model.tables == fold(trace, 38.0)
    assert (replay.epoch, replay.is_behind) == (epoch + 1, False)


def test_checkpoints_stay_bounded_and_are_not_changed_by_what_follows(
    trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "COUNT_MAX", 4)
    monkeypatch.setattr(checkpoints, "APART_BYTES_MIN", 500)
    kept, model, read = Checkpoints(None), Model(None), Tail(trace)
    while some := read.read():
        for line in some:
            model.takes(line)
        kept.offer(read.position, model)
        assert len(kept.kept) <= 4
    assert len(kept.kept) > 1
    assert kept.kept[-1].offset > read.position / 2
    for one in kept.kept:
        assert kept.model(one).tables == fold(trace, one.now) or one.now < SLOTS  # a checkpoint may divide a second
        assert kept.model(one).run["now"] == one.now
    assert COUNT_MAX == 128


def test_events_are_stepped_through_one_by_one(replay: Replay) -> None:
    replay.seek(2.0)
    settle(replay)
    told = []
    for by in (1, 1, -1, -1, -1, 1):
        replay.step(by)
        settle(replay)
        told.append((shown(replay)[-1], replay.at))
    assert told == [((0, 3), 3.0), ((1, 3), 3.0), ((0, 3), 3.0), ((3, 2), 2.0), ((2, 2), 2.0), ((3, 2), 2.0)]


def test_the_event_before_the_end_and_before_the_begin(replay: Replay) -> None:
    replay.step(-1)
    settle(replay)
    assert (shown(replay)[-1], replay.at) == ((2, SLOTS), float(SLOTS))
    replay.seek(0.0)
    settle(replay)
    replay.step(-1)
    settle(replay)
    assert shown(replay) == []
    replay.step(-1)
    replay.step(1)
    settle(replay)
    assert shown(replay) == [(GROUND, 0)]


def test_time_passes_at_a_speed_up_to_the_end_and_stands_still_while_it_reads(replay: Replay) -> None:
    replay.play(True)  # at the end: from the begin on
    replay.speed = 10.0
    replay.pass_time(1.0)
    assert replay.at == 0.0
    settle(replay)
    replay.pass_time(0.5)
    assert replay.at == 5.0
    replay.pass_time(0.5)
    assert replay.at == 5.0  # the lines up to there are not read yet
    settle(replay)
    assert shown(replay)[-1] == (3, 5)
    replay.play(False)
    replay.pass_time(1.0)
    assert replay.at == 5.0
    replay.play(True)
    replay.pass_time(1000.0)
    settle(replay)
    assert (replay.at, replay.is_playing, replay.is_at_end) == (SLOTS, False, True)


def test_the_end_is_the_run_as_it_was_before_the_replay(replay: Replay) -> None:
    hub = replay._hub
    before, events, end = hub.model, list(hub.events), hub.end
    replay.seek(7.0)
    settle(replay)
    assert hub.end < end
    replay.leave()
    assert (hub.model, list(hub.events), hub.end) == (before, events, end)
    assert not replay.is_active


@pytest.fixture
def served(trace: Path) -> Iterator[Served]:
    one = Served(Flight(trace=trace), ROLE_FILE)
    yield one
    one.close()


def ask(served: Served, role: str = "operator", **body: Any) -> tuple[int, str]:
    status, answer = served.ask("POST", "/api/flight", {"action": "replay", **body}, **CHANGING, **as_role(role))
    return status, answer.get("reason", "")


def test_pages_get_and_find_nothing_of_what_comes_later(served: Served) -> None:
    with served.live(additional_headers=as_role("observer")) as socket:
        json.loads(socket.recv())
        batches: list[dict[str, Any]] = []

        def until(second: float) -> dict[str, Any]:
            """The batch that shows this moment."""
            for _ in range(BATCHES_MAX):
                batch: dict[str, Any] = json.loads(socket.recv(timeout=60))
                socket.send(json.dumps({"type": "ack", "number": batch["number"]}))
                batches.append(batch)
                run = batch["tables"].get("run", {}).get("run")
                if run is not None and run["now"] == second:
                    return batch
            raise AssertionError(f"{second} s is never shown")

        assert until(40.0)["flight"]["replay"]["is_at_end"]
        assert ask(served, do="seek", to=7.0) == (200, "")
        batch = until(7.0)
        assert max(event["received"] for event in batch["events"]) == 7.0
        assert (batch["flight"]["replay"]["at"], batch["flight"]["replay"]["end"]) == (7.0, 40.0)
        assert "verdict" not in batch["flight"]
        assert batch["tables"]["boards"]["1"]["heard"] == 7.0
        assert batch["tables"]["slots"]["8/1"] is None  # the row is gone
        told = served.ask("GET", "/api/events?first=0", **as_role("observer"))[1]["events"]
        assert max(line["received"] for line in told) == 7.0
        found = served.ask("GET", "/api/search?words=decide", **as_role("observer"))[1]
        assert (max(line["received"] for line in found["events"]), found["goes_on"]) == (7.0, None)
        assert ask(served, do="slot", to=12) == (200, "")
        assert until(12.0)["events"][-1]["slot"] == 12
        assert ask(served, do="end") == (200, "")
        assert until(40.0)["flight"]["replay"]["is_at_end"]


def test_properties_are_those_of_the_trace_up_to_the_moment(trace: Path) -> None:
    """Two boards decide differently in slot 30: no violation before it, one after it."""
    text = [json.loads(line) for line in trace.read_text().splitlines()]
    for line in text:
        if (line["event"], line.get("slot"), line["node"]) == ("Decide", 30, 2):
            line["value"] = "cd" * 32
    trace.write_text("".join(json.dumps(line) + "\n" for line in text))

    def agreement(second: float) -> Any:
        assert ask(served, "director", do="seek", to=second) == (200, "")
        for _ in range(BATCHES_MAX):
            batch = json.loads(socket.recv(timeout=60))
            socket.send(json.dumps({"type": "ack", "number": batch["number"]}))
            rows = {name: row for name, row in batch["tables"].get("properties", {}).items() if row is not None}
            replayed = batch["flight"]["replay"]
            if rows and replayed["at"] == second and not replayed["is_behind"]:
                return rows["CON-4"]["state"]
        raise AssertionError("no verdict")

    served = Served(Flight(trace=trace), ROLE_FILE)
    try:
        with served.live(additional_headers=as_role("director")) as socket:
            socket.recv()
            while "replay" not in json.loads(socket.recv(timeout=60))["flight"]:
                pass
            assert agreement(29.0) != "violated"
            assert agreement(31.0) == "violated"
            assert agreement(20.0) != "violated"
    finally:
        served.close()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "do: want play"),
        ({"do": "seek"}, "do: want play"),
        ({"do": "seek", "to": "1"}, "do: want play"),
        ({"do": "seek", "to": True}, "do: want play"),
        ({"do": "seek", "to": float("nan")}, "do: want play"),
        ({"do": "seek", "to": 10**400}, "do: want play"),
        ({"do": "speed", "to": 3.0}, "do: want play"),
        ({"do": "slot", "to": 41}, "nothing in this run is about slot 41"),
        ({"do": "line", "to": 166}, "line 166 of the trace is not an event"),
        ({"do": "violation"}, "no event of this run is known to violate a property"),
    ],
)
def test_what_a_replay_does_not_know_is_refused(served: Served, body: dict[str, Any], reason: str) -> None:
    with served.live(additional_headers=as_role("observer")) as socket:
        for _ in range(2):  # the hello, and the first picture
            socket.recv()
        status, told = ask(served, **body)
    assert (status, told[: len(reason)]) == (409, reason)
