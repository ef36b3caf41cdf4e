"""The words of the console's forms, from the code that checks them: nothing is listed twice.

A field of a form:

    name, says              says: what it is, in words
    input                   number, integer; boards: a list of numbers; groups: a list of such lists; choice,
                            choices: one or some of `choices`; stations: one of `choices` a board; rows: a list of
                            objects, whose members are the fields `columns`, such as `example`; pair: two boards
    unit                    "" if it has none
    least, most, above      bounds; `above`: the value itself is too small
    required, default
"""

from functools import cache
from typing import Any

from amu.core.limits import REPLICAS_MAX
from amu.ledger.commands import SHAPES, is_resource
from amu.wire.messages import BY_KIND
from groundstation.boards.base import BoardError, board_kind, board_kinds
from groundstation.faults import orbits
from groundstation.faults.board_fault import BOARD_FAULT_KINDS, KINDS_OF_FIELD, REQUIRED_FIELDS, BoardFault
from groundstation.faults.kinds import KINDS
from groundstation.faults.rule import FLIGHT_KINDS
from groundstation.orders.order import BYTES_FIELDS
from groundstation.record.board_events import spoken
from groundstation.report.canvas import BOARD_COLOURS, BYZANTINE_COLOUR
from groundstation.report.messages import DEATHS, KIND_NAMES
from groundstation.report.space_time import ARROW_COLOURS, LOST_COLOUR, MARKS

Form = dict[str, Any]

UNITS = {
    "restart_after": "s",
    "aos": "s",
    "los": "s",
    "step_ms": "ms",
    "ticks": "ticks",
    "factor": "times as fast",
    "after_operations": "flash operations",
    "bytes_per_second": "B/s",
    "queue_bytes_max": "B",
    "frames_max": "frames",
    "store_frames_max": "frames",
    "bits": "bits",
    "copies": "copies",
}
BOUNDS = {"minimum": "least", "maximum": "most", "exclusiveMinimum": "above"}
WINDOW = ("fault", "name", "start", "end")  # an order says these itself
EXAMPLES = {"passes": '[{"aos": 0, "los": 20}]', "pairs": '[{"nodes": [0, 1], "seconds": 2}]'}


@cache
def tell(plays_faults: bool = True) -> dict[str, Any]:
    """Verbs of the ledger, board faults and link faults, each with its fields; what each kind of board can play; names
    and colours of the report's pictures. Faults are for those who may play them.
    """
    return _all() if plays_faults else _all() | {"board_faults": {}, "link_faults": {}, "kinds": {}}


def _all() -> dict[str, Any]:
    return {
        "verbs": {verb: [_ledger_field(*field) for field in shape] for verb, shape in SHAPES.items()},
        "board_faults": {
            kind: {"means": means, "fields": _board_fields(kind)} for kind, means in BOARD_FAULT_KINDS.items()
        },
        "link_faults": _link_faults(),
        "kinds": _kinds(),
        "messages": {str(kind): KIND_NAMES.get(kind, spoken(found.__name__)) for kind, found in BY_KIND.items()},
        "colours": {
            "boards": BOARD_COLOURS,
            "byzantine": BYZANTINE_COLOUR,
            "messages": ARROW_COLOURS,
            "marks": {event: look[2] for event, look in MARKS.items()} | dict.fromkeys(DEATHS, LOST_COLOUR),
        },
    }


def _kinds() -> dict[str, Any]:
    """The board faults that each kind can play, and why not the others. A kind whose extra is missing is left out."""
    found = {}
    for kind in board_kinds():
        try:
            board = board_kind(kind)
        except BoardError:
            continue
        others = [fault for fault in BOARD_FAULT_KINDS if fault not in board.board_faults]
        found[kind] = {
            "plays": sorted(board.board_faults),
            "why_not": {fault: board.why_not(fault) for fault in others},
        }
    return found


def _ledger_field(name: str, check: Any) -> dict[str, str]:
    if check in BYTES_FIELDS:
        return {"name": name, "type": "bytes", "wants": "bytes in hexadecimal"}
    if check is is_resource:
        return {"name": name, "type": "text", "wants": "a name such as dock/1"}
    return {"name": name, "type": "integer", "wants": "a whole number"}


def _board_fields(kind: str) -> list[Form]:
    known = BoardFault.model_json_schema()["properties"]
    return [
        _form(field, known[field], field in REQUIRED_FIELDS) for field, kinds in KINDS_OF_FIELD.items() if kind in kinds
    ]


def _link_faults() -> dict[str, Any]:
    found = {}
    for name, rule in KINDS.items():
        schema = rule.model_json_schema()
        required, parts = schema.get("required", []), schema.get("$defs", {})
        if name == "one_way_partition":
            required = [*required, "source", "destination"]
        fields = [
            _form(key, field, key in required, parts)
            for key, field in schema["properties"].items()
            if key not in WINDOW
        ]
        means = (rule.__doc__ or "").split("\n")[0]
        # First what this fault is about, then which frames, which all have in common.
        common = ("source", "destination", "kinds")
        fields.sort(key=lambda form: (form["name"] in common, not form["required"]))
        found[name] = {"means": means, "fields": fields}
    return found


def _form(name: str, schema: dict[str, Any], required: bool, parts: dict[str, Any] | None = None) -> Form:
    """A field of a form, from its JSON schema. parts: schemas that it may refer to."""
    plain = schema | next((each for each in schema.get("anyOf", []) if each.get("type") != "null"), {})
    form: Form = {
        "name": name,
        "says": schema.get("description") or name.replace("_", " "),
        "unit": UNITS.get(name, "s" if "seconds" in name else ""),
        "required": required,
        "default": schema.get("default"),
    }
    form |= {word: plain[key] for key, word in BOUNDS.items() if key in plain}
    kind = plain.get("type")
    if "enum" in plain:
        return form | {"input": "choice", "choices": plain["enum"]}
    if name == "kinds":
        return form | {"input": "choices", "choices": sorted(FLIGHT_KINDS)}
    if name == "stations":
        return form | {"input": "stations", "choices": sorted(orbits.PLACES), "most": REPLICAS_MAX}
    if name in ("source", "destination"):
        return form | {"input": "boards"}
    if name == "groups":
        return form | {"input": "groups"}
    if kind in ("number", "integer"):
        return form | {"input": kind}
    if "prefixItems" in plain:
        return form | {"input": "pair"}
    row = (parts or {})[plain["items"]["$ref"].rpartition("/")[2]]
    columns = [_form(key, field, key in row["required"]) for key, field in row["properties"].items()]
    return form | {"input": "rows", "columns": columns, "example": EXAMPLES[name]}
