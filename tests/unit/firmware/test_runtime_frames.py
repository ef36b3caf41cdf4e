"""Frames of several messages: what shares a frame, what refuses or drops it, and what is one turn."""

import pytest

from amu.boards.runtime import EXIT, RESET
from amu.core import limits
from amu.core.limits import BROADCAST, GROUND
from amu.node.effects import Ready
from amu.wire import cobs, codec, frames
from amu.wire import messages as m
from amu.wire.crc import crc32
from tests.support.flight.runtime_bench import ME, VALUE, VOTE, Bench, altered, frames_in, packed, packed_bytes, sealed


@pytest.fixture
def bench() -> Bench:
    return Bench()


# --- out ----------------------------------------------------------------------------------------


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
