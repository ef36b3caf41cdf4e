"""Values and traces in the Informal Trace Format; lines of events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specs.tla.language.language import FALSE, TRUE, Function, ModelValue, Module, function, load, of_python
from specs.tla.observe.observations import TraceFile
from specs.tla.values.itf import ItfError, itf_trace, of_itf, states, to_itf
from tests.support.modules.tla_models import FOLDER

values = st.recursive(
    st.one_of(st.integers(), st.text(max_size=4), st.booleans().map(of_python)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(inner, max_size=3),
        st.dictionaries(inner, inner, max_size=3).map(function),
        st.dictionaries(st.sampled_from(["a", "b", "from"]), inner, min_size=1, max_size=3).map(Function),
    ),
    max_leaves=12,
)


@given(values)
def test_values_survive_being_written_as_json(value: Any) -> None:
    assert of_itf(json.loads(json.dumps(to_itf(value)))) == value


@pytest.mark.parametrize(
    ("item", "value"),
    [
        ({"#bigint": "-12345678901234567890"}, -12345678901234567890),
        (7, 7),
        (True, TRUE),
        ({"#set": [1, {"#bigint": "1"}, 2]}, frozenset({1, 2})),
        ({"#tup": [1, "a"]}, (1, "a")),
        ([1, False], (1, FALSE)),
        ({"#map": [[0, "x"], [1, "y"]]}, Function({0: "x", 1: "y"})),
        ({"#map": [[1, "x"], [2, "y"]]}, ("x", "y")),
        ({"tag": "Some", "value": 1, "#meta": {"line": 3}}, Function({"tag": "Some", "value": 1})),
        (None, "null"),
        ("n1", ModelValue("n1")),
        (["n1", "n2"], (ModelValue("n1"), "n2")),
        ("00ff", "00ff"),
        ({}, ()),  # the empty record is the empty function, and that is the empty sequence
    ],
)
def test_items_are_read(item: Any, value: Any) -> None:
    assert of_itf(item, {"n1": ModelValue("n1")}) == value


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (1.5, "1.5 is not a TLA"),
        ({"#bigint": "one"}, "digits"),
        ({"#set": 1}, "#set: want a list"),
        ({"#map": [[1, 2, 3]]}, "want a list of"),
        ({"#map": [[1, 2], [1, 3]]}, "occurs twice"),
        ({"#set": [], "more": 1}, "unknown encoding #set"),
        ({"#frob": 1}, "unknown encoding #frob"),
        ({"#unserializable": "Nat"}, "could not be written out"),
    ],
)
def test_an_item_that_is_not_a_value_is_refused(item: Any, message: str) -> None:
    with pytest.raises(ItfError, match=message):
        of_itf([item])


def test_a_trace_is_written_and_read_back() -> None:
    behaviour = [{"x": 1, "y": frozenset({1})}, {"x": 2, "y": frozenset()}]
    text = itf_trace(["x", "y"], behaviour, "M.tla")
    assert states(text) == behaviour
    assert json.loads(text)["vars"] == ["x", "y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON"),
        ("[]", "one ITF object"),
        ('{"states": [1]}', "state 0: want an object"),
        ('{"states": [{"x": 1.5}]}', "state 0: x: 1.5"),
        ('{"states": [], "loop": 0}', "lasso"),
    ],
)
def test_a_file_that_is_not_a_trace_is_refused(text: str, message: str) -> None:
    with pytest.raises(ItfError, match=message):
        states(text)


# --- files ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module() -> Module:
    return load(FOLDER / "Parcels.tla", {"Depot": {1, 2, 3}, "WeightMax": 3})


def read(tmp_path: Path, module: Module, text: str) -> TraceFile:
    path = tmp_path / "trace.ndjson"
    path.write_text(text, encoding="utf-8")
    return TraceFile(path, module)


def test_lines_of_events_are_read(tmp_path: Path, module: Module) -> None:
    text = '{"event": "Send", "from": 1, "weight": 2, "at": 0.5}\n\n{"event": "Boot", "x": 0.5}\n'
    text += '{"event": "Receive", "at": 2, "state": {"road": {"#set": []}}}\n'
    first, boot, last = read(tmp_path, module, text)
    assert (first.line, first.name, first.arguments, first.state) == (1, "Send", {"from": 1, "weight": 2}, {})
    assert (boot.line, boot.name, boot.arguments) == (3, "Boot", {})
    assert (last.line, last.arguments, last.state) == (4, {"at": 2}, {"road": frozenset()})


def test_an_itf_file_is_a_trace_of_states(tmp_path: Path, module: Module) -> None:
    behaviour = [{"road": frozenset(), "stock": (0, 0, 0)}, {"road": frozenset({(1, 2)}), "stock": (0, 0, 0)}]
    text = itf_trace(module.variables, behaviour, "Parcels.tla")
    for written in (text, json.dumps(json.loads(text))):  # on many lines, and on one
        found = list(read(tmp_path, module, written))
        assert [(item.name, item.state) for item in found] == [(None, state) for state in behaviour]


def test_events_of_byzantine_boards_are_left_out_and_counted(tmp_path: Path, module: Module) -> None:
    lines = [
        {"event": "RunStart", "node": 255, "byzantine": [3]},
        {"event": "Send", "node": 3, "from": 9, "weight": 1},
        {"event": "Send", "node": 1, "from": 1, "weight": 1},
    ]
    file = read(tmp_path, module, "".join([json.dumps(line) + "\n" for line in lines]))
    assert [(item.name, item.line) for item in file] == [("RunStart", 1), ("Send", 3)]
    assert file.byzantine_events == 1


def test_only_the_last_line_may_be_cut_off(tmp_path: Path, module: Module) -> None:
    file = read(tmp_path, module, '{"event": "Lose"}\n{"event": "Lo')
    assert len(list(file)) == 1
    assert file.truncated
    with pytest.raises(ItfError, match="line 1: not JSON"):
        list(read(tmp_path, module, '{"event": "Lo\n{"event": "Lose"}\n'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "neither lines that name an event nor a trace in ITF"),
        ('{"event": "Send", "from": 1, "weight": 0.5}\n', "line 1: weight: 0.5 is not a TLA"),
        ('{"event": "Send"}\n{"name": "Send"}\n', 'line 2: want an object with a member "event"'),
        ('{"event": "Send", "state": [1]}\n', "line 1: want an object of variables"),
    ],
)
def test_a_file_that_is_not_a_trace_file_is_refused(tmp_path: Path, module: Module, text: str, message: str) -> None:
    with pytest.raises(ItfError, match=message):
        list(read(tmp_path, module, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, module: Module) -> None:
    with pytest.raises(ItfError, match="cannot be read"):
        list(TraceFile(tmp_path / "none.ndjson", module))
