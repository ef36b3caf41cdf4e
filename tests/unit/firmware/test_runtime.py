"""The runtime between serial bytes and the node: what it lets in, and the order in which effects go out."""

from typing import Any

import pytest

from amu.boards import config
from amu.boards.host import MemoryPort, MemoryStore
from amu.boards.runtime import EXIT, RESET, Runtime
from amu.core import limits
from amu.core.errors import JournalError
from amu.core.limits import BROADCAST, GROUND
from amu.node.effects import Ready
from amu.node.journal import UNREADABLE, Journal, Recovered
from amu.node.node import Node
from amu.node.tracer import CODES
from amu.wire import codec, frames
from amu.wire import messages as m
from groundstation.boards import provision
from tests.support.flight.runtime_bench import (
    ME,
    SWARM,
    VALUE,
    VOTE,
    Bench,
    altered,
    frames_in,
    keyring_of,
    sealed,
)


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- out ----------------------------------------------------------------------------------------


def test_effects_are_persisted_then_traced_then_sent(bench: Bench) -> None:
    record = [3, 1, 0, 1, VALUE]
    bench.node.nexts.append(Ready(b"state", [record], 40, [[12, 9, 1, 0, VALUE]], [(2, 10, VOTE)]))
    bench.runtime.start()
    assert [name for name, _ in bench.done] == ["checkpoint", "append", "write", "write", "advance"]
    trace, vote = bench.written()
    assert (trace.traffic, vote.traffic) == (frames.REPORT, frames.FLIGHT)
    recovered = Journal(MemoryStore(bench.store.files)).recover()
    assert (recovered.checkpoint, recovered.records) == (b"state", [record])


def test_nothing_is_sent_when_the_journal_fails(bench: Bench) -> None:
    def refuse(name: str, data: bytes) -> None:
        raise OSError(28)

    bench.store.append = refuse  # type: ignore[method-assign]
    bench.node.nexts.append(Ready(None, [[3, 1]], 0, [[12, 9, 1, 0, VALUE]], [(2, 10, VOTE)]))
    with pytest.raises(JournalError):
        bench.runtime.start()
    assert bench.port.take() == b""


def test_a_broadcast_is_a_frame_for_each_peer_that_only_it_accepts(bench: Bench) -> None:
    bench.node.nexts.append(Ready(None, [], 0, [], [(BROADCAST, 10, VOTE)]))
    bench.runtime.start()
    sent = bench.written()
    assert [frame.destination for frame in sent] == [0, 2, 3]
    assert len({frame.tag for frame in sent}) == 3
    for frame in sent:
        keyring_of(frame.destination).check(frame.traffic, ME, frame.tag, frame.payload)
        assert codec.decode(frame.traffic, frame.payload) == [(10, VOTE)]


def test_telemetry_goes_to_the_ground(bench: Bench) -> None:
    receipt = m.Receipt(1, 2, "queued")
    bench.node.nexts.append(Ready(None, [], 0, [], [(GROUND, 4, receipt)]))
    bench.runtime.start()
    (frame,) = bench.written()
    provision.ground_keyring(SWARM).check(frame.traffic, ME, frame.tag, frame.payload)
    assert codec.decode(frame.traffic, frame.payload) == [(4, receipt)]


@pytest.mark.parametrize("event_bytes", [10, 90, 200, 600, 900])
def test_trace_events_are_cut_into_frames_without_loss(bench: Bench, event_bytes: int) -> None:
    events = [[21, i, bytes([i]) * event_bytes] for i in range(40)]
    bench.node.nexts.append(Ready(None, [], 500, events, []))
    bench.runtime.start()
    seen: list[Any] = []
    for frame in bench.written():
        assert len(frame.payload) <= limits.PAYLOAD_BYTES_MAX
        [(_, trace)] = codec.decode(frame.traffic, frame.payload)
        assert trace.boot == 3
        assert trace.first_seq == 500 + len(seen)
        assert 1 <= len(trace.events) <= limits.TRACE_EVENTS_PER_FRAME_MAX
        seen.extend(trace.events)
    assert seen == events


# --- in -----------------------------------------------------------------------------------------


def test_an_honest_frame_steps_the_node(bench: Bench) -> None:
    bench.feed(sealed(2, VOTE, 7) + sealed(GROUND, m.Hello(5), 0))
    assert bench.node.inputs == [(2, 7, VOTE), (GROUND, 0, m.Hello(5))]
    assert bench.runtime.frames_in == 2


def test_frames_survive_any_splitting(bench: Bench) -> None:
    for byte in sealed(2, VOTE, 7):
        bench.feed(bytes([byte]))
    assert bench.node.inputs == [(2, 7, VOTE)]


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (sealed(2, VOTE, destination=3), "address"),
        (altered(sealed(2, VOTE), source=ME), "address"),
        (altered(sealed(2, VOTE), source=4), "address"),
        (altered(sealed(2, VOTE), source=BROADCAST), "address"),
        (sealed(2, m.Hello(1)), "direction"),
        (sealed(2, m.Control(EXIT)), "direction"),
        (sealed(GROUND, VOTE), "direction"),
        (sealed(GROUND, m.Identity(0, 0, 4, 0, "1", "voting", 0)), "direction"),
        (frames.build(frames.REPORT, GROUND, ME, b"", codec.encode(0, m.Log(1, "x"))), "direction"),
        (altered(sealed(2, VOTE), tag=bytes(16)), "mac"),
        (altered(sealed(2, VOTE), source=3), "mac"),
        (altered(sealed(2, VOTE, destination=3), destination=ME), "mac"),
        (altered(sealed(2, VOTE), payload=codec.encode(2, VOTE)), "mac"),
        (sealed(GROUND, m.Control("dance")), "action"),
    ],
)
def test_messages_not_meant_for_the_node_are_refused_and_noted(bench: Bench, frame: bytes, reason: str) -> None:
    bench.feed(frame)
    assert bench.node.inputs == []
    assert [refusal[2] for refusal in bench.node.refusals] == [reason]
    assert bench.runtime.frames_refused == 1
    bench.feed(sealed(2, VOTE, 7))
    assert bench.node.inputs == [(2, 7, VOTE)]


def test_a_sealed_payload_that_is_not_a_message_is_refused(bench: Bench) -> None:
    payload = b"\x83\x11\x01\x02"
    tag = keyring_of(2).seal(frames.FLIGHT, ME, payload)
    bench.feed(frames.build(frames.FLIGHT, 2, ME, tag, payload))
    assert bench.node.refusals == [(2, m.Vote.KIND, "codec")]


def test_text_and_garbage_between_frames_cost_nothing(bench: Bench) -> None:
    bench.feed(b"login: \x00\xff\xfe garbage \x00" + sealed(2, VOTE, 7) + b"Traceback" + sealed(3, VOTE, 8))
    assert [i[:2] for i in bench.node.inputs] == [(2, 7), (3, 8)]


def test_a_flooder_is_cut_off_for_the_tick_and_no_one_else(bench: Bench) -> None:
    most = limits.PEER_FRAMES_PER_TICK_MAX
    bench.feed(sealed(2, VOTE, 7) * (most + 30))
    bench.feed(sealed(3, VOTE, 8) + sealed(GROUND, m.Hello(1)))
    assert [i[0] for i in bench.node.inputs] == [2] * most + [3, GROUND]
    assert bench.runtime.frames_refused == 30
    assert bench.node.refusals == [(2, m.Vote.KIND, "rate")] * limits.REFUSALS_TRACED_PER_TICK_MAX
    bench.feed(b"", now_ticks=1)
    bench.feed(sealed(2, VOTE, 7), now_ticks=1)
    assert bench.node.inputs[-2:] == ["tick", (2, 7, VOTE)]


def test_a_stranger_pretending_to_be_a_peer_counts_against_its_rate_before_the_mac(bench: Bench) -> None:
    forged = altered(sealed(2, VOTE), tag=bytes(16))
    bench.feed(forged * (limits.PEER_FRAMES_PER_TICK_MAX + 5))
    checked: list[int] = []
    bench.runtime._keyring.check = lambda *_: checked.append(1)
    bench.feed(forged * 3)
    assert checked == []
    assert bench.runtime.frames_refused == limits.PEER_FRAMES_PER_TICK_MAX + 8


@pytest.mark.parametrize("action", [EXIT, RESET])
def test_a_control_telecommand_stops_the_runtime(bench: Bench, action: str) -> None:
    bench.feed(sealed(GROUND, m.Control(action)) + sealed(2, VOTE, 7), now_ticks=5)
    assert bench.runtime.stopped == action
    assert bench.node.inputs == []


# --- ticks --------------------------------------------------------------------------------------


def test_missed_ticks_are_skipped_not_caught_up(bench: Bench) -> None:
    for now in (0, 1, 1, 2, 50):
        bench.runtime.poll(now)
    assert bench.node.inputs == ["tick"] * 3


def test_what_is_told_of_ticks_wraps_and_the_clock_goes_on(bench: Bench) -> None:
    wrap, period = limits.TICKS_WRAP, limits.HEALTH_PERIOD_TICKS
    told = []
    for now in (wrap - 1, wrap, wrap + 1, wrap + period):
        bench.node.nexts = [Ready(None, [], 0, [(CODES["Wish"], 1, 1, 0)], [])]
        bench.runtime.poll(now)
        for frame in bench.written():
            told += [(type(message), message.ticks) for _, message in codec.decode(frame.traffic, frame.payload)]
    assert bench.node.inputs == ["tick"] * 4
    assert [ticks for kind, ticks in told if kind is m.Trace] == [wrap - 1, 0, 1, period]
    assert [ticks for kind, ticks in told if kind is m.Health] == [0, period]


def test_health_is_reported_with_what_was_counted(bench: Bench) -> None:
    bench.journal.append([[1]])
    bench.node.surplus = {(1, 0, 2)}
    bench.feed(sealed(2, VOTE, 7) + altered(sealed(2, VOTE), tag=bytes(16)) + b"\x00\xff\xff\x00")
    bench.feed(2 * sealed(3, m.Vote(1, 0, 2, VALUE)))
    bench.port.take()
    for now in range(1, 2 * limits.HEALTH_PERIOD_TICKS + 1):
        bench.runtime.poll(now)
    reports = [codec.decode(frame.traffic, frame.payload)[0][1] for frame in bench.written()]
    assert reports == [
        m.Health(ticks, 12345, 678, 17, 4, 1, 1, 2, 1)
        for ticks in (limits.HEALTH_PERIOD_TICKS, 2 * limits.HEALTH_PERIOD_TICKS)
    ]


# --- with the flight software -------------------------------------------------------------------


def fly(recovered: Recovered, journal: Journal | None) -> tuple[Runtime, MemoryPort]:
    fields = config.decode(provision.configuration(SWARM, ME))
    port = MemoryPort()
    runtime = Runtime(Node(fields, recovered, 1), fields, keyring_of(ME), port, journal, lambda: (0, 0))
    runtime.start()
    return runtime, port


def messages_from(port: MemoryPort) -> list[m.Message]:
    return [message for frame in frames_in(port.take()) for _, message in codec.decode(frame.traffic, frame.payload)]


def test_a_fresh_board_answers_hello() -> None:
    store = MemoryStore()
    Journal(store).commission()
    journal = Journal(store)
    runtime, port = fly(journal.recover(), journal)
    port.take()
    port.feed(sealed(GROUND, m.Hello(99)))
    runtime.poll(0)
    (identity,) = [said for said in messages_from(port) if isinstance(said, m.Identity)]
    assert (identity.nonce, identity.replica, identity.mode, identity.boot) == (99, ME, "voting", 0)


def test_a_board_with_unreadable_votes_speaks_to_the_ground_alone() -> None:
    runtime, port = fly(Recovered(UNREADABLE, None, []), None)
    for now in range(1, 300):
        if now == 10:
            port.feed(sealed(GROUND, m.Hello(99)))
        runtime.poll(now)
    data = port.take()
    assert {frame.destination for frame in frames_in(data)} == {GROUND}
    port.write(data)
    identities = [said for said in messages_from(port) if isinstance(said, m.Identity)]
    assert [identity.mode for identity in identities] == ["silent"]


def test_without_a_journal_nothing_reaches_the_swarm(bench: Bench) -> None:
    fields = config.decode(provision.configuration(SWARM, ME))
    bench.node.nexts.append(Ready(None, [[3, 1]], 0, [], [(BROADCAST, 1, VOTE), (2, 2, VOTE), (GROUND, 3, m.Hello(0))]))
    Runtime(bench.node, fields, keyring_of(ME), bench.port, None, lambda: (0, 0)).start()
    assert [frame.destination for frame in bench.written()] == [GROUND]
