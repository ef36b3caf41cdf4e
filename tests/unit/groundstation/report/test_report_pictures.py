"""The report's pictures over mission time, of a trace alone: what they show, what they leave out, and as files."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.record import run_directory
from groundstation.report import report
from groundstation.report.canvas import BOARDS_MAX
from groundstation.report.contacts import Contact
from groundstation.report.excerpt import MESSAGES_MAX, Excerpt, Traffic, pick_slots
from groundstation.report.exports import causality
from groundstation.report.exports.causality import Step
from groundstation.report.figures import FATES_MAX, faults
from groundstation.report.messages import LETS, OTHER, VOTES
from groundstation.report.scale import Scale
from groundstation.report.series import RESTART, Collector
from groundstation.report.space_time import AXIS_POINTS, LEVELS, _digits, _Lanes, picture
from groundstation.report.timeline import KINDS_MAX, LIFE_MARKS, ROWS_MAX, mission
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.command import app

RUNNER = CliRunner()


def _fly(path: Path, operations: int, dead_leader: bool) -> Path:
    cluster = Cluster(4, seed=3, links=Links(drop=0.05, delay_max=3))
    cluster.start()
    for _ in range(operations):
        operation = cluster.request(["noop"])
        assert cluster.run(2000, lambda number=operation: cluster.confirmed(number) is not None)
    if dead_leader:
        cluster.kill(0)
        cluster.ground("BoardFault", board=1, kind="pause", seconds=20)
        for _ in range(3):
            operation = cluster.request(["noop"])
            assert cluster.run(5000, lambda number=operation: cluster.confirmed(number) is not None)
    return cluster.finish(path)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _fly(tmp_path_factory.mktemp("long") / "long.ndjson", operations=8, dead_leader=True)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _fly(tmp_path_factory.mktemp("short") / "short.ndjson", operations=1, dead_leader=False)


@pytest.fixture(scope="module")
def steps(long: Path) -> list[Step]:
    return causality.read(long)


def _excerpt(steps: list[Step], bad_line: int | None = None) -> Excerpt:
    part = Traffic(steps).excerpt(bad_line)
    assert part is not None
    return part


# --- what is drawn --------------------------------------------------------------------------------


def test_short_run_is_drawn_whole(short: Path) -> None:
    steps = causality.read(short)
    part = _excerpt(steps)
    assert part.said == "The whole run."
    receipts = [s for s in steps if s.cause is not None and s.event.fields["from"] != 255]
    assert sum(message.received is not None for message in part.messages) == len(receipts) > 0
    assert {"vote 1", "vote 2", "vote 3", "vote 4", "proposal"} <= {message.label for message in part.messages}


def test_other_protocols_are_left_out_first(short: Path) -> None:
    steps = causality.read(short)
    before = _excerpt(steps)
    status = next(step for step in steps if step.event.name == "Send").event
    for number in range(MESSAGES_MAX):
        fields = {"to": 1, "kind": 0x15, "slot": 0, "view": 0}
        event = dataclasses.replace(status, name="Send", line=10_000 + number, fields=fields)
        steps.append(Step(event, 1.0, at_us=1_000_000))
    part = _excerpt(steps)
    assert part.messages == [message for message in before.messages if message.label != OTHER]
    assert "consensus messages only" in part.said


def test_excerpt_of_a_long_run_without_a_view_change_is_its_first_slot(steps: list[Step]) -> None:
    part = _excerpt([step for step in steps if step.event.name not in ("EnterView", "Wish")])
    decided = next(step for step in steps if step.event.name == "Decide")
    assert part.slot == decided.event.fields["slot"]
    assert "the first decided" in part.said


def test_excerpt_of_a_long_run_is_the_slot_of_the_first_view_change(steps: list[Step]) -> None:
    part = _excerpt(steps)
    changed = next(s for s in steps if s.event.name == "EnterView" and s.event.fields["view"] > 0)
    assert part.slot == changed.event.fields["slot"]
    assert part.since < changed.at_us / 1e6 < part.until
    assert "first view change" in part.said
    assert {message.slot for message in part.messages} == {part.slot}
    assert {mark.slot for mark in part.marks if mark.name != "Boot"} == {part.slot}
    assert all(message.label != OTHER for message in part.messages)
    assert all(message.received is None or message.received > message.sent for message in part.messages)
    assert [node for node, _, _ in part.down] == [0]


def test_excerpt_is_the_slot_of_the_first_bad_step_if_there_is_one(steps: list[Step]) -> None:
    bad = next(step for step in steps if step.event.name == "Decide")
    part = _excerpt(steps, bad.event.line)
    assert part.slot == bad.event.fields["slot"]
    assert part.since <= bad.at_us / 1e6 <= part.until
    assert f"first bad step, line {bad.event.line}" in part.said


def test_a_message_mattered_if_a_board_acted_on_it(steps: list[Step]) -> None:
    flight = Traffic(steps)
    strong = [message for message in flight.messages if message.mattered]
    assert 0 < len(strong) < len(flight.messages) / 2
    assert {message.label for message in strong} >= {"proposal", "vote 1", "vote 2", "vote 3", "vote 4", "view change"}
    for message in strong:
        acts = [name for name, labels in LETS.items() if message.label in labels]
        later = [m for m in flight.marks if m.node == message.receiver and m.slot == message.slot and m.name in acts]
        assert any(m.clock > (message.received_clock or 0) for m in later), message.title
    # Each vote behind the first phase has a vote of the phase before that completed its quorum, or a state said so.
    for mark in flight.marks:
        if VOTES.get(mark.name, 1) > 1:
            told = f"vote {VOTES[mark.name] - 1}"
            heard = {m.label for m in strong if (m.receiver, m.slot) == (mark.node, mark.slot)}
            others = [m for m in flight.messages if (m.receiver, m.slot, m.label) == (mark.node, mark.slot, OTHER)]
            states = [m for m in others if "status" in m.title.lower()]
            assert told in heard or any((m.received_clock or mark.clock) < mark.clock for m in states), mark


def test_of_two_kinds_that_let_a_board_vote_the_later_one_mattered(short: Path) -> None:
    steps = causality.read(short)
    proposal = next(
        step
        for step in steps
        if step.event.name == "Receive" and step.event.fields["kind"] == 0x10 and step.cause is not None
    )
    assert proposal.cause is not None
    proof = dataclasses.replace(proposal.cause, event=dataclasses.replace(proposal.cause.event, line=9001))
    proof.event.fields = {**proof.event.fields, "kind": 0x13}
    heard = dataclasses.replace(proposal, cause=proof, event=dataclasses.replace(proposal.event, line=-1))
    steps.insert(steps.index(proposal), proof)
    steps.insert(steps.index(proposal), heard)
    node, slot = proposal.event.node, proof.event.fields["slot"]
    strong = {m.label for m in Traffic(steps).messages if m.mattered and (m.receiver, m.slot) == (node, slot)}
    assert "proposal" in strong
    assert "proof" not in strong


def test_story_ends_with_the_last_decision(steps: list[Step]) -> None:
    flight = Traffic(steps)
    for _, story in pick_slots(flight):
        decided = [mark.at for mark in story.marks if mark.name in ("Decide", "Learn")]
        assert decided
        assert story.until == max(decided)
        assert all(message.sent <= story.until for message in story.messages)
        proposed = [mark for mark in story.marks if mark.name == "Propose"]
        assert proposed, "the beginning is left out"


def test_picked_slots_are_one_without_and_one_with_a_view_change(steps: list[Step]) -> None:
    flight = Traffic(steps)
    (plain_title, plain), (changed_title, changed) = pick_slots(flight)
    assert "first view" in plain_title
    assert "view change" in changed_title
    assert max(mark.view for mark in plain.marks) == 0
    assert max(mark.view for mark in changed.marks) > 0
    assert plain.slot not in {story.slot for _, story in pick_slots(flight, plain.slot)}


def test_marks_of_one_moment_do_not_hide_each_other(steps: list[Step]) -> None:
    lanes = _Lanes(AXIS_POINTS)
    assert [lanes.level(1, 100.0, 10.0) for _ in LEVELS] == list(LEVELS)
    assert [lanes.level(2, 100.0, 10.0), lanes.level(2, 109.0, 10.0), lanes.level(2, 110.0, 10.0)] == [*LEVELS[:2], 0.0]
    assert lanes.level(1, 101.0, 10.0) in LEVELS  # more than there is room for are drawn all the same
    assert len(set(LEVELS)) == len(LEVELS)
    assert max(map(abs, LEVELS)) < 0.5, "would stand nearer to a neighbour's line"


@pytest.mark.parametrize(
    ("numbers", "digits"),
    [
        ([0.0, 60.0, 95.0], 0),
        ([2.1, 2.9, 3.8], 2),
        ([0.0, 5.0], 1),
        ([1.0, 1.012], 3),
        ([1.0, 1.0000001], 6),
        ([4.0], 1),
    ],
)
def test_ticks_are_labelled_to_a_tenth_of_their_distance(numbers: list[float], digits: int) -> None:
    assert _digits(numbers) == digits


def test_a_resume_and_a_board_that_is_down_are_drawn_and_reported(steps: list[Step]) -> None:
    quiet = picture(_excerpt(steps), []).svg()
    assert "<!-- down -->" in quiet
    assert "<!-- ground station resumed -->" not in quiet
    middle = steps[len(steps) // 2]
    part = _excerpt(steps)
    at = int((part.since + part.until) / 2 * 1e6)
    event = dataclasses.replace(middle.event, node=255, name="Resume", fields={"resumed": "before"})
    steps = [*steps, Step(event, at / 1e6, at_us=at)]
    for by_order in (False, True):
        part = _excerpt(steps)
        assert len(part.resumes) == 1
        assert "<!-- ground station resumed -->" in picture(part, [], by_order).svg()
    assert Traffic(steps).story(1).resumes == []  # it is long over


def test_thirteen_boards_are_drawn_as_strong_arrows_and_bundles(tmp_path: Path) -> None:
    cluster = Cluster(13, seed=5, links=Links(drop=0.02, delay_max=3))
    cluster.start()
    operation = cluster.request(["noop"])
    assert cluster.run(2000, lambda: cluster.confirmed(operation) is not None)
    flight = Traffic(causality.read(cluster.finish(tmp_path / "thirteen.ndjson")))
    part = _excerpt(flight.steps) if len(flight.messages) > MESSAGES_MAX else flight.story(1)
    drawn = picture(flight.story(1), [12])
    text = drawn.svg()
    arrows = [each for each in drawn.parts if each.title.startswith(("vote", "proposal"))]
    bundles = [each for each in drawn.parts if each.css.endswith("rest")]
    assert len(part.nodes) == 13
    assert 13 <= len(arrows) <= 13 * 6 < len(flight.story(1).messages) / 4
    assert 4 <= len(bundles) <= 6
    assert "board 12 (Byzantine)" in text
    assert drawn.height_inches > picture(flight.story(1), []).height_inches / 2 > 3
    assert len(text) < 400_000


def test_more_than_can_be_read_is_cut_around_the_focus(steps: list[Step]) -> None:
    flight = Traffic(steps)
    slot = next(mark.slot for mark in flight.marks if mark.name == "EnterView" and mark.view > 0)
    vote = next(message for message in flight.messages if message.slot == slot and message.label == "vote 1")
    flight.messages = [dataclasses.replace(vote, mattered=True, sent=0.001 * n) for n in range(5 * MESSAGES_MAX)]
    assert slot is not None
    story = flight.story(slot, focus=0.6)
    assert sum(message.mattered for message in story.messages) <= MESSAGES_MAX
    assert story.since <= 0.6 <= story.until
    assert "messages further away" in story.said


def test_run_without_traced_messages_has_no_diagram(steps: list[Step]) -> None:
    assert Traffic([step for step in steps if step.event.name not in ("Send", "Receive")]).excerpt() is None


def test_scale_keeps_the_order_and_squeezes_idle_spans_alone() -> None:
    moments = [0.1 * number for number in range(50)] + [100 + 0.1 * number for number in range(50)]
    scale = Scale(moments)
    places = [scale.place(moment) for moment in moments]
    assert places == sorted(places)
    assert len(set(places)) == len(moments)
    assert scale.squeezed == [(moments[49], moments[50])]
    assert scale.place(1.0) - scale.place(0.0) == pytest.approx(1.0)
    assert places[50] - places[49] < 20
    assert places[49] < scale.place(50.0) < places[50]
    assert (scale.place(-5), scale.place(1e9)) == (0.0, scale.width)
    assert all(scale.place(seconds) == place for place, seconds in scale.ticks(10))


def test_scale_of_one_moment() -> None:
    assert Scale([3.0]).place(3.0) == 0.0
    assert Scale([3.0]).width > 0


# --- mission -------------------------------------------------------------------------------


def _ground(event: str, received: float, **fields: Any) -> dict[str, Any]:
    return {"node": 255, "boot": 0, "seq": 0, "lamport": 1, "received": received, "event": event, **fields}


def _flight(event: str, received: float, **fields: Any) -> dict[str, Any]:
    return {"node": 1, "boot": 0, "seq": 0, "lamport": 1, "received": received, "event": event, **fields}


def test_faults_of_boards_are_collected() -> None:
    collector = Collector()
    for event in (
        _ground("BoardStart", 0.0, board=1),
        _flight("Boot", 0.1),
        _ground("BoardFault", 1.0, board=1, kind="pause", seconds=2.5),
        _ground("BoardFault", 1.5, board=1, kind="clock_jump", ticks=9),
        _ground("PowerCut", 2.0, board=1),
        _flight("Boot", 3.0),
        _flight("Silent", 3.0, reason="blank"),
        _flight("Rejoin", 5.0, floor=8),
        _flight("Silent", 6.0, reason="unreadable"),
        _ground("BoardKill", 7.0, board=1),
        _ground("RunEnd", 9.0, reason="complete"),
    ):
        collector.feed(event)
    series = collector.series()
    assert series.life == [(1, 0.0, "BoardStart"), (1, 2.0, "PowerCut"), (1, 7.0, "BoardKill")]
    assert series.board_faults == [(1, 1.0, "pause"), (1, 1.5, "clock_jump")]
    assert series.lasting == [(1, 1.0, 3.5, "pause")]
    assert series.down[1] == [(2.0, 3.0), (7.0, 9.0)]
    assert series.silent[1] == [(3.0, 5.0), (6.0, 7.0)]


def test_mission_has_a_lane_for_each_window_contact_and_board_and_a_legend() -> None:
    collector = Collector()
    for number, name in enumerate(LIFE_MARKS):
        collector.feed(_ground(name, number, board=1, action="exit"))
    collector.feed(_ground("BoardFault", 1.0, board=1, kind="clock_drift", seconds=1))
    collector.feed(_flight("Boot", 8.0))
    collector.feed(_flight("Boot", 9.0))
    collector.feed(_ground("Resume", 9.5, resumed="before"))
    windows = [("relay dark", 2.0, 4.0)]
    drawn, left_out = mission(collector.series(), [1], windows, [Contact("lander", "to 1", [(0.0, 1.0), (2.0, 3.0)])])
    # The letters are drawn as shapes; the texts stand beside them as comments.
    said = set(re.findall(r"<!-- (.+?) -->", drawn))
    legend = {label for _, _, label in LIFE_MARKS.values()} | {"in contact (AOS to LOS)", "ground station resumed"}
    assert {"relay dark", "lander", "board 1 (Byzantine)", "clock drift", "down"} | legend <= said
    assert left_out == 0
    drawn, _ = mission(collector.series(), [], [("a name is no $\\formula{$", 2.0, 4.0)], [])
    assert "<!-- a name is no $\\formula{$ -->" in drawn
    _, left_out = mission(collector.series(), [], windows * (ROWS_MAX + 3), [])
    assert left_out == 3


def test_board_that_restarts_by_itself_is_distinguished_from_one_that_the_ground_restarts() -> None:
    collector = Collector()
    for event in (
        _ground("BoardStart", 0.0, board=1),
        _flight("Boot", 0.1),
        _flight("Boot", 2.0),
        _ground("BoardKill", 3.0, board=1),
        _ground("BoardStart", 4.0, board=1),
        _flight("Boot", 4.1),
        _ground("Attach", 5.0, board=1),
        _flight("Boot", 6.0),
    ):
        collector.feed(event)
    restarts = [(board, at) for board, at, name in collector.series().life if name == RESTART]
    assert restarts == [(1, 2.0), (1, 6.0)]


def test_more_boards_than_a_picture_has_room_for_are_left_out_and_counted() -> None:
    collector = Collector()
    for node in range(BOARDS_MAX + 5):
        collector.feed({**_flight("Boot", 1.0), "node": node})
    drawn, left_out = mission(collector.series(), [], [], [])
    assert left_out == 5
    assert f"<!-- board {BOARDS_MAX - 1} -->" in drawn
    assert f"<!-- board {BOARDS_MAX} -->" not in drawn


def test_more_kinds_of_faults_than_marks_share_a_mark() -> None:
    collector = Collector()
    collector.feed(_flight("Boot", 0.0))
    for number in range(KINDS_MAX + 4):
        collector.feed(_ground("BoardFault", 1.0, board=1, kind=f"kind {number:02d}", seconds=1e300))
    collector.feed(
        _ground("Fault", 2.0, counts={"accepted": 999, **{f"fate {n:02d}": 100 - n for n in range(FATES_MAX + 4)}})
    )
    series = collector.series()
    assert {until for _, _, until, _ in series.lasting} == {2.0}
    drawn, _ = mission(series, [], [], [])
    assert drawn.count("<!-- other fault of the board -->") == 1
    assert f"<!-- kind {KINDS_MAX - 1:02d} -->" in drawn
    assert f"<!-- kind {KINDS_MAX:02d} -->" not in drawn
    assert f"<!-- fate {FATES_MAX - 1:02d} -->" in faults(series)
    assert f"<!-- fate {FATES_MAX:02d} -->" not in faults(series)


# --- reports and files ----------------------------------------------------------------------------


def test_report_of_a_trace_alone_is_self_contained(long: Path, tmp_path: Path) -> None:
    out = tmp_path / "flight.html"
    assert RUNNER.invoke(app, ["report", str(long), "--out", str(out)]).exit_code == 0
    text = out.read_text()
    assert not re.search(r'(?:src|href)="(?!#)', text.replace("xlink:href", "href"))
    for heading in ("Mission", "Space-time diagram", "decided after a view change"):
        assert heading in text
    assert "not judged" in text
    titles = re.findall(r'<g class="k-[a-z0-9-]+"><title>(.+?)</title>', text)
    assert len(titles) > 40
    assert any(
        re.match(r"vote 1 of slot \d+ view 0, board \d to \d: sent [\d.]+ s, received", title) for title in titles
    )
    assert "part-" not in text


def test_report_of_a_trace_lies_beside_it(short: Path) -> None:
    assert report.write_trace(short) == short.with_suffix(".html")


def test_windows_of_link_faults_come_from_the_runs_scenario(short: Path, tmp_path: Path) -> None:
    (tmp_path / run_directory.TRACE).write_bytes(short.read_bytes())
    (tmp_path / run_directory.RUN).write_text('{"run": "r", "scenario": "s", "seed": 1, "kind": "host"}')
    (tmp_path / run_directory.SCENARIO).write_text(
        'name = "s"\ndescription = "d"\n[[faults]]\nfault = "partition"\nname = "half apart"\nstart = 5.0\nend = 20.0\n'
        "groups = [[0, 1], [2, 3]]\n"
    )
    text = report.write(tmp_path).read_text()
    section = text[text.index("<h2>Mission") : text.index("<h2>Space-time diagram")]
    assert "<!-- half apart -->" in section


@pytest.mark.parametrize(("name", "begins"), [("flight.svg", b"<?xml"), ("flight.png", b"\x89PNG\r\n")])
def test_picture_alone(long: Path, tmp_path: Path, name: str, begins: bytes) -> None:
    out = tmp_path / name
    assert RUNNER.invoke(app, ["report", str(long), "--figure", str(out)]).exit_code == 0
    assert out.read_bytes().startswith(begins)


def test_same_trace_gives_the_same_picture(short: Path, tmp_path: Path) -> None:
    first, second = (report.write_figure(short, tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", [], "holds no event"),
        (b"", ["--figure", "x.svg"], "there is nothing to draw"),
        (b"no trace\n", [], "line 1: not JSON"),
        (None, ["--figure", "x.gif"], "want .svg or .png"),
        (None, ["--figure", "nowhere/x.svg"], "cannot be written"),
        (None, ["--out", "nowhere/x.html"], "cannot be written"),
        (None, ["--out", "x.html", "--figure", "x.svg"], "give one of"),
    ],
)
def test_bad_input_exits_2(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    trace = short
    if content is not None:
        trace = tmp_path / "trace.ndjson"
        trace.write_bytes(content)
    result = RUNNER.invoke(app, ["report", str(trace), *options])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert not list(tmp_path.glob("x.*"))
