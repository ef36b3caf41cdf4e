"""Looks into a trace: by offset, by mission second, and for lines that lack another one before them."""

import json
from pathlib import Path

import pytest

from groundstation.web import history
from groundstation.web.history import Query

FIELDS = {
    "Vote4": {"slot": 1, "view": 0, "value": "00" * 32},
    "Decide": {"slot": 1, "view": 0, "value": "00" * 32},
    "Silent": {"reason": "r"},
}


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """500 lines, two a second: board 1 votes in each second, board 2 decides half a second later, but not at 40 s."""
    path = tmp_path / "trace.ndjson"
    with path.open("w") as file:
        for second in range(250):
            told = [("Vote4", 1, float(second)), ("Decide" if second != 40 else "Silent", 2, second + 0.5)]
            for name, node, at in told:
                head = {"node": node, "boot": 0, "seq": 0, "lamport": 0, "ticks": 0, "received": at, "event": name}
                file.write(json.dumps({**head, **FIELDS[name], "pad": "x" * (second % 7)}) + "\n")
    return path


def test_a_moment_is_found_by_bisection(trace: Path) -> None:
    for second in (0.0, 0.2, 17.0, 17.5, 17.7, 249.5):
        offset = history.at_second(trace, second)
        (line, *_) = history.read(trace, offset, offset + 1, 1)
        assert line["received"] == min(at / 2 for at in range(500) if at / 2 >= second)
    assert history.at_second(trace, 1e9) == trace.stat().st_size


def test_parts_of_a_trace_are_its_lines(trace: Path) -> None:
    whole = history.read(trace, 0, trace.stat().st_size, 1000)
    assert len(whole) == 500
    parts, begin = [], 0
    while begin < trace.stat().st_size:
        end = history.begin_of_line(trace, begin + 1000)
        parts += history.read(trace, begin, end, 1000)
        begin = end
    assert parts == whole


@pytest.mark.parametrize("data", [b"", b"\n", b"a", b"a\n", b"a\nb", b"\n\na\n\n", b"a\nbc\n", b"long\nab\ncd\ne"])
def test_the_end_of_a_file_has_its_whole_lines_from_the_last_one_on(
    tmp_path: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trace.ndjson"
    path.write_bytes(data)
    assert list(history.from_the_end(path)) == data.split(b"\n")[-2::-1]
    monkeypatch.setattr(history, "END_BYTES", 5)
    assert list(history.from_the_end(path)) == data[-5:].split(b"\n")[-2::-1]
    assert list(history.from_the_end(tmp_path / "none")) == []


def _all(trace: Path, query: Query) -> list[float]:
    found, first = [], 0
    while first is not None:
        lines, goes_on = history.search(trace, query, first)
        found += [line["received"] for line in lines]
        first = goes_on
    return found


def test_words_must_all_be_there(trace: Path) -> None:
    assert _all(trace, Query(("vote4",))) == [float(second) for second in range(250)]
    assert _all(trace, Query(("vote4", '"node": 2'))) == []


def test_what_is_not_preceded_by_another_is_found(trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query = Query(("vote4",), ("decide",), 0.6)
    wanted = [0.0, 41.0]  # nothing was decided before the first, nor at 40.5 s
    assert _all(trace, query) == wanted
    monkeypatch.setattr(history, "SEARCH_BYTES_MAX", 700)  # in many parts: the same
    assert _all(trace, query) == wanted
    assert _all(trace, Query(("vote4",), ("decide",), 0.4)) == [float(second) for second in range(250)]


def test_a_torn_end_is_no_line(trace: Path) -> None:
    with trace.open("a") as file:
        file.write('{"event": "Vote4", "received": 9')
    assert len(history.read(trace, 0, trace.stat().st_size, 1000)) == 500
    assert len(_all(trace, Query(("vote4",)))) == 250
