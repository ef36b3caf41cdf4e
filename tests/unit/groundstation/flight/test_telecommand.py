"""The telecommand station against boards that are lists of frames: real keys, real wire, no clock but the test's."""

from typing import Any

import pytest

from amu.core import limits
from amu.core.errors import BusyError
from amu.core.lamport import LamportClock
from amu.wire import auth, codec, frames, messages
from amu.wire.framer import Framer
from groundstation.record import operation as op
from groundstation.record.operation import OnBoard, Operation
from groundstation.station.client import FINISHED_MAX, IN_FLIGHT_MAX, QUEUE_MAX, Retry
from groundstation.station.telecommand import FRAMES_PER_STEP_MAX, Station, Uplink

MASTER = bytes(32)
CLIENT = 7
OK = ["ok", 1]


class Record:
    """Stage events as they go to the recorder."""

    def __init__(self) -> None:
        self.events: list[tuple[str, float, int, dict[str, Any]]] = []

    def ground(self, event: str, received: float, lamport: int, **fields: Any) -> None:
        self.events.append((event, received, lamport, fields))

    def stages(self, *names: str) -> list[tuple[str, float, int | None]]:
        """(stage, time, board) of the telecommand events, of the named stages if any are named."""
        return [
            (fields["stage"], at, fields.get("board"))
            for event, at, _, fields in self.events
            if event == "Telecommand" and (not names or fields["stage"] in names)
        ]


class Swarm:
    """A station and the far ends of its links."""

    def __init__(self, replica_count: int = 4, **options: Any) -> None:
        self.record = Record()
        self.clock = LamportClock()
        keyring = auth.keyring(MASTER, b"amu", 1, limits.GROUND, replica_count)
        options = {"retry": Retry(1.0, 8.0), "hello_seconds": None, **options}
        self.station = Station(keyring, replica_count, CLIENT, self.clock, self.record, **options)
        self.keyrings = [auth.keyring(MASTER, b"amu", 1, board, replica_count) for board in range(replica_count)]

    def step(self, now: float, **options: Any) -> list[tuple[int, Any]]:
        """(board, message) of every frame that the station sends now; all links take them."""
        heard = []
        for uplink in self.station.step(now, **options):
            heard += [(uplink.board, message) for message in self.read(uplink)]
            self.station.sent(uplink)
        return heard

    def read(self, uplink: Uplink) -> list[Any]:
        """The messages, after the checks that a board makes."""
        framer = Framer()
        framer.push(uplink.frame)
        frame = framer.next()
        assert (frame.source, frame.destination) == (limits.GROUND, uplink.board)
        self.keyrings[uplink.board].check(frame.traffic, limits.GROUND, frame.tag, frame.payload)
        return [message for _, message in codec.decode(frame.traffic, frame.payload)]

    def frame(self, board: int, message: Any, lamport: int = 1) -> frames.Frame:
        payload = codec.encode(lamport, message)
        tag = self.keyrings[board].seal(frames.traffic_of(message.KIND), limits.GROUND, payload)
        return frames.Frame(frames.traffic_of(message.KIND), board, limits.GROUND, tag, payload)

    def answer(self, now: float, board: int, message: Any, lamport: int = 1) -> Any:
        return self.station.receive(now, board, self.frame(board, message, lamport))

    def reply(self, now: float, board: int, number: int, slot: int = 5, result: list | None = None) -> None:
        self.answer(now, board, messages.Reply(CLIENT, number, slot, OK if result is None else result))

    def receipt(self, now: float, board: int, number: int, status: str) -> None:
        self.answer(now, board, messages.Receipt(CLIENT, number, status))


def test_every_stage_is_timed() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 1.0)
    assert swarm.step(1.5) == [(board, messages.Request(CLIENT, number, ["noop"])) for board in range(4)]
    swarm.receipt(2.0, 0, number, "queued")
    swarm.reply(3.0, 2, number)
    assert swarm.station.operation(number).state == op.WAITING
    swarm.reply(4.0, 0, number)
    swarm.reply(5.0, 3, number)
    done = swarm.station.operation(number)
    assert (done.state, done.answer, done.finished) == (op.CONFIRMED, (5, OK), 4.0)
    assert done.boards[0] == OnBoard(2.5, 1, 1.5, 2.0, "queued", 4.0, (5, OK), 1)
    assert swarm.record.stages() == [
        ("queued", 1.0, None),
        *[("uplinked", 1.5, board) for board in range(4)],
        ("received", 2.0, 0),
        ("applied", 3.0, 2),
        ("applied", 4.0, 0),
        ("confirmed", 4.0, None),
        ("applied", 5.0, 3),
    ]
    assert swarm.record.events[-2][3]["seconds"] == 3.0


@pytest.mark.parametrize(("replica_count", "needed"), [(4, 2), (7, 3), (13, 5)])
def test_confirmed_on_f_plus_1_matching_replies(replica_count: int, needed: int) -> None:
    swarm = Swarm(replica_count)
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    for board in range(needed - 1):
        swarm.reply(1, board, number)
        swarm.reply(1, board, number)  # one board's repetition is one board
    assert swarm.station.operation(number).state == op.WAITING
    swarm.reply(2, needed - 1, number)
    assert swarm.station.operation(number).state == op.CONFIRMED


@pytest.mark.parametrize(("slot", "result"), [(6, OK), (5, ["ok", 2]), (5, ["ok", True]), (5, ["refused", "no"])])
def test_replies_that_differ_in_anything_do_not_match(slot: int, result: list) -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.reply(1, 3, number)
    swarm.reply(2, 0, number, slot, result)
    operation = swarm.station.operation(number)
    assert operation.state == op.WAITING
    assert swarm.record.stages("conflict") == [("conflict", 2, 0)]
    swarm.reply(3, 1, number, slot, result)
    assert operation.answer == (slot, result)
    assert swarm.station.client.contradictions == []


def test_a_boards_first_answer_stands() -> None:
    """A lying board can neither confirm an operation alone, in two voices, nor fill the memory with conflicts."""
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.reply(1, 0, number)
    for slot in range(6, 100):
        swarm.reply(2, 3, number, slot)
        swarm.reply(2, 3, number)
    operation = swarm.station.operation(number)
    assert operation.state == op.WAITING
    assert operation.boards[3].answer == (6, OK)
    assert len(operation.conflicts) == 8
    assert len(swarm.record.stages("conflict")) == 8


def test_a_lone_liar_is_one_conflict_in_any_order() -> None:
    for order in ([3, 0, 1, 2], [0, 3, 1, 2], [0, 1, 2, 3]):
        swarm = Swarm()
        number = swarm.station.submit(["noop"], 0)
        swarm.step(0)
        for board in order:
            swarm.reply(1, board, number, 9 if board == 3 else 5)
        assert len(swarm.record.stages("conflict")) == 1
        assert len(swarm.record.stages("applied")) == 4
        assert swarm.station.operation(number).answer == (5, OK)
        assert swarm.station.operation(number).matching((9, OK)) == [3]


def test_two_answers_of_f_plus_1_boards_each_are_a_contradiction() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    for board, slot in [(0, 5), (1, 5), (2, 6), (3, 6)]:
        swarm.reply(1, board, number, slot)
    assert swarm.station.client.contradictions == [(number, (5, OK), (6, OK))]
    assert swarm.record.stages("contradiction") == [("contradiction", 1, None)]


def test_retries_back_off_to_the_cap_and_never_give_up() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    times = []
    for tenth in range(600):
        if any(board == 2 for board, _ in swarm.step(tenth / 10)):
            times.append(tenth / 10)
    assert times == [0, 1, 3, 7, 15, 23, 31, 39, 47, 55]
    assert swarm.station.operation(number).state == op.WAITING
    assert swarm.station.counts["retries"] == 4 * 9


def test_a_board_that_has_answered_is_not_asked_again() -> None:
    swarm = Swarm(7)
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.reply(0.5, 4, number)
    assert sorted(board for board, _ in swarm.step(1.0)) == [0, 1, 2, 3, 5, 6]
    swarm.reply(1.1, 5, number)
    swarm.reply(1.2, 6, number)
    assert swarm.step(100.0) == []


def test_busy_board_is_asked_again() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.receipt(0.1, 1, number, "busy")
    assert (1, messages.Request(CLIENT, number, ["noop"])) in swarm.step(1.0)
    swarm.receipt(1.1, 1, number, "queued")
    assert swarm.station.operation(number).boards[1].receipt == "queued"
    assert swarm.record.stages("received") == [("received", 0.1, 1), ("received", 1.1, 1)]


@pytest.mark.parametrize(("status", "state"), [("malformed", op.MALFORMED), ("stale", op.STALE)])
def test_f_plus_1_refusals_end_an_operation(status: str, state: str) -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.receipt(1, 3, number, status)
    swarm.receipt(1, 3, number, status)
    assert swarm.station.operation(number).state == op.WAITING
    swarm.receipt(2, 0, number, status)
    assert swarm.station.operation(number).state == state
    assert swarm.step(100) == []
    assert swarm.station.counts[state] == 1


def test_busy_is_not_a_refusal_and_silence_is_not_a_failure() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    for now in range(100):
        swarm.step(now)
        for board in range(4):
            swarm.receipt(now, board, number, "busy")
    assert swarm.station.operation(number).state == "unconfirmed, waiting"


def test_full_queue_refuses() -> None:
    swarm = Swarm()
    for _ in range(QUEUE_MAX):
        swarm.station.submit(["noop"], 0)
    with pytest.raises(BusyError, match="64 operations are open"):
        swarm.station.submit(["noop"], 0)


def test_an_open_operation_is_not_outrun() -> None:
    """A number 64 below the newest applied one is forgotten by the boards: its result could never be confirmed."""
    swarm = Swarm()
    stuck = swarm.station.submit(["noop"], 0)
    for number in range(1, limits.OPERATIONS_PER_CLIENT_MAX):
        assert swarm.station.submit(["noop"], 0) == number
        swarm.step(0)
        swarm.reply(0, 0, number)
        swarm.reply(0, 1, number)
    assert len(swarm.station.client.open_operations) == 1
    with pytest.raises(BusyError, match=f"operation {stuck} is open"):
        swarm.station.submit(["noop"], 0)


def test_uplinks_are_bounded_a_step_and_in_flight() -> None:
    swarm = Swarm()
    for _ in range(QUEUE_MAX):
        swarm.station.submit(["noop"], 0)
    assert IN_FLIGHT_MAX <= FRAMES_PER_STEP_MAX * limits.MESSAGES_PER_FRAME_MAX
    assert len(swarm.step(0)) == 4 * IN_FLIGHT_MAX
    assert swarm.step(0) == []
    states = [operation.state for operation in swarm.station.client.open_operations]
    assert states == [op.WAITING] * IN_FLIGHT_MAX + [op.QUEUED] * (QUEUE_MAX - IN_FLIGHT_MAX)


def test_finished_operations_are_bounded() -> None:
    swarm = Swarm()
    for number in range(FINISHED_MAX + 5):
        swarm.station.submit(["noop"], 0)
        swarm.step(0)
        swarm.reply(0, 0, number)
        swarm.reply(0, 1, number)
    assert len(swarm.station.client.finished) == FINISHED_MAX
    assert swarm.station.operation(4) is None
    assert swarm.station.operation(5).state == op.CONFIRMED


def test_a_frame_that_no_link_took_is_not_uplinked() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    uplinks = swarm.station.step(0)
    swarm.station.sent(uplinks[2])
    assert swarm.record.stages("uplinked") == [("uplinked", 0, 2)]
    assert [board for board, _ in swarm.step(0.1)] == [0, 1, 3]
    assert swarm.station.operation(number).boards[0].uplinked == 0.1


@pytest.mark.parametrize("key_bytes", [1, 32])
def test_what_is_due_for_a_board_shares_frames(key_bytes: int) -> None:
    swarm = Swarm(hello_seconds=10.0)
    for _ in range(IN_FLIGHT_MAX):
        swarm.station.submit(["shard-create", 1, b"k" * key_bytes, b"l" * key_bytes], 0)
    uplinks = [uplink for uplink in swarm.station.step(0) if uplink.board == 2]
    found = [swarm.read(uplink) for uplink in uplinks]
    assert [message for some in found for message in some] == [
        messages.Hello(2),
        *(swarm.station.client.request(operation) for operation in swarm.station.client.open_operations),
    ]
    for uplink, some, following in zip(uplinks, found, found[1:]):
        assert len(uplink.subjects) == len(some)
        size = sum(len(codec.encode(1 << 7, message)) for message in [*some, following[0]])
        assert len(some) == limits.MESSAGES_PER_FRAME_MAX or size > limits.PAYLOAD_BYTES_MAX
    swarm.station.sent(uplinks[1])
    again = [uplink for uplink in swarm.station.step(0) if uplink.board == 2]
    assert [subject for uplink in again for subject in uplink.subjects] == [
        subject for number, uplink in enumerate(uplinks) if number != 1 for subject in uplink.subjects
    ]


def test_a_control_has_a_frame_of_its_own() -> None:
    swarm = Swarm(hello_seconds=10.0)
    number = swarm.station.submit(["noop"], 0)
    for action in ("reset", "exit"):
        swarm.station.control(1, action)
    subjects = [uplink.subjects for uplink in swarm.station.step(0) if uplink.board == 1]
    assert subjects == [("control",), ("control",), ("hello", number)]


def test_unreachable_boards_are_left_out() -> None:
    swarm = Swarm()
    swarm.station.submit(["noop"], 0)
    assert [board for board, _ in swarm.step(0, reachable={1, 3})] == [1, 3]
    assert [board for board, _ in swarm.step(0.5)] == [0, 2]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ([], "starts with the command's name"),
        ([1], "starts with the command's name"),
        ("noop", "starts with the command's name"),
        (["noop", 1.5], "command noop: CBOR: cannot encode a float"),
        (["noop", b"x" * 200], r"command noop: 20\d bytes of CBOR, at most 160"),
    ],
)
def test_a_command_that_cannot_travel_is_refused_here(command: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Swarm().station.submit(command, 0)


def test_frames_that_are_not_authentic_change_nothing() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    for board in range(4):
        swarm.receipt(0, board, number, "queued")
    good = swarm.frame(0, messages.Reply(CLIENT, number, 5, OK))
    spoiled = frames.Frame(good.traffic, 0, limits.GROUND, bytes(16), good.payload)
    elsewhere = frames.Frame(good.traffic, 0, 2, good.tag, good.payload)
    broken = frames.Frame(
        good.traffic, 0, limits.GROUND, swarm.keyrings[0].seal(good.traffic, limits.GROUND, b"\x80"), b"\x80"
    )
    for board, frame in [(0, spoiled), (1, good), (0, elsewhere), (0, broken)]:
        assert swarm.station.receive(1, board, frame) == []
    swarm.answer(1, 1, messages.Reply(CLIENT + 1, number, 5, OK))
    swarm.answer(1, 1, messages.Reply(CLIENT, number + 1, 5, OK))
    swarm.receipt(1, 1, number, "who?")
    swarm.answer(1, 1, messages.Hello(1))
    assert all(on_board.answer is None for on_board in swarm.station.operation(number).boards.values())
    assert swarm.station.counts == {
        "refused: mac": 1,
        "refused: address": 2,
        "refused: codec": 1,
        "refused: reply": 2,
        "refused: receipt": 1,
        "refused: kind": 1,
    }


def test_lamport_times_grow_with_what_is_heard() -> None:
    swarm = Swarm()
    number = swarm.station.submit(["noop"], 0)
    swarm.step(0)
    swarm.answer(1, 0, messages.Reply(CLIENT, number, 5, OK), lamport=1000)
    assert swarm.clock.time > 1000
    times = [lamport for _, _, lamport, _ in swarm.record.events]
    assert times == sorted(set(times))
    before = swarm.clock.time
    swarm.answer(2, 1, messages.Reply(CLIENT, number, 5, OK), lamport=limits.LAMPORT_MAX)
    assert swarm.clock.time <= before + limits.LAMPORT_LEAD_MAX + 1


def identity(nonce: int, board: int, mode: str = "voting", boot: int = 3, applied: int = 9) -> messages.Identity:
    return messages.Identity(nonce, board, 4, boot, "0.1", mode, applied)


def test_hello_until_identity_then_again_after_the_pause() -> None:
    swarm = Swarm(hello_seconds=10.0, first_nonce=50)
    assert swarm.step(0) == [(board, messages.Hello(50 + board)) for board in range(4)]
    assert swarm.station.boards[1].age(0.5) is None
    assert swarm.answer(0.5, 1, identity(51, 1)) == [identity(51, 1)]
    assert [board for board, _ in swarm.step(1.0)] == [0, 2, 3]
    view = swarm.station.boards[1]
    assert (view.mode, view.boot, view.applied_slot, view.age(2.0)) == ("voting", 3, 9, 1.5)
    assert (1, messages.Hello(54)) in swarm.step(10.5)
    assert (0, messages.Hello(50)) in swarm.step(20.0)  # not answered: the same question


def test_old_and_borrowed_identities_are_refused() -> None:
    swarm = Swarm(hello_seconds=10.0)
    swarm.step(0)
    swarm.answer(1, 1, identity(1, 1))
    swarm.answer(1, 1, identity(1, 1, mode="silent"))  # replayed
    swarm.answer(1, 2, identity(0, 2))  # another board's nonce
    swarm.answer(1, 3, identity(3, 2))  # another board's number
    assert [swarm.station.boards[board].mode for board in range(4)] == [None, "voting", None, None]
    assert swarm.station.counts["refused: identity"] == 3


def test_mode_changes_are_recorded_and_health_is_kept() -> None:
    swarm = Swarm(hello_seconds=10.0)
    for now, mode, boot in [(0, "voting", 3), (20, "voting", 3), (40, "rejoining", 4)]:
        swarm.step(now)
        swarm.answer(now, 1, identity(swarm.station.boards[1].nonce, 1, mode, boot))
    assert [(at, fields["mode"]) for event, at, _, fields in swarm.record.events if event == "BoardMode"] == [
        (0, "voting"),
        (40, "rejoining"),
    ]
    health = messages.Health(100, 20_000, 9_000, 33, 5, 0, 0, 2, 7)
    swarm.answer(41, 1, health)
    assert swarm.station.boards[1].health == health
    assert swarm.station.boards[1].applied_slot == 33
    assert swarm.station.boards[1].age(43) == 2
    assert [fields for event, _, _, fields in swarm.record.events if event == "Health"] == [
        {
            "board": 1,
            "board_ticks": 100,
            "heap_free": 20_000,
            "heap_run": 9_000,
            "applied_slot": 33,
            "frames_surplus": 2,
        }
    ]


def test_control_is_sent_once_and_bounded() -> None:
    swarm = Swarm()
    swarm.station.control(2, "exit")
    assert swarm.station.next_due() == 0.0
    assert swarm.step(0) == [(2, messages.Control("exit"))]
    assert swarm.step(1) == []
    assert swarm.record.events[-1][3] == {"board": 2, "action": "exit"}
    for _ in range(4):
        swarm.station.control(1, "reset")
    with pytest.raises(BusyError, match="for board 1 wait"):
        swarm.station.control(1, "reset")


def test_next_due_is_when_step_has_work() -> None:
    swarm = Swarm()
    assert swarm.station.next_due() is None
    number = swarm.station.submit(["noop"], 4.0)
    assert swarm.station.next_due() == 4.0
    swarm.step(4.0)
    assert swarm.station.next_due() == 5.0
    swarm.reply(4.5, 0, number)
    swarm.reply(4.5, 1, number)
    assert swarm.station.next_due() is None


def test_same_inputs_same_frames() -> None:
    def run() -> list[Uplink]:
        swarm = Swarm(hello_seconds=1.0)
        uplinks = []
        for now in range(20):
            swarm.station.submit(["noop"], now)
            for uplink in swarm.station.step(now):
                swarm.station.sent(uplink)
                uplinks.append(uplink)
        return uplinks

    assert run() == run()


def test_operation_finishes_once() -> None:
    operation = Operation(1, ["noop"], 0, {0: OnBoard(0)})
    operation.finish(op.STALE, 1)
    with pytest.raises(AssertionError):
        operation.finish(op.CONFIRMED, 2)


def asked_at(swarm: Swarm, number: int, times: range) -> list[int]:
    """When board 0 is sent an operation, looked at once a second."""
    return [now for now in times if (0, messages.Request(CLIENT, number, ["noop"])) in swarm.step(now)]


def test_a_rebooted_board_learns_at_once_what_it_has_forgotten() -> None:
    swarm = Swarm(hello_seconds=100.0)
    number = swarm.station.submit(["noop"], 0)
    assert asked_at(swarm, number, range(40)) == [0, 1, 3, 7, 15, 23, 31, 39]
    swarm.answer(40, 0, identity(swarm.station.boards[0].nonce, 0, boot=3))
    assert asked_at(swarm, number, range(41, 48)) == [47]  # not a reboot: nothing was known of the board before
    swarm.station.boards[0].hello_due = 48
    swarm.step(48)
    swarm.answer(49, 0, identity(swarm.station.boards[0].nonce, 0, boot=4))
    assert asked_at(swarm, number, range(49, 60)) == [49, 50, 52, 56]
    assert swarm.station.operation(number).boards[0].attempts == 8 + 1 + 4
