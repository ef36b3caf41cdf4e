"""Every figure of a debrief is recomputed here from the trace alone, of a flight with three injects."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.debrief import write
from tests.support.host_flight import fly
from tests.unit.groundstation.debrief.made_up import Figures, section

LEASE = {"kind": "telecommand", "verb": "lease-acquire", "fields": {"resource": "d", "holder": 1, "slots": 5}}
PROCEDURE = {
    "title": "Acquire",
    "steps": [
        {"name": "look", "expect": {"voting": 4}, "within_seconds": 20.0},
        {"name": "acquire", "hold": True, "poll": ["operator"], "order": LEASE, "expect": {"stage": "confirmed"}},
        {"name": "wait", "expect": {"voting": 4}, "delay_seconds": 5.0},
    ],
}
INJECTS = [
    {
        "name": "two halves",
        "step": "acquire",
        "order": {
            "kind": "fault",
            "name": "halves",
            "seconds": 6.0,
            "rule": {"fault": "partition", "groups": [[0, 1], [2, 3]]},
        },
    },
    {
        "name": "board 2 fails",
        "at": 8.0,
        "order": {"kind": "board", "board": 2, "action": "kill", "fields": {"restart_after": 1.5}},
    },
    {
        "name": "late frames",
        "at": 9.0,
        "order": {"kind": "fault", "name": "late", "rule": {"fault": "delay", "seconds": 0.01}},
    },
]
NAMES = [inject["name"] for inject in INJECTS]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mission = {"slots": 20, "limit_seconds": 60.0}
    workload = {"operations": 40, "in_flight": 2, "pause_seconds": 0.2}
    folder = tmp_path_factory.mktemp("debrief")
    flight = fly(folder, mission=mission, workload=workload, procedure=PROCEDURE, injects=INJECTS)
    assert flight.outcome == "complete"
    return flight.directory


@pytest.fixture(scope="module")
def lines(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "trace.ndjson").read_text().split("\n")[:-1]]


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    return write.write(run).read_text()


def _first(lines: list[dict[str, Any]], after: int, **wanted: Any) -> int:
    """The number of the first line after line `after` that has these fields. 0: there is none."""
    for number, line in enumerate(lines, 1):
        if number > after and all(line.get(name) == value for name, value in wanted.items()):
            return number
    return 0


def _untraced(page: str, lines: list[dict[str, Any]]) -> list[str]:
    """The figures of a page that are not the second of their line, or the difference of two."""
    found = []
    for attributes, text in Figures(page).figures:
        second = lines[int(attributes["data-line"]) - 1]["received"] + float(attributes.get("data-later", "0"))
        since = float(attributes.get("data-from-later", "0"))
        since += lines[int(attributes["data-from"]) - 1]["received"] if "data-from" in attributes else 0.0
        is_right = abs(float(attributes["value"]) - (second - since)) < 1e-6 and second >= since
        if not is_right or text.removesuffix(" s").removeprefix("+") != f"{second - since:.3f}":
            found.append(f"{text} {attributes}")
    return found


def test_each_figure_is_the_second_of_its_line_or_the_difference_of_two(page: str, lines: list[dict[str, Any]]) -> None:
    kinds = Counter(attributes["class"] for attributes, _ in Figures(page).figures)
    assert kinds["at"] > 30
    assert kinds["after"] > 20
    assert not _untraced(page, lines)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (r'data-line="(\d+)"', lambda found: f'data-line="{int(found[1]) - 40}"'),  # of another line
        (r'data-from="(\d+)"', lambda found: f'data-from="{int(found[1]) - 40}"'),  # since another line
        (r'data-later="6.000000"', lambda found: 'data-later="5.000000"'),  # another end of a fault
        (r">\+(\d)\.", lambda found: f">+{int(found[1]) + 1}."),  # another text than its value
    ],
)
def test_a_wrong_figure_would_be_noticed(
    page: str, lines: list[dict[str, Any]], before: str, after: Callable[[re.Match[str]], str]
) -> None:
    figure = next(each for each in re.findall(r"<data [^>]*>[^<]*</data>", page) if re.search(before, each + "<"))
    planted = page.replace(figure, re.sub(before, after, figure, count=1))
    assert planted != page
    assert _untraced(planted, lines)


def test_no_number_stands_in_a_chapter_without_its_line(page: str) -> None:
    """But in words of the trace itself, and counts, which are recounted below."""
    for title in ("Injects, detection and response", "Procedure", "Go / no-go", "Orders", "Alarms", "Notes"):
        text = section(page, title)
        told = re.sub(r"<data[^>]*>[^<]*</data>", "", text)
        assert not re.findall(r"<t[dh]>[+-]?\d+\.\d+ s", told), title


def test_what_came_of_each_inject_is_recomputed(page: str, lines: list[dict[str, Any]]) -> None:
    figures = [attributes for attributes, _ in Figures(section(page, "Injects, detection and response")).figures]
    begun = [_first(lines, 0, event="Inject", inject=name, status="begun") for name in NAMES]
    played = [int(each["data-line"]) for each in figures if each["class"] == "at"][:3]
    assert played == begun
    spans: dict[int, set[int]] = {}
    for each in figures:
        if each["class"] == "after":
            spans.setdefault(int(each["data-from"]), set()).add(int(each["data-line"]))
    halves, killed, late = (spans[number] for number in begun)
    # What took effect, and what mended it.
    assert _first_count(lines, begun[0], "halves") in halves
    assert _first(lines, begun[0], event="Order", order="inject/two halves") in halves
    died = _first(lines, begun[1], event="BoardKill", board=2)
    assert {died, _first(lines, died, event="Boot", node=2)} <= killed
    assert _first_count(lines, begun[2], "late") in late
    # The step that was left next.
    for number, found in zip(begun, (halves, killed, late)):
        assert _first(lines, number, event="Procedure", status="done") in found


def _first_count(lines: list[dict[str, Any]], after: int, rule: str) -> int:
    """The first line after `after` by which the ether says that frames met a rule."""
    return next(
        number
        for number, line in enumerate(lines, 1)
        if number > after and line["event"] == "Fault" and line["counts"].get(rule)
    )


def test_counts_are_recounted(page: str, lines: list[dict[str, Any]]) -> None:
    found = Figures(section(page, "Debrief"))
    polls = Counter(line["answer"] for line in lines if line["event"] == "Poll")
    ends = Counter(line["status"] for line in lines if line["event"] == "Procedure")
    assert found.row("injects and faults by order")[1] == "3"
    assert found.row("answers go")[1] == str(polls["go"])
    assert found.row("answers no-go")[1] == str(polls["no-go"]) == "0"
    assert found.row("steps of the procedure")[1] == "3"
    assert found.row("of these, done")[1] == str(ends["done"]) == "3"
    assert found.row("orders of people")[1] == "0"
    # The board is off for more than a second: the console called for it.
    assert int(found.row("alarms raised")[1]) >= 1


def test_the_swarm_at_each_answer_is_recounted(page: str, lines: list[dict[str, Any]]) -> None:
    rows = Figures(section(page, "Go / no-go")).rows[1:]
    polls = [number for number, line in enumerate(lines, 1) if line["event"] == "Poll"]
    assert len(rows) == len(polls) >= 2
    for row, number in zip(rows, polls):
        assert f"line {number}" in row[0]
        heard = {line["node"] for line in lines[:number] if line["node"] < 4 and line["event"] == "Boot"}
        assert row[4] == f"{len(heard)} of 4 heard and voting; quorum 3"


def test_the_partition_is_named_by_why_and_the_kill_by_an_alarm(page: str) -> None:
    text = section(page, "Injects, detection and response")
    rows = Figures(text).rows
    explained = [row for row in rows if row[0] == "first named by why?"]
    assert "fewer than 3 boards hear each other" in explained[0][3]
    alarms = [row for row in rows if row[0] == "first alarm"]
    assert alarms[1][3].startswith("board off, board 2 raised, critical")


def test_injects_are_drawn_and_named(page: str) -> None:
    assert "1, two halves; 2, board 2 fails; 3, late frames" in section(page, "Mission")
    assert "#7b2d91" in section(page, "Mission")


def test_seed_hashes_and_commands_are_those_of_the_files(page: str, run: Path) -> None:
    found = Figures(section(page, "Fly it again"))
    for name in ("trace.ndjson", "scenario.toml"):
        assert found.row(f"SHA-256 of {name}")[1] == hashlib.sha256((run / name).read_bytes()).hexdigest()
    assert found.row("seed")[1] == "1"
    assert [row[0] for row in found.rows[:2]] == [
        f"amu rehearse --replay {run}",
        f"amu console {run / 'scenario.toml'}",
    ]
