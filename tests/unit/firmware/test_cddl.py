"""wire.cddl against messages.py, name by name and bound by bound; the property tests of wire.cddl do the rest."""

import re
from pathlib import Path

import pytest

import amu.wire
from amu.core import limits
from amu.wire import frames, messages

TEXT = (Path(amu.wire.__file__).parent / "wire.cddl").read_text()
RULE = re.compile(r"^([a-z-]+) = \[(0x..), ([^]]*)\]$", re.MULTILINE)
RULES = {int(kind, 16): (name, fields) for name, kind, fields in RULE.findall(TEXT)}
CLASS = re.compile(r"^; class (\d).*\n([a-z]+) = ([^;]*)$", re.MULTILINE)


def kebab(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"-\1", name).lower()


def test_every_message_has_its_rule_and_every_rule_its_message() -> None:
    assert {kind: name for kind, (name, _) in RULES.items()} == {cls.KIND: kebab(cls.__name__) for cls in messages.ALL}


def test_every_class_has_its_messages_and_a_message_has_one_class() -> None:
    classes = {
        int(number): (name, set(members.replace("/", " ").split())) for number, name, members in CLASS.findall(TEXT)
    }
    names = {
        frames.FLIGHT: "flight",
        frames.TELECOMMAND: "telecommand",
        frames.TELEMETRY: "telemetry",
        frames.REPORT: "report",
    }
    assert classes == {
        number: (name, {kebab(cls.__name__) for cls in messages.ALL if frames.traffic_of(cls.KIND) == number})
        for number, name in names.items()
    }


@pytest.mark.parametrize("cls", messages.ALL, ids=lambda cls: cls.__name__)
def test_fields_have_the_same_names_in_the_same_order(cls: type[messages.Message]) -> None:
    labels = re.findall(r"(\w+): ", RULES[cls.KIND][1])
    assert labels == ["lamport", *(name for name, _ in cls.SHAPE)]


@pytest.mark.parametrize(
    ("rule", "definition"),
    [
        ("lamport-time", f"0..{limits.LAMPORT_MAX}"),
        ("slot-number", f"0..{limits.SLOT_MAX}"),
        ("view-number", f"0..{limits.VIEW_MAX}"),
        ("counter", f"0..{limits.SLOT_MAX}"),
        ("digest", f"bstr .size {limits.DIGEST_BYTES}"),
        ("body-bytes", f"bstr .size (0..{limits.BODY_BYTES_MAX})"),
        ("channel-item", f"bstr .size (0..{limits.CHANNEL_ITEM_BYTES_MAX})"),
        ("channel-items", f"[0*{limits.CHANNEL_WINDOW_ITEMS} channel-item]"),
        ("chunk", f"bstr .size (0..{limits.CHUNK_BYTES_MAX})"),
    ],
)
def test_bounds_are_those_of_limits(rule: str, definition: str) -> None:
    found = re.search(rf"^{rule} = (.*?)(?:\s*;.*)?$", TEXT, re.MULTILINE)
    assert found is not None
    assert found[1] == definition


def test_bounds_that_only_a_comment_can_state() -> None:
    assert f"1 to {limits.MESSAGES_PER_FRAME_MAX} messages and at most {limits.PAYLOAD_BYTES_MAX} bytes, " in TEXT
    assert f"nests at most {limits.CBOR_DEPTH_MAX} deep" in TEXT
