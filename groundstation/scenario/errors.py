"""Explains errors in a scenario file: where they are, and what was expected there.

Pydantic knows fields but no lines, so the text is searched for the line of the bad field. A rule that involves several
fields names its field itself, with a colon: "liveness.core: there is no board 7".
"""

import difflib
import re
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from groundstation.faults.rule import Rule
from specs.escape import escaped

SHOWN_MAX = 80  # characters of a bad value


def explain(item: ErrorDetails, scenario: type[BaseModel], where: str, text: str) -> str:
    """One line for one of pydantic's errors. `scenario`: the model that the document was checked against."""
    loc = item["loc"]
    # Pydantic puts the kind of fault into the path of a field: ("faults", 3, "drop", "probability").
    tag = str(loc[2]) if loc[:1] == ("faults",) and len(loc) > 2 else None
    path = [part for position, part in enumerate(loc) if (tag is None or position != 2) and part != "[key]"]
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        known = _known_keys(scenario, path[:-1], tag)
        message = f"unknown key{did_you_mean(str(path[-1]), known)}; known are {', '.join(known)}"
    elif item["type"] == "union_tag_invalid":
        known = [name.strip("' ") for name in item["ctx"]["expected_tags"].split(",")]
        message = (
            f"no fault {item['ctx']['tag']!r}{did_you_mean(item['ctx']['tag'], known)}; known are {', '.join(known)}"
        )
    elif item["type"] not in ("value_error", "missing", "union_tag_not_found"):
        message += f", not {_cut(_told(item['input']))}"
    if item["type"] == "value_error":
        named = re.match(r"([a-z_]+(?:\[\d+\])?(?:\.[a-z_]+)?): ", message)
        if named and tag is None:
            path += [int(part) if part.isdigit() else part for part in re.findall(r"\w+", named[1])]
            message = message[named.end() :]
    line = _line_of(text, path)
    place = escaped(where) if line is None else f"{escaped(where)}:{line}"
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    return f"{place}: {name}: {message}" if name else f"{place}: {message}"


def _told(value: object) -> str:
    try:
        return repr(value)
    except ValueError:  # an integer in hexadecimal may have more digits than Python writes
        return "a number of thousands of digits"


def explain_syntax(error: Exception, where: str) -> str:
    """One line: why a text is not TOML."""
    where = escaped(where)
    if isinstance(error, RecursionError):
        return f"{where}: not TOML that can be read: nested too deep"
    # "Expected '=' after a key in a key/value pair (at line 3, column 9)"
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
    return f"{where}: not TOML: {error}" if found is None else f"{where}:{found[2]}:{found[3]}: not TOML: {found[1]}"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 2] + ".."


def did_you_mean(word: str, known: list[str]) -> str:
    """A hint to append to an error. Empty if no known word is similar."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _known_keys(scenario: type[BaseModel], path: list[int | str], tag: str | None) -> list[str]:
    """The keys of the table at `path`, in order of declaration."""
    if tag is not None:
        rules = {get_args(rule.model_fields["fault"].annotation)[0]: rule for rule in Rule.__subclasses__()}
        return list(rules[tag].model_fields)
    if not path:
        return list(scenario.model_fields)
    model = _model_within(scenario.model_fields[str(path[0])].annotation)
    return [] if model is None else list(model.model_fields)


def _model_within(annotation: Any) -> type[BaseModel] | None:
    """The model of a field's table: the field's type itself, or what a list or an optional field holds."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_within(part) for part in get_args(annotation))
    return next((model for model in found if model is not None), None)


def _line_of(text: str, path: list[int | str]) -> int | None:
    """Line (from 1) of the key at `path`, or of the nearest table around it. Keys of inline tables share their line."""
    found: int | None = None
    header: list[int | str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        table = re.match(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]", line)
        key = re.match(r"\s*([\w\-]+)\s*=", line)
        if table:
            header = list(table[2].split("."))
            if table[1] == "[[":
                counts[table[2]] = counts.get(table[2], -1) + 1
                header.append(counts[table[2]])
            place = header
        elif key:
            place = [*header, key[1]]
        else:
            continue
        if place == path[: len(place)] or (found is None and path and path == place[: len(path)]):
            found = number
    return found
