"""Readers of recorded histories and `amu linearizable`: what they make of good lines, and what they say of bad ones."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from swarm_sim.commands.linearizable import linearizable
from swarm_sim.linearizability.readers import HistoryError, read_etcd, read_key_value

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
    found = [(one.request, one.response, one.invoked, one.returned) for one in read_etcd(write(tmp_path, text))]
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
    found = [(one.request, one.response, one.returned) for one in read_key_value(write(tmp_path, text))]
    assert found == [(("append", "a", "x 0 0 y"), None, None), (("get", "a"), "", 4), (("put", "a", "z"), True, 6)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no operations"),
        ("something\n", ":1: want `INFO jepsen.util - PROCESS"),
        (etcd("0 :invoke :read 4"), ":1: want nil after :invoke :read, not `4`"),
        (etcd("0 :invoke :write x"), ":1: want a number after :invoke :write, not `x`"),
        (etcd("0 :invoke :cas 4"), ":1: want `[OLD NEW]` after :cas, not `4`"),
        (etcd("0 :ok :read 4"), ":1: want an :invoke of process 0 before its :ok"),
        (etcd("0 :invoke :read nil", "0 :invoke :read nil"), ":2: process 0 still waits for its call in line 1"),
        (etcd("0 :invoke :read nil", "0 :ok :write 1"), ":2: want what became of :read"),
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


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HistoryError, match="want text in UTF-8"):
        read_etcd(path)


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
        ([__file__, "--format", "kv"], f"{__file__}:1: want"),
        ([__file__, "--format", "csv"], "no format 'csv': give one of etcd, kv"),
        ([__file__], "--format"),
    ],
)
def test_bad_input_exits_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
