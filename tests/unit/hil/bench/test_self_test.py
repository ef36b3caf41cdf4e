"""What a board's prompt answers decides each check; a failed one says what to do."""

from typing import Any, cast

import pytest

from hil.bench import self_test
from hil.boards.pico.deploy import Found
from hil.boards.pico.repl import Repl

SERIAL = "414d552d30303031"
WELL = {
    "unique_id": bytes.fromhex(SERIAL),
    "heap_free": 230_000,
    "flash_free": 1_000_000,
    "flash_works": True,
    "clock(0)": 0,
    "clock(400)": 400,
}


class Prompt:
    """Answers of a prompt, by what the question contains."""

    def __init__(self, **other: Any) -> None:
        self.answers = {**WELL, **other}

    def run(self, code: str) -> str:
        return ""

    def ask(self, expression: str) -> Any:
        return next(answer for name, answer in self.answers.items() if name in expression)


@pytest.fixture(autouse=True)
def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the host: each question takes 5 ms, and what the board sleeps."""
    times = iter([0.0, 0.005, 1.0, 1.405])
    monkeypatch.setattr(self_test.time, "monotonic", lambda: next(times))


def checked(monkeypatch: pytest.MonkeyPatch, found: Found | None = None, **other: Any) -> dict[str, self_test.Check]:
    found = found or Found("Pico", (1, 28), (6, 3), "a", "00")
    monkeypatch.setattr(self_test.deploy, "look", lambda repl: found)
    return {check.name: check for check in self_test.run(cast("Repl", Prompt(**other)), SERIAL)}


def test_a_board_that_is_well_passes_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = checked(monkeypatch)
    assert set(checks) == {"image", "identity", "heap", "flash room", "flash", "clock"}
    assert all(check.passed for check in checks.values())


@pytest.mark.parametrize(
    ("other", "name", "told"),
    [
        ({"unique_id": b"\x01" * 8}, "identity", "is it an adapter's"),
        ({"heap_free": 90_000}, "heap", "an image without extra modules"),
        ({"flash_free": 100_000}, "flash room", "erase the flash"),
        ({"flash_works": False}, "flash", "replace the board"),
        ({"clock(400)": 300}, "clock", "is the host overloaded"),
    ],
)
def test_what_is_wrong_fails_its_check_alone(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], name: str, told: str
) -> None:
    checks = checked(monkeypatch, **other)
    assert [check.name for check in checks.values() if not check.passed] == [name]
    assert told in checks[name].advice


@pytest.mark.parametrize(("micropython", "mpy"), [((1, 27), (6, 3)), ((1, 29), (6, 4)), ((1, 28), (5, 0))])
def test_an_image_that_cannot_run_the_firmware_fails(
    monkeypatch: pytest.MonkeyPatch, micropython: tuple[int, int], mpy: tuple[int, int]
) -> None:
    check = checked(monkeypatch, Found("Pico", micropython, mpy, "", ""))["image"]
    assert not check.passed
    assert "want 1.28 or later with bytecode 6.3: hold BOOTSEL" in check.advice
