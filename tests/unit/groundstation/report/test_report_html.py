"""The report: its drawings of a trace, and that it is self-contained."""

import json
import re
from pathlib import Path

import pytest

from groundstation.record import run_directory
from groundstation.record.run_directory import RunDirectoryError
from groundstation.report import report
from groundstation.report.series import Collector, Series
from specs.checking.trace import Reader
from swarm_sim.testing.cluster import Cluster, Links


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run with a dead leader: some slots need a view change."""
    cluster = Cluster(4, seed=3, links=Links(drop=0.05, delay_max=3))
    cluster.start()
    for _ in range(6):
        operation = cluster.request(["noop"])
        assert cluster.run(2000, lambda number=operation: cluster.confirmed(number) is not None)
    cluster.kill(0)
    for _ in range(3):
        operation = cluster.request(["noop"])
        assert cluster.run(5000, lambda number=operation: cluster.confirmed(number) is not None)
    cluster.start(0)
    cluster.run(300)
    return cluster.finish(tmp_path_factory.mktemp("report") / "trace.ndjson")


@pytest.fixture(scope="module")
def series(trace: Path) -> Series:
    return report.read_series(Reader(trace), [])


def test_applied_slots_grow_on_every_board(series: Series) -> None:
    assert series.nodes == [0, 1, 2, 3]
    for node in series.nodes:
        slots = [slot for _, slot in series.applied[node]]
        assert slots
        assert slots == sorted(slots)


def test_killed_board_is_down_until_it_boots(series: Series) -> None:
    [(since, until)] = series.down[0]
    assert 0 < since < until <= series.end_seconds
    assert not series.down[1]


def test_every_correct_decision_has_a_latency(series: Series) -> None:
    slots = {slot for slot, _, _ in series.latency}
    assert len(slots) >= 9
    assert all(seconds >= 0 for _, _, seconds in series.latency)
    assert any(view > 0 for _, view, _ in series.latency)


def test_latency_of_byzantine_boards_is_not_counted(trace: Path) -> None:
    with_all = report.read_series(Reader(trace), [])
    without = report.read_series(Reader(trace), [2])
    assert 0 < len(without.latency) < len(with_all.latency)


def test_telecommand_stages_count_from_the_queue() -> None:
    collector = Collector()
    base = {"node": 255, "boot": 0, "lamport": 1, "event": "Telecommand", "client": 0, "operation": 5}
    for received, stage in ((1.0, "queued"), (1.5, "uplinked"), (1.7, "uplinked"), (3.0, "confirmed")):
        collector.feed({**base, "seq": 0, "received": received, "stage": stage})
    series = collector.series()
    assert dict(series.stages) == {"uplinked to a board": [0.5], "confirmed by f+1 boards": [2.0]}


def test_fate_of_nearly_every_frame_is_distinguished() -> None:
    collector = Collector()
    counts = {"accepted": 100, "delivered": 98, "delay": 100, "drop": 2}
    collector.feed(
        {"node": 255, "boot": 0, "seq": 0, "lamport": 1, "received": 1.0, "event": "Fault", "counts": counts}
    )
    series = collector.series()
    assert series.common_fates() == ["delay"]
    assert set(series.fates) == {"delay", "drop"}


def _run_folder(tmp_path: Path, trace: bytes) -> Path:
    (tmp_path / run_directory.TRACE).write_bytes(trace)
    about = {"run": "x<y", "scenario": "cluster", "seed": 3, "kind": "host"}
    (tmp_path / run_directory.RUN).write_text(json.dumps(about))
    return tmp_path


def test_report_is_self_contained(tmp_path: Path, trace: Path) -> None:
    text = report.write(_run_folder(tmp_path, trace.read_bytes())).read_text()
    assert text.count("<svg") >= 4
    # Nothing is fetched from anywhere, and what names are made of cannot become markup.
    assert not re.search(r'(?:src|href)="(?!#)', text.replace("xlink:href", "href"))
    assert "x<y" not in text
    for heading in (
        "Mission",
        "Space-time diagram",
        "decided in its first view",
        "decided after a view change",
        "Decision latency",
    ):
        assert heading in text


def test_report_of_a_trace_that_was_cut_off(tmp_path: Path, trace: Path) -> None:
    content = trace.read_bytes()
    assert report.write(_run_folder(tmp_path, content[: len(content) // 2])).exists()


def test_report_of_a_run_that_never_began(tmp_path: Path) -> None:
    assert "not judged" in report.write(_run_folder(tmp_path, b"")).read_text()


NO_NUMBER = b'{"node":"x","boot":0,"seq":0,"lamport":1,"ticks":0,"received":0.1,"event":"Silent","reason":"x"}\n'
DAMAGED = [
    b'{"node": 1}\n',
    b"[" * 50_000 + b"\n",
    b'{"node": 1, "node": 2}\n',
    b"\xff\n",
    NO_NUMBER,
    b"x" * 2**21 + b"\n",
]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_damaged_line_is_named(tmp_path: Path, trace: Path, damaged: bytes) -> None:
    lines = trace.read_bytes().splitlines(keepends=True)
    lines[4] = damaged
    with pytest.raises(RunDirectoryError, match=r"trace\.ndjson: line 5: "):
        report.write(_run_folder(tmp_path, b"".join(lines)))


@pytest.mark.parametrize("seconds", ['"x"', "[]", "1" + "0" * 400])
def test_optional_field_without_a_meaning_is_named(tmp_path: Path, trace: Path, seconds: str) -> None:
    head = '{"node":255,"boot":0,"seq":9999,"lamport":9999,"ticks":0,"received":9999.5,"event":"BoardFault"'
    line = f'{head},"board":1,"kind":"pause","seconds":{seconds}}}\n'
    with pytest.raises(RunDirectoryError, match=r"trace\.ndjson: line \d+: BoardFault is not as"):
        report.write(_run_folder(tmp_path, trace.read_bytes() + line.encode()))
