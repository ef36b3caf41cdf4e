"""`amu note`: a note to a flight, and what is said where none can take it."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from groundstation.orders.port import OrderPort
from tests.support.command import app

GIVE_UP_SECONDS = 60
TEXT = "board 2 is silent"


def _invoke(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["note", *arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.json").write_text("{}")
    return tmp_path


@pytest.mark.parametrize(("outcome", "code"), [("accepted", 0), ("refused", 2)])
def test_a_note_ends_when_the_flight_has_answered(folder: Path, outcome: str, code: int) -> None:
    port = OrderPort(folder)
    taken: list[Any] = []

    def fly() -> None:
        end = time.monotonic() + GIVE_UP_SECONDS
        while not taken and time.monotonic() < end:
            for order, client in port.take():
                taken.append(order)
                client.answer({"id": order.id, "outcome": outcome, "reason": "full"})

    flight = threading.Thread(target=fly)
    flight.start()
    try:
        found, said = _invoke(TEXT, "--run", str(folder), "--sender", "alice", "--to-crew")
        flight.join(GIVE_UP_SECONDS)
    finally:
        port.close()
    [order] = taken
    assert (order.sender, order.role) == ("alice", "director")
    assert order.order.model_dump() == {"kind": "note", "text": TEXT, "to_crew": True}
    assert found == code
    assert ("on record" in said) is (code == 0)
    assert ("full" in said) is (code == 2)


def test_where_nobody_flies_the_note_is_refused(folder: Path) -> None:
    code, said = _invoke("hello", "--run", str(folder))
    assert code == 2
    assert "no flight takes orders here" in said


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    code, said = _invoke("hello", "--run", str(tmp_path))
    assert code == 2
    assert "no run here" in said
