"""What a board's prompt answers decides each check; a failed one says what to do."""

from typing import Any, cast

import pytest

from hil.bench import clock, self_test
from hil.boards.pico.deploy import Found
from hil.boards.pico.repl import Repl

SERIAL = "414d552d30303031"
WELL = {
    "unique_id": bytes.fromhex(SERIAL),
    "heap_free": 230_000,
    "flash_free": 1_000_000,
    "flash_works": True,
}


class Prompt:
    """Answers of a prompt, by what the question contains. Its counter goes `rate` times as fast as the host's clock."""

    def __init__(self, **other: Any) -> None:
        self.rate = other.pop("rate", 1.0)
        self.begin = other.pop("begin", 123_456)
        self.is_emulated = other.pop("is_emulated", False)
        self.answers = {**WELL, **other}

    def run(self, code: str) -> str:
        return ""

    def ask(self, expression: str) -> Any:
        HOST.pass_by(0.002)  # on the way
        if "ticks_us" not in expression:
            return next(answer for name, answer in self.answers.items() if name in expression)
        told = (self.begin + int(1e6 * HOST.now * self.rate)) % (1 << 30)
        HOST.pass_by(0.003)  # and back
        return told


class Host:
    """The host's clock."""

    now = 0.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


HOST = Host()


@pytest.fixture(autouse=True)
def _time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock.time, "monotonic", lambda: HOST.now)
    monkeypatch.setattr(clock.measure, "__defaults__", (HOST.pass_by,))


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
        ({"rate": 0.9}, "clock", "its crystal is off"),
        ({"rate": 1.1}, "clock", "its crystal is off"),
        ({"rate": 0.0}, "clock", "if its ticks still do not move"),
        ({"rate": 0.0, "is_emulated": True}, "clock", "if its ticks still do not move"),
        ({"rate": 20.0, "is_emulated": True}, "clock", "its crystal is off"),
    ],
)
def test_what_is_wrong_fails_its_check_alone(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, Any], name: str, told: str
) -> None:
    checks = checked(monkeypatch, **other)
    assert [check.name for check in checks.values() if not check.passed] == [name]
    assert told in checks[name].advice


def test_a_clock_is_measured_by_round_trips_across_a_wrap() -> None:
    prompt = Prompt(rate=1.004, begin=(1 << 30) - 100_000)
    HOST.now = 0.0
    measured = clock._measure(lambda: int(prompt.ask("ticks_us()")), HOST.pass_by, 0.4)
    assert measured.is_right(clock.DRIFT_PPM_MAX)
    assert measured.least <= 4_000 <= measured.most
    assert measured.most - measured.least < 25_000  # two round trips in 0.4 s
    assert round(measured.round_trip, 6) == 0.005
    assert str(measured).endswith("shortest round trip 5.0 ms")


def test_the_shortest_round_trip_of_each_row_counts() -> None:
    prompt, delays = Prompt(rate=0.97), iter([0.9, 0.0, 0.8, 0.7, 0.9, 0.8, 0.9, 0.7, 0.9, 0.0, 0.9, 0.8])

    def ask() -> int:
        HOST.pass_by(next(delays))
        return int(prompt.ask("ticks_us()"))

    assert not clock._measure(ask, HOST.pass_by, 2.0).is_right(clock.DRIFT_PPM_MAX)


def test_a_drift_that_a_slow_line_may_explain_is_no_trouble() -> None:
    slow = Prompt(rate=1.03)

    def ask() -> int:
        HOST.pass_by(0.2)
        return int(slow.ask("ticks_us()"))

    assert clock._measure(ask, HOST.pass_by, 0.4).is_right(clock.DRIFT_PPM_MAX)
    assert not clock._measure(ask, HOST.pass_by, 60.0).is_right(clock.DRIFT_PPM_MAX)


def test_an_emulated_board_on_a_busy_machine_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked(monkeypatch, rate=0.9, is_emulated=True)["clock"].passed


@pytest.mark.parametrize(("micropython", "mpy"), [((1, 27), (6, 3)), ((1, 29), (6, 4)), ((1, 28), (5, 0))])
def test_an_image_that_cannot_run_the_firmware_fails(
    monkeypatch: pytest.MonkeyPatch, micropython: tuple[int, int], mpy: tuple[int, int]
) -> None:
    check = checked(monkeypatch, Found("Pico", micropython, mpy, "", ""))["image"]
    assert not check.passed
    assert "want 1.28 or later with bytecode 6.3: hold BOOTSEL" in check.advice
