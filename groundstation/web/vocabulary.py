"""The words of the console's forms, from the code that checks them: nothing is listed twice."""

from functools import cache
from typing import Any, get_args

from amu.ledger.commands import SHAPES, is_resource
from groundstation.faults.kinds import FaultRule
from groundstation.orders.order import BYTES_FIELDS
from groundstation.scenario.model import BOARD_FAULT_KINDS, KINDS_OF_FIELD, REQUIRED_FIELDS


@cache
def tell() -> dict[str, Any]:
    """Verbs of the ledger, board faults and link faults, each with its fields."""
    return {
        "verbs": {verb: [_ledger_field(*field) for field in shape] for verb, shape in SHAPES.items()},
        "board_faults": {
            kind: {"means": means, "fields": _board_fields(kind)} for kind, means in BOARD_FAULT_KINDS.items()
        },
        "link_faults": _link_faults(),
    }


def _ledger_field(name: str, check: Any) -> dict[str, str]:
    if check in BYTES_FIELDS:
        return {"name": name, "type": "bytes", "wants": "bytes in hexadecimal"}
    if check is is_resource:
        return {"name": name, "type": "text", "wants": "a name such as dock/1"}
    return {"name": name, "type": "integer", "wants": "a whole number"}


def _board_fields(kind: str) -> list[dict[str, Any]]:
    return [
        {"name": field, "required": field in REQUIRED_FIELDS}
        for field, kinds in KINDS_OF_FIELD.items()
        if kind in kinds
    ]


def _link_faults() -> dict[str, Any]:
    classes = get_args(get_args(FaultRule)[0])
    found = {}
    for rule in classes:
        schema = rule.model_json_schema()
        name = rule.model_fields["fault"].annotation.__args__[0]
        fields = {
            key: value for key, value in schema["properties"].items() if key not in ("fault", "name", "start", "end")
        }
        means = (rule.__doc__ or "").split("\n")[0]
        found[name] = {
            "means": means,
            "fields": fields,
            "required": schema.get("required", []),
            "definitions": schema.get("$defs", {}),
        }
    return found
