"""References say what the code says: every command, option, field, event, verb and bound is on its page."""

import re

import pytest
import typer.main

from amu.core import limits
from amu.ledger import commands
from amu.node.events import FIELDS
from docs import generated
from docs.generated import comments, markdown
from groundstation.cli import app
from groundstation.scenario import reference
from groundstation.web import access
from specs import properties
from specs.checking import schema
from specs.checking.protocols import PROTOCOLS
from tests import ROOT


def codes(part: str) -> set[str]:
    """The texts that a part shows as code."""
    return set(re.findall(r"`([^`]+)`", generated.PARTS[part]()))


def test_each_event_and_field_of_a_trace_is_documented() -> None:
    events = FIELDS
    assert codes("flight events") >= set(events) | {field for fields in events.values() for field in fields}
    assert codes("ground events") >= set(schema.GROUND_EVENTS)
    assert codes("trace fields") >= set(schema.FIELDS)


def test_the_console_s_page_says_who_may_ask_it_for_what() -> None:
    assert codes("access") == {text for row in access.rows() for text in (row.endpoint, row.kind) if text}
    assert len(generated.PARTS["access"]().splitlines()) == 2 + len(list(access.rows()))


def test_each_property_of_a_verdict_is_on_the_pages() -> None:
    checked = {one for protocol in PROTOCOLS for one in protocol.properties}
    page = (ROOT / "docs/reference/checking.md").read_text()
    table = " ".join(line.split("|")[2] for line in page.splitlines() if line.startswith("|"))
    named = set(re.findall(r"[A-Z]{3}-\d+", table))
    for group, first, last in re.findall(r"([A-Z]{3})-(\d+) to [A-Z]{3}-(\d+)", table):
        named |= {f"{group}-{number}" for number in range(int(first), int(last) + 1)}
    assert named == checked
    overview = (ROOT / "docs/reference/properties.md").read_text()
    assert {identifier.partition("-")[0] for identifier in properties.read()} <= set(
        re.findall(r"\b[A-Z]{3}\b", overview)
    )


def test_each_scenario_field_has_a_row() -> None:
    rows = generated.PARTS["scenario"]().splitlines()
    for table in reference.tables():
        for field in table.fields:
            assert any(row.startswith(f"| `{field.name}` |") and field.default in row for row in rows), field


def test_each_verb_lists_its_fields_its_answer_and_its_refusals() -> None:
    page = generated.PARTS["ledger commands"]()
    sections = {part.partition("\n")[0]: part for part in page.split("### ")[1:]}
    assert set(sections) == set(commands.SHAPES)
    assert all(name in sections[verb] for verb, shape in commands.SHAPES.items() for name, _ in shape)
    assert '->  ["ok", token, expires_slot]' in sections["lease-acquire"]
    assert (
        sections["cursor-advance"]
        .strip()
        .endswith(
            "Refused: no such open shard; no live lease; token is not the lease's; a cursor needs a last key; "
            "key outside the shard; cursor would move back."
        )
    )


def test_each_command_and_option_is_documented() -> None:
    page = generated.PARTS["command line"]()
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        section = page.partition(f"### amu {name}\n")[2].partition("\n### ")[0]
        spelt = [text for one in command.params for text in (*one.opts, *one.secondary_opts) if text.startswith("--")]
        assert section, name
        assert [text for text in spelt if f"`{text}`" not in section and text != "--help"] == [], name


def test_each_bound_and_each_property_has_a_row() -> None:
    named = {name for name in vars(limits) if name.isupper()}
    assert codes("limits") >= named
    assert "| `REPLICAS_MAX` | 13 |" in generated.PARTS["limits"]()
    page = generated.PARTS["properties"]()
    assert all(f"| `{identifier}` |" in page for identifier in properties.read())


def test_a_page_that_asks_for_an_unknown_part_is_an_error() -> None:
    with pytest.raises(KeyError):
        generated.filled("```{generated} nothing\nhint\n```\n")


def test_every_part_is_on_a_page() -> None:
    pages = [path.read_text() for path in (ROOT / "docs").rglob("*.md")]
    asked = [name for page in pages for name in re.findall(r"^```\{generated\} (.*)$", page, re.MULTILINE)]
    assert sorted(asked) == sorted(generated.PARTS)


def test_comments_above_and_behind_an_entry_are_its_meaning() -> None:
    source = (
        "T = {\n    # --- first part ---\n    1: 'a',  # one\n    # two\n    # lines\n    2: 'b',\n    3: 'c',\n}\n"
    )
    assert comments.of_dictionary(source, "T") == [
        comments.Entry("1", "one", "first part"),
        comments.Entry("2", "two lines", "first part"),
        comments.Entry("3", "", "first part"),
    ]
    with pytest.raises(LookupError):
        comments.of_dictionary(source, "U")


def test_markdown_that_stands_in_prose_is_escaped() -> None:
    assert markdown.plain("a < b and `x < y` [start, end) 2**3") == "a &lt; b and `x < y` \\[start, end) 2\\*\\*3"
    assert markdown.cell("a\n  b | c") == "a b \\| c"
