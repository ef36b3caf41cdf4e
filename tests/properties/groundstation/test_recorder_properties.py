"""A crash may cut the record at any byte, boards may send any events in any frames: what is kept is whole, and once."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.node.tracer import CODES
from amu.wire.messages import Trace
from groundstation.record.line_log import LineLog
from groundstation.record.recorder import Recorder
from specs.checking.continuity import Continuity
from specs.checking.trace import Reader
from specs.checking.trace_line import encode

line = st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=20), st.none()), max_size=3)


def continuity_of(path: Path) -> Continuity:
    """What the checker's reader finds missing in the file."""
    continuity = Continuity()
    for event in Reader(path):
        continuity.feed(event)
    assert continuity.errors == []
    return continuity


def no_time() -> float:
    return 0.0


@given(st.lists(line, min_size=1, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_a_cut_at_any_byte_costs_the_cut_line_only(written: list[dict], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.ndjson"
        log = LineLog(path, no_time)
        for each in written:
            log.append(encode(each))
        log.close()
        whole = path.read_bytes()
        cut = data.draw(st.integers(0, len(whole)))
        path.write_bytes(whole[:cut])

        log = LineLog(path, no_time, resume=True)
        survivors = list(log.lines())
        log.append(encode({"resumed": True}))
        log.close()

        assert survivors == written[: whole[:cut].count(b"\n")]
        assert [json.loads(each) for each in path.read_bytes().splitlines()] == [*survivors, {"resumed": True}]
        torn = path.with_name("trace.ndjson.torn")
        set_aside = torn.read_bytes() if torn.exists() else b""
        assert path.read_bytes().removesuffix(b'{"resumed":true}\n') + set_aside == whole[:cut]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 6)), max_size=12))
@settings(max_examples=40, deadline=None)
def test_every_event_is_written_once_and_every_gap_is_reported(frames: list[tuple[int, int, int]]) -> None:
    """frames: (boot, first number, events) as they may come from a link that repeats and loses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.ndjson"
        recorder = Recorder(path, "r", no_time)
        for boot, first, count in frames:
            events = [[CODES["Silent"], seq, "text"] for seq in range(first, first + count)]
            recorder.trace(0, Trace(boot, first, 0, events), 1.0)
        recorder.close()

        kept = [(each["boot"], each["seq"]) for each in map(json.loads, path.read_bytes().splitlines())]
        assert len(kept) == len(set(kept))
        assert {(hole.boot, hole.first_seq, hole.last_seq + 1) for hole in continuity_of(path).holes} == {
            (gap.boot, gap.first_seq, gap.next_seq) for gap in recorder.gaps
        }
        holes = {(gap.boot, seq) for gap in recorder.gaps for seq in range(gap.first_seq, gap.next_seq)}
        for boot in {boot for boot, _, _ in frames}:
            end = max(first + count for of, first, count in frames if of == boot)
            assert {(boot, seq) for seq in range(end)} == {pair for pair in [*kept, *holes] if pair[0] == boot}
        assert not holes & set(kept)
