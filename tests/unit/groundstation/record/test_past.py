"""A ground station learns from the record of its predecessor."""

import json
from pathlib import Path
from typing import Any

import pytest

from amu.wire import cbor
from groundstation.record.board_events import OUTSIDE, SWITCHED_OFF
from groundstation.record.line_log import RecorderError
from groundstation.record.past import Past, read

COMMAND = ["shard-create", 3, b"\x00\x03", b"\x00\x04"]


class Record:
    """Writes a trace of ground events."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[dict[str, Any]] = []

    def say(self, event: str, **fields: Any) -> None:
        seq = len(self.lines)
        line = {"run": "a", "node": 255, "boot": 0, "seq": seq, "lamport": seq + 1, "ticks": 0, "received": seq / 10}
        self.lines.append(line | {"event": event} | fields)

    def command(self, operation: int, stage: str, **fields: Any) -> None:
        self.say("Telecommand", client=0, operation=operation, stage=stage, **fields)

    def read(self) -> Past:
        self.path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))
        return read(self.path, lambda event: None)


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / "trace.ndjson")


def test_operations_come_back_to_the_byte_and_the_confirmed_ones_with_their_answers(record: Record) -> None:
    encoded = cbor.encode(COMMAND).hex()
    for number in range(3):
        record.command(number, "queued", command=["printed"], encoded=encoded)
    record.command(0, "uplinked", board=0, attempt=1)
    record.command(0, "uplinked", board=0, attempt=2)
    record.command(1, "confirmed", slot=9, result=["ok"])
    past = record.read()
    assert [operation.command for operation in past.operations.values()] == [COMMAND] * 3
    assert [number for number, operation in past.operations.items() if operation.is_open] == [0, 2]
    assert past.operations[1].answer == (9, ["ok"])
    assert (past.retries, past.received, past.run) == (1, 0.5, "a")


def test_boards_are_as_the_record_leaves_them(record: Record) -> None:
    for board in range(4):
        record.say("BoardStart", board=board)
    record.say("BoardKill", board=0)
    record.say("BoardFault", board=1, kind="power_cut")
    record.say("BoardFault", board=2, kind="power_cut")
    record.say("PowerCut", board=2)
    record.say("BoardCrash", board=3)
    record.say("BoardStart", board=0)
    record.say("BoardKill", board=0, reason=OUTSIDE)
    past = record.read()
    assert (past.up, past.armed, past.crashed) == ({1}, {1}, [3])
    assert past.board_events == {"BoardKill": 1, SWITCHED_OFF: 1, "PowerCut": 1, "BoardCrash": 1}


@pytest.mark.parametrize(
    ("after", "begun"),
    [
        ([], {0}),  # said, perhaps not done: it is played again
        ([("BoardKill", 1)], {0}),  # half done
        ([("BoardStart", 2)], {0}),  # another board's
        ([("BoardKill", 1), ("BoardStart", 1)], {0, 1}),
    ],
)
def test_only_what_was_done_is_not_played_again(record: Record, after: list[tuple[str, int]], begun: set[int]) -> None:
    record.say("Scheduled", board=0, action="kill", number=0)
    record.say("BoardKill", board=0)
    record.say("Scheduled", board=1, action="restart", number=1)
    for event, board in after:
        record.say(event, board=board)
    assert record.read().begun == begun


@pytest.mark.parametrize(
    "change",
    [
        {"received": 1e308},
        {"received": "soon"},
        {"run": None, "received": None},
        {"event": "Telecommand", "client": 0, "operation": 0, "stage": "queued", "encoded": "ff"},
        {"event": "Telecommand", "client": 0, "operation": 0, "stage": "queued"},
        {"event": "Telecommand", "client": 0, "operation": 5, "stage": "confirmed", "slot": 1, "result": ["ok"]},
    ],
)
def test_a_record_that_cannot_be_continued_is_reported(record: Record, change: dict[str, Any]) -> None:
    record.say("BoardMode")
    record.say("BoardMode", **{name: value for name, value in change.items() if name not in record.lines[0]})
    record.lines[-1].update(change)
    with pytest.raises(RecorderError, match="line 2: cannot be continued"):
        record.read()


def test_an_empty_record_is_reported(tmp_path: Path) -> None:
    (tmp_path / "trace.ndjson").touch()
    with pytest.raises(RecorderError, match="there is nothing in it"):
        read(tmp_path / "trace.ndjson", lambda event: None)
