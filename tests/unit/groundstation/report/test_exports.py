"""Exports: causes before effects, valid vector clocks, and files that their viewers can read."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amu.core.limits import GROUND
from groundstation.report.exports import causality, lines, perfetto, shiviz
from groundstation.report.exports.causality import Step
from specs.checking.trace import TraceError, parse
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.command import app
from tests.support.records import chrome_trace, shiviz_log
from tests.support.simulator.storm import storm

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run in which messages are lost and doubled, and a leader dies and comes back."""
    cluster = Cluster(4, seed=3, links=Links(drop=0.05, duplicate=0.05, delay_max=3))
    cluster.start()
    for _ in range(4):
        operation = cluster.request(["noop"])
        assert cluster.run(2000, lambda number=operation: cluster.confirmed(number) is not None)
    cluster.kill(0)
    operation = cluster.request(["noop"])
    assert cluster.run(5000, lambda: cluster.confirmed(operation) is not None)
    cluster.start(0)
    cluster.ground("Fault", counts={"accepted": 5, "drop": 2})
    cluster.run(300)
    return cluster.finish(tmp_path_factory.mktemp("exports") / "trace.ndjson")


@pytest.fixture(scope="module")
def steps(trace: Path) -> list[Step]:
    return causality.read(trace)


@pytest.fixture(scope="module")
def log(steps: list[Step]) -> list[shiviz_log.Entry]:
    return shiviz_log.entries("".join(shiviz.log(steps)))


@pytest.fixture
def document(steps: list[Step]) -> Any:
    return json.loads(json.dumps(perfetto.document(steps)))


def _line(line: int, node: int, lamport: int, event: str, received: float = 1.0, **fields: Any) -> Step:
    text = {"node": node, "boot": 0, "seq": line, "lamport": lamport, "event": event, **fields}
    return Step(parse(json.dumps(text), line), received)


# --- causality ------------------------------------------------------------------------------------


def test_every_step_follows_its_cause_and_its_nodes_former_step(trace: Path, steps: list[Step]) -> None:
    assert len(steps) == len(trace.read_text().splitlines())
    place = {id(step): index for index, step in enumerate(steps)}
    latest: dict[int, Step] = {}
    for step in steps:
        for earlier in (step.cause, latest.get(step.event.node)):
            if earlier is not None:
                assert place[id(earlier)] < place[id(step)]
                assert earlier.at_us < step.at_us
        latest[step.event.node] = step
        assert 0 <= step.at_us - step.received * 1e6 < 1000


def test_receipts_have_the_sending_of_that_name_as_cause(steps: list[Step]) -> None:
    receipts = [step for step in steps if step.event.name == "Receive"]
    assert len(receipts) > 100
    for step in receipts:
        assert step.cause is not None
        fields = step.event.fields
        assert step.cause.event.node == fields["from"]
        assert step.cause.event.lamport <= fields["sent"] < step.event.lamport


def test_a_message_that_was_not_sent_to_a_node_is_not_a_cause() -> None:
    send = _line(1, 0, 5, "Send", to=2, kind=0x11, slot=1, view=0)
    receives = [
        _line(2, 1, 6, "Receive", **{"from": 0, "sent": 5, "kind": 0x11}),  # not to node 1
        _line(3, 2, 6, "Receive", **{"from": 0, "sent": 4, "kind": 0x11}),  # another time
        _line(4, 2, 7, "Receive", **{"from": 0, "sent": 5, "kind": 0x10}),  # another kind
        _line(5, 2, 5, "Receive", **{"from": 0, "sent": 5, "kind": 0x11}),  # not after it
        _line(6, 2, 8, "Receive", **{"from": 0, "sent": 5, "kind": 0x11}),
    ]
    causality.ordered([send, *receives])
    assert [step.cause for step in receives] == [None, None, None, None, send]


def test_a_liars_circle_is_opened() -> None:
    """Two nodes; each claims to have received the other's message before it sent its own."""
    steps = [
        _line(1, 0, 9, "Receive", **{"from": 1, "sent": 3, "kind": 0x11}),
        _line(2, 0, 3, "Send", to=1, kind=0x11, slot=1, view=0),
        _line(3, 1, 9, "Receive", **{"from": 0, "sent": 3, "kind": 0x11}),
        _line(4, 1, 3, "Send", to=0, kind=0x11, slot=1, view=0),
    ]
    in_order = causality.ordered(steps)
    assert sorted(step.event.line for step in in_order) == [1, 2, 3, 4]
    assert [step.event.line for step in steps if step.cause is not None] == [1]


def test_a_receipt_reported_before_its_sending_is_drawn_after_it() -> None:
    receive = _line(1, 1, 6, "Receive", received=1.0, **{"from": 0, "sent": 5, "kind": 0x11})
    send = _line(2, 0, 5, "Send", received=1.5, to=1, kind=0x11, slot=1, view=0)
    assert causality.ordered([receive, send]) == [send, receive]
    assert (send.at_us, receive.at_us) == (1_500_000, 1_500_001)


# --- ShiViz ---------------------------------------------------------------------------------------


def test_vector_clocks_are_a_valid_order(steps: list[Step], log: list[shiviz_log.Entry]) -> None:
    assert len(log) == len(steps)
    assert {entry.host for entry in log} == {"node-0", "node-1", "node-2", "node-3", "ground"}
    assert shiviz_log.problems(log) == []


@pytest.mark.parametrize("seed", range(200, 203))
def test_vector_order_implies_lamport_order_in_a_storm(tmp_path: Path, seed: int) -> None:
    cluster = storm(4, seed, steps=25).cluster
    steps = causality.read(cluster.finish(tmp_path / "trace.ndjson"))
    # The clock of a board without memory restarts: only that board may be out of Lamport order.
    forgot = {step.event.node for step in steps if step.event.fields.get("journal") in ("blank", "unreadable")}
    lawless = frozenset(causality.node_name(node) for node in forgot | cluster.byzantine)
    assert shiviz_log.problems(shiviz_log.entries("".join(shiviz.log(steps))), lawless) == []
    assert chrome_trace.problems(perfetto.document(steps)) == []


def _own_count_stands_still(log: list[shiviz_log.Entry]) -> None:
    log[-1].clock[log[-1].host] -= 1


def _nothing_heard(log: list[shiviz_log.Entry]) -> None:
    for entry in log:
        entry.clock = {entry.host: entry.clock[entry.host]}


def _knows_the_future(log: list[shiviz_log.Entry]) -> None:
    first = next(entry for entry in log if entry.host == "node-1")
    first.clock["node-2"] = 3


def _names_no_event(log: list[shiviz_log.Entry]) -> None:
    log[-1].clock["node-1"] = 1_000_000


def _forgets(log: list[shiviz_log.Entry]) -> None:
    own = [entry for entry in log if entry.host == "node-1"]
    own[-1].clock["node-2"] = own[-2].clock["node-2"] - 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_own_count_stands_still, "does not follow"),
        (_nothing_heard, "does not come after its sending"),
        (_knows_the_future, "not by Lamport time"),
        (_names_no_event, "there is no event"),
        (_forgets, "forgets"),
    ],
)
def test_a_wrong_clock_is_seen(
    log: list[shiviz_log.Entry], spoil: Callable[[list[shiviz_log.Entry]], None], said: str
) -> None:
    spoilt = copy.deepcopy(log)
    spoil(spoilt)
    assert any(said in problem for problem in shiviz_log.problems(spoilt))


# --- Perfetto -------------------------------------------------------------------------------------


def test_document_follows_the_format(document: Any) -> None:
    assert chrome_trace.problems(document) == []


def test_document_tells_the_run(document: Any, steps: list[Step]) -> None:
    events = document["traceEvents"]
    processes = {event["args"]["name"] for event in events if event.get("name") == "process_name"}
    assert processes == {"node-0", "node-1", "node-2", "node-3", "ground"}
    between = [s for s in steps if s.cause is not None and s.event.fields["from"] != 255]
    assert sum(event["ph"] == "s" for event in events) == len(between) > 100
    spans = [event for event in events if event["ph"] == "X"]
    decided = {(s.event.node, s.event.fields["slot"]) for s in steps if s.event.name == "Decide"}
    drawn = {(span["pid"] - 1, span["args"].get("slot")) for span in spans if span["name"].startswith("slot ")}
    assert decided
    assert decided <= drawn
    [down] = [span for span in spans if span["name"].startswith("down")]
    assert (down["pid"], down["name"]) == (perfetto.process(0), "down (BoardKill)")
    applied = [event["args"]["slot"] for event in events if event["ph"] == "C" and event["name"] == "applied"]
    assert max(applied) == max(s.event.fields["slot"] for s in steps if s.event.name == "Apply")
    assert [e["args"] for e in events if e["ph"] == "C" and e["name"] == "ether: drop"] == [{"frames": 2}]


def _first(document: Any, phase: str) -> Any:
    return next(event for event in document["traceEvents"] if event["ph"] == phase)


def _end_lost(document: Any) -> None:
    document["traceEvents"].remove(_first(document, "f"))


def _arrow_points_back(document: Any) -> None:
    start = _first(document, "s")
    end = next(e for e in document["traceEvents"] if e["ph"] == "f" and e["id"] == start["id"])
    start["ph"], end["ph"] = "f", "s"
    end["bp"], start["bp"] = "", "e"
    del end["bp"]


def _no_slice(document: Any) -> None:
    start = _first(document, "s")
    for event in [e for e in document["traceEvents"] if e["ph"] == "X" and e["ts"] == start["ts"]]:
        document["traceEvents"].remove(event)


def _slices_overlap(document: Any) -> None:
    first = _first(document, "X")
    spans = [e for e in document["traceEvents"] if e["ph"] == "X" and e["tid"] == first["tid"]]
    following = spans[1]
    first["dur"] = following["ts"] - first["ts"] + 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_end_lost, "want one start, then one end"),
        (_arrow_points_back, "want one start, then one end"),
        (_no_slice, "stands in no slice"),
        (_slices_overlap, "reaches out"),
        (lambda document: _first(document, "X").pop("dur"), "want dur"),
        (lambda document: _first(document, "X").update(dur=0), "without width"),
        (lambda document: _first(document, "i").update(s="everywhere"), "want scope"),
        (lambda document: _first(document, "C")["args"].update(slot="many"), "want numbers"),
        (lambda document: _first(document, "f").update(bp="s"), "want bp e"),
        (lambda document: document["traceEvents"].reverse(), "back in time"),
        (lambda document: document["traceEvents"].remove(_first(document, "M")), "has no name"),
        (lambda document: _first(document, "i").update(ph="Q"), "unknown phase"),
        (lambda document: _first(document, "i").update(ts="soon"), "want ts"),
    ],
)
def test_a_breach_of_the_format_is_seen(document: Any, spoil: Callable[[Any], None], said: str) -> None:
    spoil(document)
    assert any(said in problem for problem in chrome_trace.problems(document))


# --- command --------------------------------------------------------------------------------------


def _export(*arguments: object) -> Any:
    return RUNNER.invoke(app, ["export", *map(str, arguments)])


def test_command_writes_both_formats(tmp_path: Path, trace: Path, document: Any, steps: list[Step]) -> None:
    out = tmp_path / "flight.json"
    assert _export(trace, "--format", "perfetto", "--out", out).exit_code == 0
    assert json.loads(out.read_text()) == document
    result = _export(trace.parent, "--format", "shiviz", "--out", out, "--until", "50")
    assert result.exit_code == 0
    assert shiviz.PARSER in result.output
    log = shiviz_log.entries(out.read_text())
    assert 0 < len(log) == sum(step.received <= 50 for step in steps) < len(steps)
    assert shiviz_log.problems(log) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no event"),
        (b'{"event": "Boot"}\n', "line 1: every event needs a field 'node'"),
        (b"\xff\n", "line 1: not UTF-8"),
        (b'{"node":255,"boot":0,"seq":0,"lamport":0,"event":"BoardMode"}\n', "needs a field 'received'"),
    ],
)
def test_bad_trace_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    trace = tmp_path / "trace.ndjson"
    trace.write_bytes(content)
    result = _export(trace, "--format", "perfetto", "--out", tmp_path / "out.json")
    assert result.exit_code == 2
    assert said in result.output
    assert result.output.count("\n") == 1
    assert not (tmp_path / "out.json").exists()


def test_no_trace_is_one_line_and_an_output_without_a_folder_is_refused(tmp_path: Path, trace: Path) -> None:
    result = _export(tmp_path / "no-run", "--format", "shiviz", "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert result.output.startswith("amu export: ")
    assert result.output.count("\n") == 1
    result = _export(trace, "--format", "shiviz", "--out", tmp_path / "nowhere" / "x")
    assert result.exit_code == 2
    assert "there is no folder" in " ".join(result.output.replace("│", " ").split())


def test_reader_names_the_file() -> None:
    with pytest.raises(TraceError, match="/nowhere: cannot be read"):
        causality.read(Path("/nowhere"))


# --- times ----------------------------------------------------------------------------------------


def test_each_exported_line_has_the_four_times(trace: Path, steps: list[Step]) -> None:
    written = [json.loads(text) for text in "".join(lines.log(trace, steps)).splitlines()]
    recorded = [json.loads(text) for text in trace.read_text().splitlines()]
    assert [{name: line[name] for name in line if name not in ("estimated", "error")} for line in written] == recorded
    told = [line for line in written if line["node"] != GROUND]
    known = [line for line in told if line["estimated"] is not None]
    assert len(known) > len(told) / 2
    for line in known:
        assert {"ticks", "lamport", "received"} <= line.keys()
        assert line["error"] >= 0
        assert line["estimated"] - line["error"] <= line["received"] + 1e-6
    assert {line["estimated"] for line in written if line["node"] == GROUND} == {None}


def test_viewers_get_the_four_times_too(steps: list[Step], document: Any) -> None:
    wanted = [step for step in steps if step.estimate is not None]
    assert wanted
    step = wanted[-1]
    assert step.estimate is not None
    told = causality.times(step)
    assert told["ticks"] == step.event.ticks
    assert f"{told['estimated']:.6f}+-{told['error']:.6f}" in "".join(shiviz.log(steps))
    instants = [each["args"] for each in document["traceEvents"] if each["ph"] == "i" and each["args"].get("line")]
    assert [args for args in instants if args.get("estimated") is not None]
    assert {"ticks", "lamport", "received", "estimated", "error"} <= instants[0].keys()


def test_an_export_of_a_part_knows_the_clocks_by_the_whole(trace: Path, steps: list[Step]) -> None:
    end = max(step.received for step in steps)
    part = causality.read(trace, since=end / 2)
    whole = {step.event.line: step.estimate for step in steps}
    assert 0 < len(part) < len(steps)
    assert [step.estimate for step in part] == [whole[step.event.line] for step in part]
