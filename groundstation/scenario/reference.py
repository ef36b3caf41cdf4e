"""The reference of scenario files, from the models that read them: values and range, unit, default, meaning."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from groundstation.faults.board_fault import BOARD_FAULT_KINDS, KINDS_OF_FIELD, REQUIRED_FIELDS, BoardFault
from groundstation.faults.rule import Rule
from groundstation.scenario import adversaries, toml_text
from groundstation.scenario.model import Scenario
from groundstation.scenario.procedures import Expect, Procedure, Step

NEEDED, LEFT_OUT = "needed", "left out"
MOMENTS = ("at", "start", "end", "aos", "los", "restart_after")  # in seconds, without a unit in their names
UNITS = (("bytes_per_second", "bytes/s"), ("seconds", "s"), ("_ms", "ms"), ("ticks", "ticks"), ("bytes_max", "bytes"))
WORDS = {int: "integer", float: "number", bool: "true or false", str: "text"}
SIGNS = {"gt": ">", "ge": ">=", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Field:
    """One key of a table. `default`: NEEDED if it must be given, LEFT_OUT if its absence is a separate choice."""

    name: str
    values: str
    unit: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table of the file: its header, its purpose, and its keys."""

    header: str
    meaning: str
    fields: list[Field]


def tables() -> Iterator[Table]:
    """All tables: the top-level keys; the common keys of link faults, then each; likewise board faults; adversaries."""
    yield _table("at the top", Scenario, [name for name, field in Scenario.model_fields.items() if _is_table(field)])
    for name, field in Scenario.model_fields.items():
        if name == "faults":
            yield _table("[[faults]] all", Rule)
            for rule in Rule.__subclasses__():
                yield _table(
                    f"[[faults]] {_fault_of(rule)}", rule, [one for one in Rule.model_fields if one != "fault"]
                )
        elif name == "board_faults":
            yield _table("[[board_faults]] all", BoardFault, list(KINDS_OF_FIELD))
            yield from _board_faults()
        elif name == "procedure":
            yield _table("[procedure]", Procedure, ["steps"])
            yield _table("[[procedure.steps]]", Step, ["expect"])
            yield _table("[[procedure.steps]] expect", Expect)
        elif _is_table(field):
            (model,) = _models(field.annotation)
            yield _table(f"[[{name}]]" if get_origin(field.annotation) is list else f"[{name}]", model)
    for adversary in adversaries.names():
        yield of_adversary(adversary)


def of_adversary(name: str) -> Table:
    """The parameters of a registered adversary."""
    fields = [
        Field(key, values, "ticks" if key.endswith("_ticks") else "", default, meaning)
        for key, values, default, meaning in adversaries.parameters(name)
    ]
    return Table(f"[[byzantine]] {name}", f"{adversaries.meaning(name)} Its parameters:", fields)


def _board_faults() -> Iterator[Table]:
    for kind, meaning in BOARD_FAULT_KINDS.items():
        told = [_field(name, BoardFault.model_fields[name]) for name, kinds in KINDS_OF_FIELD.items() if kind in kinds]
        fields = [replace(field, default=NEEDED) if field.name in REQUIRED_FIELDS else field for field in told]
        yield Table(f"[[board_faults]] {kind}", meaning if fields else f"{meaning}; no fields of its own", fields)


def _table(header: str, model: type[BaseModel], left_out: list[str] | None = None) -> Table:
    meaning = (model.__doc__ or "").strip().split("\n\n")[0]
    told = {name: field for name, field in model.model_fields.items() if name not in (left_out or ())}
    return Table(header, " ".join(meaning.split()), [_field(name, field) for name, field in told.items()])


def _field(name: str, field: FieldInfo) -> Field:
    values = _values(field.annotation, field.metadata)
    unit = "s" if name in MOMENTS else next((unit for ending, unit in UNITS if ending in name), "")
    return Field(name, values, unit, _default(field), field.description or "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return NEEDED
    value = field.get_default(call_default_factory=True)
    return LEFT_OUT if value is None or value in ((), {}, "") else toml_text.inline(value)


def _values(annotation: Any, metadata: list[Any]) -> str:
    """The possible values after the `=`, in words."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    origin = get_origin(annotation)
    if origin is typing.Annotated:
        return _values(parts[0], [*parts[1:], *metadata])
    if origin is Literal:
        return " | ".join(toml_text.inline(part) for part in parts)
    if origin in (list, tuple):
        return "list of " + _values(parts[0], [])
    if origin is dict and parts[1] is Any:
        return "table: an order, as in the reference of the console"
    if origin is dict:
        return f"table of {_values(parts[0], [])} = {_values(parts[1], [])}"
    if parts:
        return " or ".join(_values(part, metadata) for part in parts)
    if issubclass(annotation, BaseModel):
        keys = (f"{key} = {_values(one.annotation, one.metadata)}" for key, one in annotation.model_fields.items())
        return "{ " + ", ".join(keys) + " }"
    return WORDS[annotation] + _range(metadata)


def _range(metadata: list[Any]) -> str:
    """Bounds of a number, from where pydantic keeps them: separate objects, or the field of an alias."""
    bounds = [bound for one in metadata for bound in (one, *getattr(one, "metadata", ()))]
    found = {key: getattr(bound, key) for bound in bounds for key in SIGNS if getattr(bound, key, None) is not None}
    return "".join(f" {sign} {_number(found[key])}" for key, sign in SIGNS.items() if key in found)


def _number(value: int | float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.15g}"


def _fault_of(rule: type[Rule]) -> str:
    return str(get_args(rule.model_fields["fault"].annotation)[0])


def _is_table(field: FieldInfo) -> bool:
    return bool(_models(field.annotation))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a type, in order."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]
