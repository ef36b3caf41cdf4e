"""The report in words: when, with what and what was flown, each property and its state, heaps, passes, failures."""

import json
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from amu.wire.messages import Vote
from groundstation.record import run_directory
from groundstation.record.run_directory import RunDirectoryError
from groundstation.report import failures as report_failures
from groundstation.report import report
from groundstation.report import words as report_words
from groundstation.report.contacts import contacts
from groundstation.report.failures import Failure
from groundstation.report.figures import POINTS_MAX, heap, thin, thinned
from groundstation.report.series import Collector, Health, Series
from groundstation.scenario import model as scenario
from specs import properties
from swarm_sim.testing.cluster import Cluster

SCENARIO = """
name = "words"
description = "A <b>bold</b> mission & more."
[mission]
boards = 7
[[faults]]
fault = "drop"
name = "loss of $5 -- and $6 --><script>alert(1)</script>"
start = 2
end = 30
probability = 0.25
source = [0, 1]
kinds = ["Vote"]
[[faults]]
fault = "contact_window"
name = "lander"
destination = [2]
passes = [{ aos = 10, los = 20 }]
period_seconds = 50
outside = "hold"
[[board_faults]]
at = 3
node = 1
kind = "kill"
restart_after = 1.5
[[byzantine]]
node = 3
adversary = "mixed"
parameters = { period_ticks = 77 }
"""
VERDICT = {
    "verdict": "no_progress",
    "lines": [{"name": "decided", "status": "open", "detail": "0 slots"}],
    "findings": ["CON-4: line 3: board 1 said <i>so</i>"],
    "invariants": {"CON-10": "violated", "CON-2": "holds", "LED-1": "not checked", "MUT-1": "not checked"},
    "notes": [],
    "not_checked": {"LED-1": "the trace does not tell slot 4"},
    "missing": [],
    "steps": {"Vote1": 12},
    "counts": {"slots": 3},
    "first_bad_step": None,
    "mission": {"waits_for": ["slot 5 has 2 of 3 votes", "board 2 was not heard"]},
}
VERSIONS = {"python": "3.11.7", "firmware_sha256": "ab" * 32, "platform": "Linux", "packages": {"pydantic": "2.6"}}
LOG = """\
     1.000  board 1   Traceback (most recent call last):
     1.000  board 2   hello
     1.000  board 1     File "main.py", line 83, in main
     1.001  board 1   MemoryError: memory allocation failed, allocating <2406> bytes
     1.200  board 1   woke up again
     2.000  board 1   Traceback (most recent call last):
     2.001  board 1     File "again.py", line 1, in main
     2.500  ground    board 1: died by itself
"""


def _cluster() -> Cluster:
    cluster = Cluster(4, seed=3)
    cluster.start()
    operation = cluster.request(["noop"])
    assert cluster.run(2000, lambda: cluster.confirmed(operation) is not None)
    for run in (24_000, 0):
        cluster.ground(
            "Health", board=1, board_ticks=5, heap_free=90_000, heap_run=run, applied_slot=1, frames_surplus=0
        )
    cluster.ground("Resume", resumed="cluster")
    cluster.ground("BoardCrash", board=2, reason="its <line> went dead")
    boot = next(line for line in cluster.lines if line["event"] == "Boot" and line["node"] == 0)
    told = {"event": "Restart", "reason": "MemoryError: 1200 bytes", "heap_free": 90_001, "heap_run": 801}
    cluster.lines.insert(cluster.lines.index(boot) + 1, boot | told)
    return cluster


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return _cluster().finish(tmp_path_factory.mktemp("words") / "trace.ndjson").read_bytes()


def _fill(folder: Path, trace: bytes) -> Path:
    about = {"run": "words-1", "scenario": "words", "seed": 1, "kind": "host", "started": "2026-03-04T05:06:07+00:00"}
    (folder / run_directory.TRACE).write_bytes(trace)
    (folder / run_directory.RUN).write_text(json.dumps(about))
    (folder / run_directory.SCENARIO).write_text(SCENARIO)
    (folder / run_directory.VERDICT).write_text(json.dumps(VERDICT))
    (folder / run_directory.VERSIONS).write_text(json.dumps(VERSIONS))
    (folder / run_directory.LOG).write_text(LOG)
    return folder


@pytest.fixture
def folder(tmp_path: Path, trace: bytes) -> Path:
    return _fill(tmp_path, trace)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, trace: bytes) -> str:
    return report.write(_fill(tmp_path_factory.mktemp("written"), trace)).read_text(encoding="utf-8")


class _Page(HTMLParser):
    """Tags that are open at the end, tags that close nothing, ids, texts by section, and tags seen."""

    EMPTY = {"meta", "input", "br"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: Counter[str] = Counter()
        self.tags: Counter[str] = Counter()
        self.sections: dict[str, str] = {}
        self._title = ""
        self._in_heading = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.ids.update(value for name, value in attrs if name == "id" and value)
        if tag not in self.EMPTY:
            self.open.append(tag)
        if tag == "h2":
            self._title, self._in_heading = "", True

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.update(value for name, value in attrs if name == "id" and value)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)
        if tag == "h2":
            self._in_heading = False

    def handle_data(self, data: str) -> None:
        if self._in_heading:
            self._title += data
        elif self._title:
            self.sections[self._title] = self.sections.get(self._title, "") + data + " "


def _section(written: str, title: str) -> str:
    return " ".join(_Page(written).sections[title].split())


# --- words ----------------------------------------------------------------------------------------


def test_date_and_versions_are_those_of_the_flight(written: str) -> None:
    assert "Flown on host boards, 2026-03-04 05:06:07 UTC; run words-1" in written
    versions = _section(written, "Versions")
    assert all(said in versions for said in ("3.11.7", "ab" * 32, "Linux", "pydantic 2.6"))


def test_scenario_is_described_in_words_and_kept_as_text(written: str) -> None:
    flown = _section(written, "As flown")
    assert "7 boards, until at least" in flown
    assert "board 3 is Byzantine: mixed (period ticks 77)" in flown
    assert "Loses a copy with probability 0.25 2 s to 30 s from 0, 1; only Vote probability 0.25" in flown
    assert "3 s board 1 kill, restart after 1.5 s" in flown
    assert "parameters = { period_ticks = 77 }" in flown


def test_each_property_is_shown_with_its_sentence_its_state_and_why_not(written: str) -> None:
    told = _section(written, "Properties")
    assert "CON-10 under an honest leader replicas vote only for its proposal violated" in told
    assert "CON-2 registers read back after a reboot are those of the votes cast" in told
    assert "not checked: the trace does not tell slot 4" in told
    assert "not checked: no event of this run concerns it" in told
    assert told.index("CON-2 ") < told.index("CON-10 ")
    assert re.search(r'<tr class="bad"><th>CON-10</th>', written)


def test_every_identifier_that_a_checker_names_has_a_sentence() -> None:
    known = properties.read()
    named = {
        identifier
        for path in (properties.FOLDER / "checking").rglob("*.py")
        for identifier in re.findall(r'"([A-Z]{3}-\d+)"', path.read_text(encoding="utf-8"))
    }
    assert len(named) > 50
    of_any_module = {"TLC-3"}  # in verdicts on traces of other systems, which have no report
    assert named - of_any_module <= known.keys()
    assert all(len(each.sentence) > 20 for each in known.values())
    assert known["ORD-2"].sentence == "a message is received at a later Lamport time than it was sent"
    # One sentence says one thing.
    assert len({each.sentence for each in known.values()}) == len(known)


def test_the_report_names_what_the_mission_waits_for(written: str) -> None:
    told = _section(written, "Verdict")
    assert "What it waits for slot 5 has 2 of 3 votes board 2 was not heard" in told


def test_tracebacks_stand_in_the_report_and_a_silent_death_has_its_reason(written: str, folder: Path) -> None:
    told = _section(written, "Boards that failed")
    assert "board 1, 1.000 s: MemoryError: memory allocation failed, allocating <2406> bytes" in told
    assert 'File "main.py", line 83, in main' in told
    assert "hello" not in told
    assert "woke up again" not in told
    assert "board 1, 2.000 s: a traceback that was cut off" in told
    assert "its <line> went dead It printed nothing." in told
    assert "board 0, 0.000 s: restarted by itself: MemoryError: 1200 bytes" in told
    assert "90001 bytes of heap were free, the longest run 801" in told
    assert [failure.board for failure in report_failures.read(folder / run_directory.LOG)] == [1, 1]


def test_a_restart_and_the_traceback_before_it_are_one_failure() -> None:
    series = Series()
    series.restarts = [(1, 2.0, "MemoryError: 1", "9 bytes"), (1, 5.0, "MemoryError: 2", "8 bytes")]
    series.failures = [(1, 9.0, "")]
    printed = [Failure(1, 1.9, "MemoryError: 1", "first"), Failure(1, 9.0, "ValueError: 3", "third")]
    told = report_words.crashes(series, [*printed, Failure(2, 1.0, "other", "board")])
    assert [(failure.board, failure.at, failure.what, failure.text) for failure in told] == [
        (2, 1.0, "other", "board"),
        (1, 2.0, "restarted by itself: MemoryError: 1", "first\n9 bytes"),
        (1, 5.0, "restarted by itself: MemoryError: 2", "MemoryError: 2\n8 bytes"),
        (1, 9.0, "ValueError: 3", "third"),
    ]


def test_the_report_does_not_repeat_the_table_of_waiting(folder: Path) -> None:
    line = {"name": "waits for", "status": "open", "detail": "slot 5 has 2 of 3 votes"}
    (folder / run_directory.VERDICT).write_text(json.dumps(VERDICT | {"lines": [line]}))
    assert report.write(folder).read_text().count("slot 5 has 2 of 3 votes") == 1


def test_many_failures_are_counted_not_shown(folder: Path) -> None:
    (folder / run_directory.LOG).write_text(LOG * 20)
    told = _section(report.write(folder).read_text(), "Boards that failed")
    assert told.count("MemoryError: memory allocation failed, allocating <2406> bytes") <= 2 * 12
    assert "further ones are in ground.log" in told


def test_resume_is_reported_and_drawn(written: str) -> None:
    assert "the ground station was down, and another one resumed the run: " in _section(written, "Mission")
    assert "after run cluster" in _section(written, "Mission")
    assert "<!-- ground station resumed -->" in written


# --- heap and passes ------------------------------------------------------------------------------


def test_heap_of_a_board_is_drawn_if_it_was_reported(written: str, folder: Path, trace: bytes) -> None:
    part = written[written.index("<h2>Heap of the boards") : written.index("<h2>Space-time diagram")]
    said = set(re.findall(r"<!-- (.+?) -->", part))
    assert {"free heap", "longest free run", "boot", "board 1", "kB", "mission time (s)"} <= said
    assert not {"board 0", "board 2", "board 3"} & said
    lines = [line for line in trace.splitlines(keepends=True) if b'"Health"' not in line]
    (folder / run_directory.TRACE).write_bytes(b"".join(lines))
    assert "Heap of the boards" not in report.write(folder).read_text()


@pytest.mark.parametrize(("board", "free"), [(1, 0), (9, 7000)])
def test_heap_is_drawn_of_a_board_that_has_none_left_or_traced_nothing(trace: bytes, board: int, free: int) -> None:
    collector = Collector()
    for line in trace.splitlines():
        event = json.loads(line)
        if event["event"] == "Health":
            collector.feed(event | {"board": board, "heap_free": free, "heap_run": 0})
    assert f"<!-- board {board} -->" in heap(collector.series(), [])


@pytest.mark.parametrize(("boots", "lines"), [([0.5], 1), ([0.5, 4.5], 2)])
def test_a_heaps_line_ends_with_the_life_that_it_is_of(boots: list[float], lines: int) -> None:
    series = Series(end_seconds=9.0, boots=[(1, at) for at in boots])
    series.health[1] = [Health(at, 9_000, 0) for at in (1.0, 2.0, 3.0, 6.0, 7.0)]
    drawn = re.search(r'<path d="(M [^"]+)"[^>]*stroke-width: 1.5', heap(series, []))
    assert drawn is not None
    assert drawn[1].count("M") == lines


def test_passes_are_listed_from_acquisition_to_loss_of_signal(folder: Path) -> None:
    [lander] = contacts(scenario.load(str(folder / run_directory.SCENARIO)), 115.0)
    assert (lander.name, lander.links) == ("lander", "to 2")
    assert lander.passes == [(10.0, 20.0), (60.0, 70.0), (110.0, 115.0)]


@pytest.mark.parametrize("change", ["", "start = 15", "end = 62", "start = 12\nend = 33"])
def test_passes_are_those_of_the_ether(tmp_path: Path, change: str) -> None:
    text = SCENARIO.replace("period_seconds = 50", f"period_seconds = 50\n{change}").replace('"hold"', '"drop"')
    (tmp_path / "s.toml").write_text(text)
    loaded = scenario.load(str(tmp_path / "s.toml"))
    [lander] = contacts(loaded, 170.0)
    for tenth in range(1700):
        second = tenth / 10
        arrives = bool(loaded.fault_plan().fates(second, 5, 2, 0, bytes(80), (Vote.KIND,), {}).deliveries)
        assert arrives == any(aos <= second < los for aos, los in lander.passes), second


def test_sights_between_places_are_those_of_the_ether() -> None:
    loaded = scenario.load("contact-windows")
    found = {each.name: each for each in contacts(loaded, 20_000.0)}
    assert {"leo in sight of moon", "leo in sight of geo", "lander uplink", "relay down"} <= found.keys()
    rules = tuple(rule for rule in loaded.faults if rule.fault == "orbits")
    plan = loaded.fault_plan().model_copy(update={"rules": rules})
    for second in range(0, 20_000, 13):
        arrives = bool(plan.fates(float(second), 1, 2, 0, bytes(80), (Vote.KIND,), {}).deliveries)
        assert arrives == any(aos <= second < los for aos, los in found["leo in sight of moon"].passes), second


# --- the page -------------------------------------------------------------------------------------


def test_page_is_sound_and_names_are_not_markup(written: str) -> None:
    page = _Page(written)
    assert not page.open
    assert not page.wrong
    assert not page.tags["script"], "a name became markup, or the page needs a script"
    assert not page.tags["b"]
    assert not page.tags["line"]
    assert [name for name, count in page.ids.items() if count > 1] == []
    pictures = re.findall(r"<svg.*?</svg>", written, re.DOTALL)
    assert len(pictures) >= 4
    for svg in pictures:
        ElementTree.fromstring(svg)
    assert "A <b>bold</b> mission & more." not in written


def test_every_kind_of_message_has_a_switch_that_the_style_knows(written: str) -> None:
    switches = set(re.findall(r'<input type="checkbox" checked class="t-([a-z0-9-]+)">', written))
    assert {"proposal", "vote-1", "vote-4"} <= switches
    assert "rest" in switches
    assert re.search(r'<g class="k-vote-\d rest"><title>\d+ further messages', written)
    for switch in switches - {"rest", "lost"}:
        assert f".t-{switch}:not(:checked)) .k-{switch} {{ display: none; }}" in written
        assert f'class="k-{switch}' in written


def test_report_is_the_same_each_time_it_is_drawn(folder: Path) -> None:
    first = report.write(folder).read_bytes()
    assert report.write(folder).read_bytes() == first


def test_clouds_of_points_are_thinned_and_the_picture_says_so() -> None:
    points = list(range(3 * POINTS_MAX + 1))
    shown = thin(points)
    assert POINTS_MAX / 2 < len(shown) <= POINTS_MAX
    assert shown[-1] == points[-1]
    assert list(shown) == sorted(shown)
    assert thinned(len(points)) == f" Of {len(points)} samples, one in 4 is drawn."
    assert thin([1, 2]) == [1, 2]
    assert thinned(2) == ""


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("run.json", lambda about: about.pop("scenario"), "scenario: is missing"),
        ("run.json", lambda about: about.update(seed="one"), "seed: want an integer"),
        ("verdict.json", lambda verdict: verdict.update(lines={}), "lines: want a list"),
        ("verdict.json", lambda verdict: verdict.update(lines=[7]), "lines[0]: want an object"),
        ("verdict.json", lambda verdict: verdict.pop("invariants"), "invariants: is missing"),
    ],
)
def test_broken_records_are_named(folder: Path, name: str, change: Callable[[Any], Any], said: str) -> None:
    content = json.loads((folder / name).read_text())
    change(content)
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(RunDirectoryError, match=re.escape(name)) as caught:
        report.write(folder)
    assert said in str(caught.value)
