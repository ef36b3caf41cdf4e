"""Readers of recorded histories and `amu linearizable`: how they read good lines, and their errors for bad ones."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from swarm_sim.commands.linearizable import linearizable
from swarm_sim.linearizability.readers import HistoryError, read_etcd, read_key_value
from tests import ROOT

APP = typer.Typer()
APP.command()(linearizable)


def etcd(*lines: str) -> str:
    return "".join(f"INFO  jepsen.util - {line}\n" for line in lines)


def store(*lines: str) -> str:
    return "".join("{" + line + "}\n" for line in lines)


def write(folder: Path, text: str) -> Path:
    path = folder / "history.log"
    path.write_text(text)
    return path


def test_etcd_outcomes(tmp_path: Path) -> None:
    text = etcd(
        "0\t:invoke\t:read\tnil",
        "1   :invoke :write  4",
        "0\t:ok\t:read\tnil",
        "1   :info   :write  :timed-out",
        "2\t:invoke\t:cas\t[4 2]",
        "2\t:fail\t:cas\t[4 2]",
        "2\t:invoke\t:cas\t[4 3]",
        "2\t:fail\t:cas\t:timed-out",
        "3\t:invoke\t:read\tnil",
        "3\t:fail\t:read\t:timed-out",
        "4\t:invoke\t:cas\t[1 2]",
    )
    text = "INFO  jepsen.core - Worker 1 starting\n\n" + text + "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
    found = [
        (one.request, one.response, one.invoked, one.returned) for one in read_etcd(write(tmp_path, text)).operations
    ]
    assert found == [
        (("read",), None, 3, 5),
        (("write", 4), None, 4, None),
        (("cas", 4, 2), False, 7, 8),
        (("cas", 1, 2), None, 13, None),
    ]


def test_store_outcomes(tmp_path: Path) -> None:
    text = store(
        ':process 0, :type :invoke, :f :append, :key "a", :value "x 0 0 y"',
        ':process 1, :type :invoke, :f :get, :key "a", :value nil',
        ':process 0, :type :info, :f :append, :key "a", :value nil',
        ':process 1, :type :ok, :f :get, :key "a", :value ""',
        ':process 2, :type :invoke, :f :put, :key "a", :value "z"',
        ':process 2, :type :ok, :f :put, :key "a", :value "z"',
    )
    found = [(one.request, one.response, one.returned) for one in read_key_value(write(tmp_path, text)).operations]
    assert found == [(("append", "a", "x 0 0 y"), None, None), (("get", "a"), "", 4), (("put", "a", "z"), True, 6)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (etcd("0 :invoke :read 4"), ":1: want nil after :invoke :read, not `4`"),
        (etcd("0 :invoke :write x"), ":1: want a number after :invoke :write, not `x`"),
        (etcd("0 :invoke :cas 4"), ":1: want `[OLD NEW]` after :cas, not `4`"),
        (etcd("0 :ok :read 4"), ":1: want an :invoke of process 0 before its :ok"),
        (etcd("0 :invoke :read nil", "0 :invoke :read nil"), ":2: process 0 still waits for its call in line 1"),
        (etcd("0 :invoke :read nil", "0 :ok :write 1"), ":2: want the outcome of :read"),
        (etcd("0 :invoke :write 1", "0 :ok :write 2"), ":2: want the values of :write in line 1"),
    ],
)
def test_bad_etcd_lines_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(HistoryError) as caught:
        read_etcd(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (store(":process 0"), ":1: want `{:process N, :type"),
        (store(':process 0, :type :invoke, :f :put, :key "a", :value nil'), ":1: want `:value"),
        (
            store(
                ':process 0, :type :invoke, :f :get, :key "a", :value nil',
                ':process 0, :type :ok, :f :get, :key "b", :value ""',
            ),
            ":2: want the key of :get in line 1",
        ),
    ],
)
def test_bad_store_lines_are_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(HistoryError) as caught:
        read_key_value(write(tmp_path, text))
    assert said in str(caught.value)


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HistoryError, match="line 1: not UTF-8"):
        read_etcd(path)


SEPARATORS = ("\u2028", "\u2029", "\u0085", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e")


@pytest.mark.parametrize("separator", SEPARATORS, ids=lambda one: f"{ord(one):04x}")
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_separator_in_a_string_ends_no_line(tmp_path: Path, separator: str, end: str) -> None:
    lines = [
        f':process 0, :type :{outcome}, :f :{verb}, :key "k{separator}", :value {value}'
        for outcome, verb, value in (
            ("invoke", "put", f'"a{separator}b"'),
            ("ok", "put", f'"a{separator}b"'),
            ("invoke", "get", "nil"),
            ("ok", "get", f'"a{separator}b"'),
        )
    ]
    path = tmp_path / "history.log"
    path.write_bytes(store(*lines).replace("\n", end).encode())
    found = read_key_value(path)
    assert [one.request[1] for one in found.operations] == [f"k{separator}"] * 2
    assert found.operations[1].response == f"a{separator}b"
    assert (found.operations[1].invoked, found.skipped) == (3, 0)


def test_no_reader_of_the_project_splits_where_no_line_ends() -> None:
    """str.splitlines takes eight more characters for ends of lines than files have; strings may hold all of them."""
    root = ROOT
    folders = ("groundstation", "swarm_sim", "specs", "hil", "firmware")
    sources = [path for folder in folders for path in (root / folder).rglob("*.py")]
    assert len(sources) > 150
    assert [str(path) for path in sources if ".splitlines(" in path.read_text(encoding="utf-8")] == []


NOISE = (
    "WARN  jepsen.core - Process 2 indeterminate\n"
    "java.net.SocketTimeoutException: Read timed out\n"
    "\tat java.net.SocketInputStream.socketRead0(Native Method) ~[na:1.8]\n"
    "INFO  jepsen.util - :nemesis :info :start nil\n"
    "2026-01-01 12:00:00 ERROR something - 5 :else\n"
)


def test_lines_of_other_loggers_are_skipped_and_counted(tmp_path: Path) -> None:
    found = read_etcd(write(tmp_path, NOISE + GOOD + NOISE))
    assert (len(found.operations), found.skipped) == (2, 10)
    path = write(tmp_path, "WARN unrelated\n\n" + store(':process 0, :type :invoke, :f :put, :key "", :value ""'))
    assert (len(read_key_value(path).operations), read_key_value(path).skipped) == (1, 1)


@pytest.mark.parametrize(
    "line",
    [
        "INFO jepsen.util - 0 :invoke :swap 1",
        "WARN jepsen.util - 0 :ok :write 1",
        "INFO [worker 0] jepsen.util: 0 :invoke :read nil",
        "INFO  jepsen.util - 0",
        "INFO  jepsen.util - ² :invoke :read nil",
        "INFO  jepsen.util - 0 :invoke :write ²",
        "INFO  jepsen.util - 0 :invoke :write " + "9" * 5000,
    ],
)
def test_a_line_of_an_operation_is_never_skipped(tmp_path: Path, line: str) -> None:
    history = write(tmp_path, GOOD + line + "\n")
    if "²" in line and "write" not in line:
        assert read_etcd(history).skipped == 1  # no process has such a number
        return
    with pytest.raises(HistoryError, match=":5: want"):
        read_etcd(history)


@pytest.mark.parametrize("text", ["", "\n\n", NOISE, "\ufeff"])
@pytest.mark.parametrize("kind", ["etcd", "kv"])
def test_a_file_without_operations_does_not_pass(tmp_path: Path, text: str, kind: str) -> None:
    result = run(write(tmp_path, text), "--format", kind)
    assert result.exit_code == 5
    assert " unknown " in result.stdout
    assert "it holds no operation" in result.stderr


@pytest.mark.parametrize("arguments", [("--sample", "a.log"), (), ("--sample", "--format", "kv"), ("a.log",)])
def test_the_histories_to_decide_must_be_given(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_histories_come_with_the_package() -> None:
    result = run("--sample", "--json")
    rows = json.loads(result.stdout)["histories"]
    found = {Path(row["file"]).name: row["linearizable"] for row in rows}
    assert found == {"register.etcd.log": True, "stale.etcd.log": False, "store.kv.log": True}
    assert [row["skipped"] for row in rows] == [5, 0, 0]


GOOD = etcd("0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :read nil", "0 :ok :read 1")
BAD = etcd("0 :invoke :write 1", "0 :ok :write 1", "0 :invoke :read nil", "0 :ok :read nil")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_one_line_a_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.log", tmp_path / "bad.log"
    good.write_text(GOOD)
    bad.write_text(BAD)
    result = run(good, bad, "--format", "etcd")
    assert result.exit_code == 0
    rows = [line.split() for line in result.output.splitlines()]
    assert [row[:2] for row in rows] == [[str(good), "true"], [str(bad), "false"]]
    assert all(float(row[2]) >= 0 for row in rows)


def test_why_not(tmp_path: Path) -> None:
    result = run(write(tmp_path, BAD), "--format", "etcd", "--explain")
    assert "line 1, process 0: write 1 -> True" in result.output
    assert "no order explains line 3, process 0: read -> None" in result.output


def test_json(tmp_path: Path) -> None:
    result = run(write(tmp_path, BAD), "--format", "etcd", "--json")
    (row,) = json.loads(result.output)["histories"]
    assert row["linearizable"] is False
    assert row["stuck"] == "line 3, process 0: read -> None"


def test_unknown_exits_5(tmp_path: Path) -> None:
    result = run(write(tmp_path, GOOD), "--format", "etcd", "--steps-max", "1", "--explain")
    assert result.exit_code == 5
    assert " unknown " in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere", "--format", "etcd"], "/nowhere"),
        ([__file__, "--format", "kv"], f"amu linearizable: {__file__}:"),
        ([__file__, "--format", "csv"], "no format 'csv': give one of etcd, kv"),
        ([__file__], "--format"),
    ],
)
def test_bad_input_exits_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
