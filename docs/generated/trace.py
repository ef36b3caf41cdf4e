"""The events of a trace and their fields, from the tables that write and read them."""

import inspect

from amu.node import events
from amu.node.tracer import CODES
from docs.generated import comments
from docs.generated.markdown import code, plain, table
from specs.checking import schema

HEADINGS = ("code", "event", "fields", "meaning")


def flight_events() -> str:
    """What boards report, a section for each part of the table: code on the wire, name, fields, meaning."""
    entries = comments.of_dictionary(inspect.getsource(events), "FIELDS")
    parts = []
    for section in dict.fromkeys(entry.section for entry in entries):
        rows = []
        for entry in entries:
            if entry.section == section:
                name = entry.name.strip("'")
                fields = ", ".join(map(code, events.FIELDS[name]))
                rows.append((str(CODES[name]), code(name), fields, plain(entry.comment)))
        title, _, remark = section.partition(": ")
        remark = remark and f"{remark[:1].upper()}{remark[1:]}.\n\n"
        parts.append(f"### {title[:1].upper()}{title[1:]}\n\n{plain(remark)}{table(HEADINGS, rows)}")
    return "\n".join(parts)


def ground_events() -> str:
    """What the ground station reports."""
    told = comments.of_dictionary(inspect.getsource(schema), "GROUND_EVENTS")
    rows = []
    for entry in told:
        name = entry.name.strip("'")
        fields = [field for field, _ in schema.GROUND_EVENTS[name]]
        rows.append((code(name), ", ".join(map(code, fields)), plain(entry.comment)))
    return table(("event", "fields", "meaning"), rows)


def fields() -> str:
    """Each field of the flight events: what it holds."""
    told = comments.of_dictionary(inspect.getsource(schema), "_FlightFields")
    rows = []
    for entry in told:
        name = entry.name.strip("'")
        rows.append((code(name), plain(wanted(schema.FIELDS[name])), plain(entry.comment)))
    return table(("field", "values", "meaning"), rows)


def wanted(check: schema.Check) -> str:
    """What a field must be, in the words with which it refuses anything else."""
    try:
        check(object())
    except Exception as refusal:
        words = str(refusal)
    if words.startswith("null"):
        return words
    try:
        check(None)
    except Exception:
        return words
    return f"null or {words}"
