"""The fields of a form, and what is typed into them, by the console's vocabulary (`groundstation.web.vocabulary`)."""

import json
from typing import Any

Field = dict[str, Any]

LISTS = {
    "boards": "numbers of boards, such as 0 2",
    "groups": "groups of boards, such as 0 1 / 2 3",
    "choices": "some of {}",
    "rows": "as JSON, such as {}",
    "stations": "one of {} for each board, in their order",
}
TEXT, BYTES, BOARD = "text", "bytes", "board"
UNBOUNDED = 1e9  # a bound that nobody reaches is not worth a word


class FieldError(Exception):
    """A text that is not what its field wants. Says which field, and what it wants."""


def of_verb(field: Field) -> Field:
    """The field of a ledger command, as the fields of faults are."""
    return {"name": field["name"], "input": field["type"], "says": field["wants"], "required": field["type"] != BYTES}


def hint(field: Field) -> str:
    """What a field wants."""
    name, kind = str(field["name"]).replace("_", " "), field["input"]
    parts = [str(field["says"]).replace("`", "")] if field["says"] != name else []
    if kind in LISTS:
        parts.append(LISTS[kind].format(field.get("example", ", ".join(field.get("choices", [])))))
    low = f"at least {field['least']}" if "least" in field else f"above {field['above']}" if "above" in field else ""
    high = f"at most {field['most']}" if field.get("most", UNBOUNDED) < UNBOUNDED and kind not in LISTS else ""
    parts += [f"{field['unit']}"] if field.get("unit") else []
    parts += [low, high]
    default = field.get("default")
    if not field["required"] and default is not None and not isinstance(default, list | dict):
        parts.append(f"usually {default}")
    return "; ".join(part for part in parts if part)


def values(fields: list[Field], typed: dict[str, str]) -> dict[str, Any]:
    """What the texts mean, by field, without those left empty. Raises FieldError."""
    found = {}
    for field in fields:
        name = field["name"]
        text = typed.get(name, "").strip()
        if text or (field["input"] == BYTES):
            found[name] = _value(field, text)
        elif field["required"]:
            raise FieldError(f"{name}: want {hint(field) or 'something'}")
    return found


def _value(field: Field, text: str) -> Any:
    kind, words = field["input"], text.replace(",", " ").split()
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
        if kind == "boards":
            return [int(word) for word in words]
        if kind == "groups":
            return [[int(word) for word in group.replace(",", " ").split()] for group in text.split("/")]
        if kind == "rows":
            return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FieldError(f"{field['name']}: want {hint(field)}; have {text!r}") from error
    return words if kind in ("choices", "stations") else text
