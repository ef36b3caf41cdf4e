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
from amu.wire import auth, cobs, codec, frames
from amu.wire import messages as m
from amu.wire.crc import crc32
from amu.wire.framer import NEED_BYTES, Framer
from groundstation.boards import provision
from groundstation.boards.provision import Swarm

SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32, trace_messages=False)
ME = 1
VALUE = b"v" * limits.DIGEST_BYTES
VOTE = m.Vote(1, 0, 1, VALUE)


def keyring_of(node: int) -> auth.Keyring:
    return auth.keyring(SWARM.master, SWARM.cluster, SWARM.epoch, node, SWARM.replica_count)


def sealed(source: int, message: m.Message, lamport: int = 1, destination: int = ME) -> bytes:
    """Wire bytes of an honest frame."""
    payload = codec.encode(lamport, message)
    traffic = frames.traffic_of(message.KIND)
    tag = keyring_of(source).seal(traffic, destination, payload)
    return frames.build(traffic, source, destination, tag, payload)


def frames_in(data: bytes) -> list[frames.Frame]:
    framer = Framer()
    framer.push(data)
    found = []
    while (item := framer.next()) is not NEED_BYTES:
        assert isinstance(item, frames.Frame)
        found.append(item)
    return found


class ScriptedNode:
    """Records its inputs; hands out the Ready that a test puts into `nexts`, else an empty one."""

    boot = 3
    applied_slot = 17
    messages_refused = 0

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.refusals: list[tuple[int, int, str]] = []
        self.nexts: list[Ready] = []
        self.surplus: set[tuple[int, int, int]] = set()  # slot, view and phase of votes that it has no use for
        self.asked: list[tuple[int, int, int, int, bytes]] = []
        self.full_after: tuple[int, ...] = ()  # so many inputs
        self._is_performing = False

    def step(self, source: int, lamport: int, message: m.Message) -> None:
        assert not self._is_performing
        self.inputs.append((source, lamport, message))

    def is_surplus(self, source: int, slot: int, view: int, phase: int, value: bytes) -> bool:
        self.asked.append((source, slot, view, phase, value))
        return (slot, view, phase) in self.surplus

    def tick(self) -> None:
        assert not self._is_performing
        self.inputs.append("tick")

    def note_refused(self, source: int, kind: int, reason: str) -> None:
        self.refusals.append((source, kind, reason))

    def is_full(self) -> bool:
        return len(self.inputs) in self.full_after

    def ready(self) -> Ready:
        assert not self._is_performing
        self._is_performing = True
        return self.nexts.pop(0) if self.nexts else Ready(None, [], 0, [], [])

    def advance(self) -> None:
        self._is_performing = False


class Bench:
    """A runtime around a scripted node, with everything that it does in `done`, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[str, Any]] = []
        self.node = ScriptedNode()
        self.port = MemoryPort()
        self.store = MemoryStore()
        Journal(self.store).commission()
        self.journal = Journal(self.store)
        self.journal.recover()
        self._watch(self.journal, "append")
        self._watch(self.journal, "checkpoint")
        self._watch(self.port, "write")
        self._watch(self.node, "advance")
        fields = config.decode(provision.configuration(SWARM, ME))
        self.runtime = Runtime(self.node, fields, keyring_of(ME), self.port, self.journal, lambda: (12345, 678))

    def _watch(self, owner: Any, name: str) -> None:
        inner = getattr(owner, name)

        def watched(*arguments: Any) -> Any:
            self.done.append((name, arguments[0] if arguments else None))
            return inner(*arguments)

        setattr(owner, name, watched)

    def feed(self, data: bytes, now_ticks: int = 0) -> None:
        """Let `data` arrive and poll until it is taken."""
        for at in range(0, len(data) or 1, limits.RING_BYTES):
            self.port.feed(data[at : at + limits.RING_BYTES])
            while self.runtime.poll(now_ticks):
                pass

    def written(self) -> list[frames.Frame]:
        return frames_in(self.port.take())

    def written_to(self, node: int) -> list[frames.Frame]:
        """Frames to one node; all stay to be read."""
        return [frame for frame in frames_in(bytes(self.port.outgoing)) if frame.destination == node]


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


def test_all_that_is_for_one_peer_shares_a_frame(bench: Bench) -> None:
    wish, fetch, chunk = m.ViewChange(2, 1), m.Fetch(3), m.StateChunk(3, 0, 4, b"data")
    receipt, log = m.Receipt(1, 2, "queued"), m.Log(1, "x")
    sends = [
        (BROADCAST, 10, VOTE),
        (GROUND, 11, receipt),
        (2, 12, fetch),
        (GROUND, 13, log),
        (BROADCAST, 14, wish),
        (0, 15, chunk),
        (GROUND, 16, receipt),
    ]
    bench.node.nexts.append(Ready(None, [], 0, [], sends))
    bench.runtime.start()
    got = {(frame.destination, frame.traffic): codec.decode(frame.traffic, frame.payload) for frame in bench.written()}
    assert got == {
        (0, frames.FLIGHT): [(10, VOTE), (14, wish), (15, chunk)],
        (2, frames.FLIGHT): [(10, VOTE), (12, fetch), (14, wish)],
        (3, frames.FLIGHT): [(10, VOTE), (14, wish)],
        (GROUND, frames.TELEMETRY): [(11, receipt), (16, receipt)],
        (GROUND, frames.REPORT): [(13, log)],
    }


@pytest.mark.parametrize("is_parted", [False, True])
@pytest.mark.parametrize("size", [1, 32, 100, 400, 700])
def test_frames_are_full_and_keep_the_order(bench: Bench, is_parted: bool, size: int) -> None:
    said = [(i, m.Body(i, bytes(size))) for i in range(50)]
    sends = [(BROADCAST, lamport, message) for lamport, message in said]
    if is_parted:
        sends.insert(0, (2, 99, m.Fetch(1)))
    bench.node.nexts.append(Ready(None, [], 0, [], sends))
    bench.runtime.start()
    for peer in (0, 2, 3):
        payloads = [frame.payload for frame in bench.written_to(peer)]
        found = [codec.decode(frames.FLIGHT, payload) for payload in payloads]
        assert [message for some in found for message in some if message[0] != 99] == said
        for some, payload, following in zip(found, payloads, found[1:]):
            is_full = len(payload) + len(codec.encode(*following[0])) > limits.PAYLOAD_BYTES_MAX
            assert is_full or len(some) == limits.MESSAGES_PER_FRAME_MAX


def test_a_message_is_encoded_once_for_all_peers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[m.Message] = []
    encode = codec.encode
    monkeypatch.setattr(codec, "encode", lambda lamport, message: encoded.append(message) or encode(lamport, message))
    bench.node.nexts.append(Ready(None, [], 0, [], [(BROADCAST, 10, VOTE), (2, 11, m.Fetch(1)), (BROADCAST, 12, VOTE)]))
    bench.runtime.start()
    assert encoded == [VOTE, m.Fetch(1), VOTE]
    assert len(bench.written()) == 3


# --- in -----------------------------------------------------------------------------------------


def test_an_honest_frame_steps_the_node(bench: Bench) -> None:
    bench.feed(sealed(2, VOTE, 7) + sealed(GROUND, m.Hello(5), 0))
    assert bench.node.inputs == [(2, 7, VOTE), (GROUND, 0, m.Hello(5))]
    assert bench.runtime.frames_in == 2


def test_frames_survive_any_splitting(bench: Bench) -> None:
    for byte in sealed(2, VOTE, 7):
        bench.feed(bytes([byte]))
    assert bench.node.inputs == [(2, 7, VOTE)]


def altered(frame: bytes, **changes: Any) -> bytes:
    (parsed,) = frames_in(frame)
    for name in changes:
        setattr(parsed, name, changes[name])
    return frames.build(parsed.traffic, parsed.source, parsed.destination, parsed.tag, parsed.payload)


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


def packed(source: int, *messages: m.Message, traffic: int = frames.FLIGHT) -> bytes:
    """Wire bytes of an honest frame; message i was sent at i."""
    return packed_bytes(source, b"".join(codec.encode(i, message) for i, message in enumerate(messages)), traffic)


def packed_bytes(source: int, payload: bytes, traffic: int = frames.FLIGHT) -> bytes:
    return frames.build(traffic, source, ME, keyring_of(source).seal(traffic, ME, payload), payload)


def test_the_messages_of_a_frame_are_stepped_in_order_and_performed_once(bench: Bench) -> None:
    bench.feed(packed(2, VOTE, m.Fetch(3), VOTE))
    assert bench.node.inputs == [(2, 0, VOTE), (2, 1, m.Fetch(3)), (2, 2, VOTE)]
    assert [name for name, _ in bench.done] == ["advance"]
    assert bench.runtime.frames_in == 1


@pytest.mark.parametrize(
    "second",
    [
        codec.encode(2, VOTE)[:-1],
        codec.encode(2, m.Hello(1)),
        codec.encode(2, m.Log(1, "x")),
        b"\x86\x11\x02\x01\x00\x05\x58\x20" + VALUE,  # phase 5
        b"\x00",
        b"\xff",
    ],
)
def test_no_message_of_a_frame_is_stepped_if_one_is_bad(bench: Bench, second: bytes) -> None:
    good = codec.encode(1, VOTE)
    bench.feed(packed_bytes(2, good + second) + packed_bytes(2, good + second + good))
    assert bench.node.inputs == []
    assert bench.node.refusals == [(2, m.Vote.KIND, "codec")] * 2


def test_a_frame_whose_first_kind_cannot_be_read_is_refused_without_one(bench: Bench) -> None:
    bench.feed(packed_bytes(2, b"\xff\x11\x00") + altered(sealed(2, VOTE), payload=b""))
    assert bench.node.refusals == [(2, codec.NO_KIND, "codec"), (2, codec.NO_KIND, "mac")]


def test_the_tag_covers_every_message(bench: Bench) -> None:
    (frame,) = frames_in(packed(2, VOTE, m.Fetch(3)))
    for payload in (frame.payload + codec.encode(2, VOTE), codec.encode(0, VOTE), frame.payload[:-1] + b"\x04"):
        bench.feed(altered(packed(2, VOTE, m.Fetch(3)), payload=payload))
    assert [refusal[2] for refusal in bench.node.refusals] == ["mac"] * 3
    assert bench.node.inputs == []


def test_a_frame_of_the_version_before_is_refused_by_name(bench: Bench) -> None:
    body = bytes((1, 0x11, 2, ME)) + bytes(16) + b"\x85"
    bench.feed(b"\x00" + cobs.encode(body + crc32(body).to_bytes(4, "big")) + b"\x00")
    assert bench.runtime._framer.errors[frames.BAD_VERSION] == 1
    assert bench.node.inputs == bench.node.refusals == []


def test_frames_that_wait_are_one_turn(bench: Bench) -> None:
    count = 2 * limits.TURN_FRAMES_MAX + 3
    for peer in (0, 2, 3):
        bench.port.feed(sealed(peer, VOTE, 7))
    bench.runtime.poll(0)
    assert [name for name, _ in bench.done] == ["advance"]
    bench.done.clear()
    bench.feed(sealed(2, VOTE, 7) * count)
    assert len(bench.node.inputs) == 3 + count
    assert [name for name, _ in bench.done] == ["advance"] * 3


def test_a_turn_ends_early_when_its_effects_are_many(bench: Bench) -> None:
    bench.node.full_after = (2, 5)
    bench.feed(packed(2, VOTE, VOTE, VOTE) + packed(3, VOTE, VOTE, VOTE))
    assert len(bench.node.inputs) == 6
    assert [name for name, _ in bench.done] == ["advance"] * 3


@pytest.mark.parametrize("action", [EXIT, RESET])
def test_what_a_control_follows_is_performed_and_what_follows_it_is_not_stepped(bench: Bench, action: str) -> None:
    bench.feed(packed(GROUND, m.Hello(1), m.Control(action), m.Hello(2), traffic=frames.TELECOMMAND) + sealed(2, VOTE))
    assert bench.node.inputs == [(GROUND, 0, m.Hello(1))]
    assert [name for name, _ in bench.done] == ["advance"]
    assert bench.runtime.stopped == action


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


# --- votes that can change nothing ----------------------------------------------------------------


def test_a_vote_that_the_node_has_no_use_for_is_dropped_and_counted_unchecked(bench: Bench) -> None:
    bench.node.surplus = {(70_000, 300, 3)}
    surplus = m.Vote(70_000, 300, 3, VALUE)
    bench.feed(sealed(2, surplus, 1 << 40) + altered(sealed(3, surplus, 7), tag=bytes(16)))
    assert bench.node.asked == [(source, 70_000, 300, 3, VALUE) for source in (2, 3)]
    assert (bench.runtime.frames_surplus, bench.runtime.frames_refused, bench.node.inputs) == (2, 0, [])


def test_every_other_vote_is_checked(bench: Bench) -> None:
    bench.node.surplus = {(1, 0, 2)}
    bench.feed(sealed(2, VOTE, 7) + altered(sealed(3, VOTE), tag=bytes(16)))
    assert bench.node.inputs == [(2, 7, VOTE)]
    assert bench.node.refusals == [(3, m.Vote.KIND, "mac")]
    assert (bench.runtime.frames_surplus, len(bench.node.asked)) == (0, 2)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x86\x11",
        codec.encode(1, VOTE)[:-1],
        codec.encode(1, VOTE)[1:],
        b"\x00" + codec.encode(1, VOTE),
        bytes(40),
    ],
)
def test_what_does_not_look_like_a_vote_is_checked(bench: Bench, payload: bytes) -> None:
    bench.node.surplus = {(1, 0, 1)}
    bench.feed(frames.build(frames.FLIGHT, 2, ME, bytes(limits.TAG_BYTES), payload))
    assert (bench.node.asked, [reason for _, _, reason in bench.node.refusals]) == ([], ["mac"])


@pytest.mark.parametrize("behind", [b"\x00", codec.encode(1, m.Fetch(1)), codec.encode(1, m.Vote(2, 0, 1, VALUE))])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_frame_that_holds_more_than_votes_without_use_is_checked(bench: Bench, behind: bytes, is_first: bool) -> None:
    bench.node.surplus = {(1, 0, 1)}
    vote = codec.encode(1, VOTE)
    payload = behind + vote if is_first else vote + behind
    bench.feed(frames.build(frames.FLIGHT, 2, ME, bytes(limits.TAG_BYTES), payload))
    assert [reason for _, _, reason in bench.node.refusals] == ["mac"]
    assert bench.runtime.frames_surplus == 0


def test_a_frame_of_votes_without_use_is_dropped_as_one(bench: Bench) -> None:
    bench.node.surplus = {(1, 0, 1), (2, 3, 4)}
    bench.feed(packed(2, VOTE, m.Vote(2, 3, 4, VALUE)))
    assert [asked[1:4] for asked in bench.node.asked] == [(1, 0, 1), (2, 3, 4)]
    assert (bench.runtime.frames_surplus, bench.node.inputs, bench.node.refusals) == (1, [], [])


def test_no_other_message_is_surplus(bench: Bench) -> None:
    bench.node.surplus = {(1, 0, phase) for phase in range(5)}
    told: list[m.Message] = [m.Proposal(1, 0, b"body"), m.ViewChange(1, 1), m.Decided(1, VALUE, b"")]
    for message in told:
        bench.feed(sealed(2, message))
    assert [message for _, _, message in bench.node.inputs] == told
    assert bench.node.asked == []


def test_votes_without_use_count_towards_their_senders_rate(bench: Bench) -> None:
    bench.node.surplus = {(1, 0, 1)}
    for _ in range(limits.PEER_FRAMES_PER_TICK_MAX + 3):
        bench.feed(altered(sealed(2, VOTE), tag=bytes(16)))
    assert (bench.runtime.frames_surplus, bench.runtime.frames_refused) == (limits.PEER_FRAMES_PER_TICK_MAX, 3)


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
