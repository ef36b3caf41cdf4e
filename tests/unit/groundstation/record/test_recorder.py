"""The recorder: the content of lines, the effects of bad boards, and the remains of a crash or a full disk."""

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from amu.core.limits import GROUND
from amu.node.tracer import CODES
from amu.wire import codec, frames
from amu.wire.messages import Trace
from groundstation.record.line_log import LineLog
from groundstation.record.recorder import BOOTS_MAX, Gap, Recorder, RecorderError
from specs.checking.continuity import Continuity
from specs.checking.trace import Reader, TraceError
from specs.checking.trace_line import encode, printable

VALUE = bytes(range(32))


class Clock:
    """Time in seconds, under the test's control."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def vote(lamport: int, slot: int = 1) -> list:
    return [CODES["Vote1"], lamport, slot, 0, VALUE]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def record(path: Path, *frames: tuple[int, Trace]) -> Recorder:
    recorder = Recorder(path, "r1", Clock())
    for node, frame in frames:
        recorder.trace(node, frame, 2.5)
    recorder.close()
    return recorder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.ndjson"


def test_events_become_lines_with_the_names_of_the_table(path: Path) -> None:
    restore = [CODES["Restore"], 8, 4, 2, [1, VALUE], None, None, None, [0, VALUE], None]
    # Through the codec, because what a board sends is what comes out of it.
    [(_, frame)] = codec.decode(frames.REPORT, codec.encode(0, Trace(3, 0, 99, [restore, vote(9)])))
    record(path, (2, frame))
    envelope = {"run": "r1", "node": 2, "boot": 3, "ticks": 99, "received": 2.5}
    registers = {
        "hi1": [1, VALUE.hex()],
        "second1": None,
        "hi2": None,
        "second2": None,
        "hi3": [0, VALUE.hex()],
        "hi4": None,
    }
    assert lines(path) == [
        {**envelope, "seq": 0, "lamport": 8, "event": "Restore", "slot": 4, "view": 2, **registers},
        {**envelope, "seq": 1, "lamport": 9, "event": "Vote1", "slot": 1, "view": 0, "value": VALUE.hex()},
    ]


def test_ground_events_are_numbered_without_holes(path: Path) -> None:
    recorder = Recorder(path, "r1", Clock())
    recorder.ground("BoardKill", 1.0, 5, board=2)
    recorder.ground("Telecommand", 1.5, 6, client=1, operation=3, stage="queued", command=["noop", b"\x01"])
    recorder.close()
    assert [(line["node"], line["boot"], line["seq"]) for line in lines(path)] == [(GROUND, 0, 0), (GROUND, 0, 1)]
    assert lines(path)[1]["command"] == ["noop", "01"]
    assert recorder.lamport == 6


def test_repeated_events_are_left_out_and_counted(path: Path) -> None:
    first = Trace(0, 0, 1, [vote(1), vote(2), vote(3)])
    overlap = Trace(0, 2, 1, [vote(3), vote(4)])
    recorder = record(path, (1, first), (1, first), (1, overlap))
    assert [line["seq"] for line in lines(path)] == [0, 1, 2, 3]
    assert recorder.counts == {"events": 4, "duplicates": 4}
    assert recorder.gaps == []


def test_gaps_are_reported_by_node_and_boot(path: Path) -> None:
    recorder = record(
        path, (1, Trace(0, 2, 1, [vote(1)])), (1, Trace(0, 5, 1, [vote(2)])), (0, Trace(0, 0, 1, [vote(1)]))
    )
    assert recorder.gaps == [Gap(1, 0, 0, 2), Gap(1, 0, 3, 5)]
    assert len(lines(path)) == 3


def test_each_boot_counts_from_nought(path: Path) -> None:
    recorder = record(path, (1, Trace(0, 0, 1, [vote(1)])), (1, Trace(1, 0, 1, [vote(2)])))
    assert recorder.gaps == []
    assert [line["boot"] for line in lines(path)] == [0, 1]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ([99, 1, 2], "unknown code 99"),
        ([b"x", 1], "unknown code b'x'"),
        ("text", "want an array"),
        ([CODES["Vote1"]], "want an array"),
        ([CODES["Vote1"], 1, 2], "Vote1: want 3 fields, have 1"),
        ([CODES["Vote1"], -1, 1, 0, VALUE], "lamport"),
        ([CODES["Vote1"], "7", 1, 0, VALUE], "lamport"),
        ([CODES["Vote1"], 7, "1", 0, VALUE], "Vote1.slot: want an integer"),
        ([CODES["Vote1"], 7, 1, 0, b"short"], "Vote1.value: want 32 bytes"),
        ([CODES["Silent"], 7, {b"k": 1}], "Silent.reason: want a text"),
    ],
)
def test_malformed_event_becomes_an_error_line(path: Path, event: object, reason: str) -> None:
    recorder = record(path, (3, Trace(0, 0, 1, [event, vote(7)])))
    error, good = lines(path)
    assert (error["node"], error["event"], error["board"], error["board_boot"], error["board_seq"]) == (
        GROUND,
        "TraceError",
        3,
        0,
        0,
    )
    assert reason in error["reason"]
    assert error["data"] == printable(event)
    assert good["seq"] == 1  # the hole at 0 stays: such a run is never complete
    assert recorder.counts["errors"] == 1
    assert len(list(Reader(path))) == 2


def test_a_field_of_any_shape_is_kept(path: Path) -> None:
    """CBOR allows a lying board maps with byte-string keys, which JSON does not know."""
    record(path, (3, Trace(0, 0, 1, [[CODES["Operation"], 1, 1, 2, 3, ["noop", {b"k": {"a": 1}}], ["ok", {1: None}]]])))
    assert lines(path)[0]["command"] == ["noop", [["6b", {"a": 1}]]]
    assert lines(path)[0]["result"] == ["ok", [[1, None]]]


def test_a_ground_event_outside_the_schema_is_our_mistake(path: Path) -> None:
    recorder = Recorder(path, "r1", Clock())
    with pytest.raises(TraceError, match="no event 'Boom'"):
        recorder.ground("Boom", 1.0, 1)
    with pytest.raises(TraceError, match="BoardKill needs a field 'board'"):
        recorder.ground("BoardKill", 1.0, 1)
    recorder.close()
    assert lines(path) == []


def test_steps_of_a_joined_board_before_the_join_are_not_a_gap(path: Path) -> None:
    recorder = Recorder(path, "r1", Clock())
    recorder.ground("Attach", 0.0, 1, board=1)
    recorder.trace(1, Trace(4, 70, 1, [vote(1)]), 1.0)
    recorder.trace(1, Trace(4, 72, 1, [vote(2)]), 1.0)
    recorder.trace(1, Trace(5, 1, 1, [vote(3)]), 1.0)
    recorder.close()
    assert recorder.gaps == [Gap(1, 4, 71, 72), Gap(1, 5, 0, 1)]
    continuity = Continuity()
    for event in Reader(path):
        continuity.feed(event)
    assert [(hole.boot, hole.first_seq, hole.last_seq + 1) for hole in continuity.holes] == [(4, 71, 72), (5, 0, 1)]


def test_boots_are_bounded(path: Path) -> None:
    recorder = record(path, *[(1, Trace(boot, 0, 1, [vote(1)])) for boot in range(BOOTS_MAX + 2)])
    assert recorder.counts["boots refused"] == 2
    assert lines(path)[-1]["reason"] == f"more than {BOOTS_MAX} boots"


def test_existing_record_is_not_overwritten(path: Path) -> None:
    record(path, (1, Trace(0, 0, 1, [vote(1)])))
    before = path.read_bytes()
    with pytest.raises(RecorderError, match=r"trace\.ndjson: there is a record already; choose a new run folder"):
        Recorder(path, "r1", Clock())
    assert path.read_bytes() == before


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecorderError, match=r"nowhere/trace\.ndjson: cannot be opened .*want a folder that exists"):
        Recorder(tmp_path / "nowhere" / "trace.ndjson", "r1", Clock())


def test_second_writer_is_refused(path: Path) -> None:
    recorder = Recorder(path, "r1", Clock())
    with pytest.raises(RecorderError, match="another ground station is writing it"):
        Recorder(path, "r1", Clock(), resume=True)
    recorder.close()


def test_resume_continues_where_the_record_ends(path: Path) -> None:
    first = Recorder(path, "r1", Clock())
    first.ground("BoardKill", 4.0, 41, board=0)
    first.trace(1, Trace(2, 0, 1, [vote(1), vote(2)]), 5.25)
    first.close()
    second = Recorder(path, "r1", Clock(), resume=True)
    assert (second.boot, second.lamport, second.received) == (1, 41, 5.25)
    second.trace(1, Trace(2, 1, 1, [vote(2), vote(3)]), 6.0)
    second.ground("BoardKill", 6.0, 42, board=0)
    second.close()
    assert [(line["node"], line["boot"], line["seq"]) for line in lines(path)] == [
        (GROUND, 0, 0),
        (1, 2, 0),
        (1, 2, 1),
        (1, 2, 2),
        (GROUND, 1, 0),
    ]
    assert second.gaps == []


def test_resume_reports_the_gap_in_between(path: Path) -> None:
    record(path, (1, Trace(0, 0, 1, [vote(1)])))
    recorder = Recorder(path, "r1", Clock(), resume=True)
    recorder.trace(1, Trace(0, 4, 1, [vote(5)]), 9.0)
    recorder.close()
    assert recorder.gaps == [Gap(1, 0, 1, 4)]


def test_a_lying_board_does_not_push_the_ground_clock(path: Path) -> None:
    record(path, (1, Trace(0, 0, 1, [vote((1 << 62) - 1)])))
    recorder = Recorder(path, "r1", Clock(), resume=True)
    recorder.close()
    assert recorder.lamport == 0


def test_resume_refuses_another_run(path: Path) -> None:
    record(path, (1, Trace(0, 0, 1, [vote(1)])))
    with pytest.raises(RecorderError, match="is not the trace of run 'r2'"):
        Recorder(path, "r2", Clock(), resume=True)


@pytest.mark.parametrize("torn", [b'{"run":"r1","no', b"\x00" * 40, b'{"run":"r1"}\n[1', b"[" * 50_000 + b"\n"])
def test_torn_end_is_set_aside(path: Path, torn: bytes) -> None:
    log = LineLog(path, Clock())
    log.append(encode({"n": 1}))
    log.close()
    whole = path.read_bytes()
    for _ in range(2):
        path.write_bytes(whole + torn)
        LineLog(path, Clock(), resume=True).close()
    kept = 13 if torn.startswith(b'{"run":"r1"}\n') else 0  # a whole line of its own
    assert path.read_bytes() == whole + torn[:kept]
    assert path.with_name("trace.ndjson.torn").read_bytes() == torn[kept:] * 2  # appended to, not overwritten


def test_damage_in_the_middle_is_not_a_torn_end(path: Path) -> None:
    path.write_bytes(b'{"n":1}\n{"n"\n{"n":3}\n')
    with pytest.raises(RecorderError, match="damage before line 3"):
        LineLog(path, Clock(), resume=True)
    assert path.read_bytes() == b'{"n":1}\n{"n"\n{"n":3}\n'


def test_forced_to_disk_once_a_second(path: Path) -> None:
    clock = Clock()
    log = LineLog(path, clock)
    for tenth in range(50):
        clock.seconds = tenth / 10
        log.append(encode({"n": tenth}))
        log.flush()
        assert len(lines(path)) == tenth + 1  # with the operating system after each flush
    assert log.syncs == 4
    log.close()


def test_full_disk_is_an_error_with_advice_and_loses_nothing(path: Path) -> None:
    """A file size limit stands for the full disk: the write stops in the middle of a line, as on a full disk."""
    log = LineLog(path, Clock())
    line = {"text": "x" * 80}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        for _ in range(20):
            log.append(encode(line))
        for _ in range(2):
            with pytest.raises(
                RecorderError, match=r"trace\.ndjson: cannot be written .*Free space on this disk"
            ) as failure:
                log.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.stat().st_size == 1000
    assert f"{20 * 92 - 1000} bytes wait" in str(failure.value)
    log.close()  # there is room again
    assert lines(path) == [line] * 20


def test_batch_is_bounded_while_the_disk_is_full(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("groundstation.record.line_log.BATCH_BYTES_MAX", 500)
    log = LineLog(path, Clock())
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
        for _ in range(5):
            log.append(encode({"text": "x" * 80}))
        with pytest.raises(RecorderError, match="cannot be written"):
            log.append(encode({"text": "y" * 80}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.close()
    assert lines(path) == [{"text": "x" * 80}] * 5  # the accepted lines, and no refused one


PROGRAM = """
import sys
from pathlib import Path
from groundstation.record.recorder import Recorder
recorder = Recorder(Path(sys.argv[1]), "r1")
for n in range(1_000_000):
    recorder.ground("Fault", n, n, text="x" * (n % 300))
    if n % 7 == 0:
        recorder.flush()
        print(n, flush=True)
"""


def test_killed_ground_station_keeps_every_flushed_line(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        flushed = 0
        while flushed < 700:
            flushed = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = [line for line in process.stdout.read().split("\n")[:-1] if line]
    flushed = max([flushed, *map(int, rest)])
    recorder = Recorder(path, "r1", Clock(), resume=True)
    recorder.close()
    recorded = [line["seq"] for line in lines(path)]
    assert recorded == list(range(len(recorded)))
    assert len(recorded) > flushed
    assert recorder.boot == 1
