"""Jepsen's history.edn: the notation, the operations of each model, verdicts, and what is said of bad input."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from swarm_sim.commands.linearizable import KNOSSOS, linearizable
from swarm_sim.linearizability import edn
from swarm_sim.linearizability.checker import check
from swarm_sim.linearizability.history import ILLEGAL, LINEARIZABLE
from swarm_sim.linearizability.jepsen import VERBS, read_edn
from swarm_sim.linearizability.jepsen_models import JEPSEN_MODELS
from swarm_sim.linearizability.readers import HistoryError

APP = typer.Typer()
APP.command()(linearizable)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def event(process: int, kind: str, verb: str, value: str = "nil") -> str:
    return f'{{:process {process}, :type :{kind}, :f :{verb}, :value {value}, :time 12345, :error [:x "y"]}}'


def done(process: int, verb: str, value: str = "nil", answer: str = "") -> list[str]:
    """A call and its outcome."""
    asked = "nil" if answer else value
    return [event(process, "invoke", verb, asked), event(process, "ok", verb, answer or value)]


def lost(process: int, verb: str, value: str = "nil") -> list[str]:
    return [event(process, "invoke", verb, value), event(process, "info", verb, value)]


def failed(process: int, verb: str, value: str = "nil") -> list[str]:
    return [event(process, "invoke", verb, value), event(process, "fail", verb, value)]


def write(folder: Path, *lines: str) -> Path:
    path = folder / "history.edn"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1 +1 1N 01", ["1", "1", "1", "1"]),
        ("-0 0 -7", ["0", "0", "-7"]),
        ("1.0 2e3 1/2 nil true :a/b sym", ["1.0", "2000.0", "1/2", "nil", "true", ":a/b", "sym"]),
        ('"a\\n\\u00e9\\"" \\a \\newline', ['"a\\n\\u00e9\\""', "\\a", "\\newline"]),
        ("[1 (2 3)]", ["1", "[2 3]"]),
        ("#{2 1} {:b 1, :a 2}", ["#{1 2}", "{:a 2, :b 1}"]),
        ("1.0 1.00 1e0 -0.0 2/4 1.50M ##NaN", ["1.0", "1.0", "1.0", "0.0", "1/2", "1.5M", "##NaN"]),
        ("; a note\n#_ {:a #_ 1 2} 3", ["3"]),
        ('#jepsen.history.Op{:a 1} #inst "2020"', ["{:a 1}", '#inst "2020"']),
        ('"\u2028"', ['"\\u2028"']),
        ("", []),
    ],
)
def test_values_have_one_normal_form(text: str, want: list[str]) -> None:
    assert [edn.shown(value) for _, value in edn.forms(text)] == want


def test_a_list_equals_a_vector_and_kinds_of_atoms_differ() -> None:
    values = [value for _, value in edn.forms('(1) [1] #{1} 1 1.0 "1" :1 true')]
    assert values[0] == values[1]
    assert len(set(values)) == 7


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[1\n2", 1, "`[` is not closed"),
        ("1\n]", 2, "`]` closes nothing"),
        ("[1\n}", 2, "`}` closes nothing"),
        ("{:a 1\n :b}", 1, "a value for each key"),
        ("\n{:a 1 :a 2}", 2, "`:a` is twice in a map"),
        ("#{1 1N}", 1, "`1` is twice in a set"),
        ("1/0", 1, "no 0 below the line"),
        ("1." + 101 * "0", 1, "at most 100 characters"),
        ("\n\n'x", 3, "want EDN, not `'x`"),
        ("0x1f", 1, "want EDN, not `0x1f`"),
        ("^{:a 1} []", 1, "want EDN"),
        ('"a\nb', 1, "want EDN"),
        ('"\\q"', 1, "escape"),
        ("#_", 1, "want a value after `#_`"),
        ("[#tag]", 1, "want a value after `#tag`"),
        ("[" * 100_000, 1, "collections inside each other"),
    ],
)
def test_bad_notation_is_named(text: str, line: int, said: str) -> None:
    with pytest.raises(edn.EdnError) as caught:
        list(edn.forms(text))
    assert said in str(caught.value)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("model", "lines", "verdict"),
    [
        ("register", done(0, "write", "4") + done(1, "read", answer="4"), LINEARIZABLE),
        ("register", done(0, "write", "4") + done(1, "read", answer='"4"'), ILLEGAL),
        ("register", done(0, "write", "4") + done(1, "read", answer="nil"), LINEARIZABLE),  # the answer is not known
        ("register", failed(0, "write", "4") + done(1, "read", answer="4"), ILLEGAL),
        ("register", lost(0, "write", "4") + done(1, "read", answer="4"), LINEARIZABLE),
        ("register", [event(0, "invoke", "write", "4"), *done(1, "read", answer="4")], LINEARIZABLE),
        ("cas-register", done(0, "cas", "[nil 4]") + done(1, "read", answer="4"), LINEARIZABLE),
        ("cas-register", done(0, "cas", "[1 4]"), ILLEGAL),
        ("cas-register", failed(0, "cas", "[nil 4]") + done(1, "read", answer="4"), ILLEGAL),
        ("mutex", done(0, "acquire") + done(0, "release") + done(1, "acquire"), LINEARIZABLE),
        ("mutex", done(0, "acquire") + failed(1, "acquire") + done(2, "acquire"), ILLEGAL),
        ("mutex", done(0, "acquire") + lost(0, "release") + done(2, "acquire"), LINEARIZABLE),
        ("mutex", done(0, "release"), ILLEGAL),
        (
            "fifo-queue",
            done(0, "enqueue", "1") + done(0, "enqueue", "2") + done(0, "dequeue", answer="1"),
            LINEARIZABLE,
        ),
        ("fifo-queue", done(0, "enqueue", "1") + done(0, "enqueue", "2") + done(0, "dequeue", answer="2"), ILLEGAL),
        (
            "fifo-queue",
            done(0, "enqueue", "1") + done(0, "enqueue", "2") + lost(1, "dequeue") + done(0, "dequeue", answer="2"),
            LINEARIZABLE,
        ),
        (
            "unordered-queue",
            done(0, "enqueue", "1") + done(0, "enqueue", "2") + done(0, "dequeue", answer="2"),
            LINEARIZABLE,
        ),
        ("unordered-queue", done(0, "enqueue", "1") + 2 * done(0, "dequeue", answer="1"), ILLEGAL),
        ("set", done(0, "add", "1") + lost(1, "add", "2") + done(0, "read", answer="#{1 2}"), LINEARIZABLE),
        ("set", done(0, "add", "1") + done(0, "read", answer="#{}"), ILLEGAL),
        ("set", done(0, "add", "1") + done(0, "read", answer="[1]"), LINEARIZABLE),
    ],
)
def test_each_model(tmp_path: Path, model: str, lines: list[str], verdict: str) -> None:
    for text in ("\n".join(lines), "[" + "\n".join(lines) + "]"):
        recorded = read_edn(write(tmp_path, text), model)
        assert check(recorded.operations, JEPSEN_MODELS[model]).verdict == verdict


def test_the_tables_of_models_agree() -> None:
    assert list(KNOSSOS) == list(JEPSEN_MODELS) == list(VERBS)


def test_processes_of_jepsen_itself_are_skipped_and_counted(tmp_path: Path) -> None:
    nemesis = "{:process :nemesis, :type :info, :f :start, :value nil}"
    recorded = read_edn(write(tmp_path, nemesis, *done(0, "write", "1"), nemesis), "register")
    assert (len(recorded.operations), recorded.skipped) == (1, 2)
    assert recorded.operations[0].label == "line 2, process 0"


@pytest.mark.parametrize(
    ("model", "lines", "said"),
    [
        ("register", ["7"], ":1: want a map"),
        ("register", ["{:type :invoke}"], ":1: want :process"),
        ("register", ["{:process 0, :type :begin, :f :read}"], ":1: want one of :invoke :ok :fail :info as :type"),
        ("register", done(0, "cas", "[1 2]"), ":1: want one of :read :write as :f for this model, not :cas"),
        ("cas-register", done(0, "cas", "4"), ":2: want [OLD NEW] as :value of :cas in line 1, not 4"),
        ("cas-register", [event(0, "invoke", "cas", "7")], ":1: want [OLD NEW] as :value of :cas in line 1, not 7"),
        ("cas-register", lost(0, "cas", '#inst "x"'), ":2: want [OLD NEW] as :value of :cas in line 1, not #inst"),
        ("set", done(0, "read", answer="#ordered/set (1)"), ":2: want a set or a vector after :ok :read, not #ordered"),
        ("register", ["{:process --5, :type :invoke, :f :read}"], ":1: want a number of up to 18 digits or a keyword"),
        ("register", ["{:process [0], :type :invoke, :f :read}"], ":1: want a number of up to 18 digits or a keyword"),
        ("register", [f"{{:process {5000 * '1'}, :type :invoke, :f :read}}"], ":1: want a number of up to 18 digits"),
        ("mutex", [event(0, "ok", "acquire")], ":1: want an :invoke of process 0"),
        ("mutex", 2 * [event(0, "invoke", "acquire")], ":2: process 0 still waits for its call in line 1"),
        ("mutex", [event(0, "invoke", "acquire"), event(0, "ok", "release")], ":2: want the outcome of :acquire"),
        (
            "register",
            [event(0, "invoke", "write", "1"), event(0, "ok", "write", "2")],
            ":2: want the value of :write in line 1, not 2",
        ),
        ("fifo-queue", done(0, "dequeue"), ":2: want the value that the :dequeue returned"),
        ("set", done(0, "read", answer="4"), ":2: want a set or a vector"),
        ("set", done(0, "read", answer="[4 4]"), ":2: an element is twice"),
        ("register", ["[1"], ":1: `[` is not closed"),
    ],
)
def test_bad_events_are_named(tmp_path: Path, model: str, lines: list[str], said: str) -> None:
    path = write(tmp_path, *lines)
    with pytest.raises(HistoryError) as caught:
        read_edn(path, model)
    assert f"{path}{said}" in str(caught.value)
    result = run(path, "--format", "edn", "--model", model)
    assert result.exit_code == 2
    assert f"{path}{said}" in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--format", "edn"], "is missing: give one of register, cas-register"),
        (["--format", "edn", "--model", "stack"], "no model 'stack'"),
        (["--format", "etcd", "--model", "register"], "only --format edn has models"),
        (["--format", "etcd", "--picture", "why.pdf"], "ends in .svg or .png"),
        (["other.log", "--format", "etcd", "--picture", "why.svg"], "give one history to draw"),
    ],
)
def test_options_that_do_not_fit_are_refused(arguments: list[str], said: str) -> None:
    result = run("a.log", *arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_a_picture_never_replaces_its_history(tmp_path: Path) -> None:
    path = write(tmp_path, *done(0, "write", "1")).rename(tmp_path / "h.svg")
    before = path.read_bytes()
    result = run(path, "--format", "edn", "--model", "register", "--picture", path)
    assert result.exit_code == 2
    assert "overwritten" in result.output
    assert path.read_bytes() == before


def test_a_picture_and_an_explanation_of_a_violation(tmp_path: Path) -> None:
    lines = done(0, "acquire") + done(0, "release") + lost(3, "release") + done(1, "acquire") + done(2, "acquire")
    lines += done(4, "acquire") + done(5, "acquire")
    picture = tmp_path / "why.svg"
    result = run(write(tmp_path, *lines), "--format", "edn", "--model", "mutex", "--explain", "--picture", picture)
    assert result.exit_code == 0
    assert "no order explains line 11, process 4: acquire -> True" in result.stdout
    text = picture.read_text(encoding="utf-8")
    assert "no order explains acquire (line 11, process 4)" in text
    assert "process 4" in text
    assert "process 5" not in text  # it comes later


def test_a_picture_of_an_order(tmp_path: Path) -> None:
    picture = tmp_path / "order.png"
    path = write(tmp_path, *done(0, "write", "1"), *done(0, "read", answer="1"))
    assert run(path, "--format", "edn", "--model", "register", "--picture", picture).exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    nowhere = run(path, "--format", "edn", "--model", "register", "--picture", tmp_path / "no" / "x.svg")
    assert nowhere.exit_code == 2


def test_the_order_is_shown_when_there_is_one(tmp_path: Path) -> None:
    path = write(tmp_path, *lost(3, "write", "2"), *done(0, "write", "1"), *done(0, "read", answer="2"))
    (row,) = json.loads(run(path, "--format", "edn", "--model", "register", "--json").stdout)["histories"]
    assert row["order"] == [
        "line 3, process 0: write 1 -> True",
        "line 1, process 3: write 2 no response",
        "line 5, process 0: read -> 2",
    ]
    assert (
        "this order explains all responses" in run(path, "--format", "edn", "--model", "register", "--explain").stdout
    )
