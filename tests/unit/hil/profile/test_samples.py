"""Recorded samples become times by stage and by function."""

from fnmatch import fnmatchcase

import pytest

from hil.profile import bytecode, collector, samples, stages
from hil.profile.bytecode import Function
from hil.profile.samples import Names

NANOS = 1_000
SHORT = bytes(range(8))
FUNCTIONS = [
    Function("wire/cobs.py:decode", b"decodes" * 30, False),
    Function("wire/framer.py:Framer.next", b"framer" * 30, False),
    Function("core/ring.py:Ring.free", SHORT, False),
    Function("wire/framer.py:Framer.waiting", SHORT, False),
    Function("wire/quick.py:copy", bytes(range(100, 200)), True),
]


def seen(**fields: object) -> dict[str, object]:
    """What the emulator reports."""
    report: dict[str, object] = {
        "nanos": 9_000,
        "idle_nanos": 2_000,
        "pages": 3,
        "erases": 1,
        "functions": [
            {"context": 7, "code": FUNCTIONS[1].code[:96].hex()},
            {"context": 7, "code": (SHORT + bytes(88)).hex()},
            {"context": 8, "code": FUNCTIONS[0].code[:96].hex()},
            {"context": 9, "code": (b"none of ours" * 8).hex()},
        ],
        "natives": [FUNCTIONS[4].code[20:52].hex()],
        "stacks": [["0 2 0", 3], ["0 1 0", 1], ["1 0", 2], ["2 2 0", 1], ["0 -1 0", 4], ["0 3", 1], ["0 ", 1]],
        "collections": [[2_000, 1_000]],
        "heap_bytes": 4_000,
    }
    return {**report, **fields}


def test_times_are_told_by_stage() -> None:
    profile = samples.told(seen(), Names(FUNCTIONS), NANOS)
    assert profile.by_stage == {
        "COBS": 3_000,
        "receive": 5_000,
        stages.COLLECTION: 2_000,
        stages.INTERRUPTS: 1_000,
        stages.LOOP: 1_000,
        stages.START: 1_000,
    }
    assert (profile.busy, profile.idle, profile.pages, profile.erases) == (7_000, 2_000, 3, 1)
    assert profile.collections == [(2_000, 1_000)]


def test_times_are_told_by_function() -> None:
    profile = samples.told(seen(), Names(FUNCTIONS), NANOS)
    assert profile.own == {
        "wire/cobs.py:decode": 3_000,
        "wire/framer.py:Framer.waiting": 1_000,  # of two functions with the same code, that of the module in use
        "(collection)": 2_000,
        "(interrupts)": 1_000,
        "wire/quick.py:copy": 4_000,
        samples.UNKNOWN: 2_000,
    }
    assert profile.total["wire/framer.py:Framer.next"] == 11_000
    assert profile.total["wire/cobs.py:decode"] == 4_000


def test_profiles_add_up() -> None:
    names = Names(FUNCTIONS)
    both = samples.told(seen(), names, NANOS)
    both.add(samples.told(seen(collections=[]), names, NANOS))
    assert (both.busy, both.by_stage["COBS"], both.own["wire/cobs.py:decode"]) == (14_000, 6_000, 6_000)
    assert both.collections == [(2_000, 1_000)]


@pytest.mark.parametrize(
    ("stack", "stage"),
    [
        (["wire/auth.py:Mac.digest", "wire/auth.py:Keyring.seal", "boards/runtime.py:Runtime._write"], "seal MAC"),
        (["wire/auth.py:Mac.digest", "wire/auth.py:Keyring.check", "boards/runtime.py:Runtime._take"], "check MAC"),
        (["wire/cbor.py:_append", "wire/cbor.py:encode", "node/journal.py:Journal.append"], "journal"),
        (["boards/files.py:FileStore.replace", "node/journal.py:Journal._write_checkpoint"], "checkpoint"),
        (["consensus/replica.py:Replica.tick", "node/node.py:Node.tick"], "tick"),
        (["consensus/replica.py:Replica.find", "node/node.py:Node.step"], "step"),
        (["wire/cbor.py:<module>", "main.py:<module>"], stages.START),
        ([], stages.START),
    ],
)
def test_a_stage_is_that_of_the_innermost_function_that_has_one(stack: list[str], stage: str) -> None:
    assert stages.stage_of(stack) == stage


def test_every_rule_is_about_functions_that_fly() -> None:
    names = [function.name for function in bytecode.firmware()]
    idle = [pattern for pattern, _ in stages.RULES if not any(fnmatchcase(name, pattern) for name in names)]
    assert idle == []


def test_every_stage_of_a_rule_is_told() -> None:
    assert {stage for _, stage in stages.RULES if stage is not None} <= set(stages.STAGES)


def test_the_collector_is_what_runs_only_with_it() -> None:
    assert collector.stretches([100, 102, 110, 200, 260], {106, 150}) == [(100, 104), (110, 112), (200, 262)]
