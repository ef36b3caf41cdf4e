"""A whole rehearsal on real virtual boards, flown on the terminal by keys alone."""

from pathlib import Path

from groundstation.terminal.alarms import calling
from tests.support.piloted import Piloted, play
from tests.support.small_rehearsal import small


def test_a_rehearsal_is_flown_by_keys(tmp_path: Path) -> None:
    async def fly(console: Piloted) -> None:
        await console.shows("ready to start")
        await console.press("s")
        await console.until(lambda: console.session.is_flying)
        await _command(console)
        await _fault(console)
        await _boards(console)
        await console.press("x")
        await console.shows("over: pass")
        await console.press("7")
        await console.shows("compared every step of the trace", "CON-4   holds ", "0 violated")
        await console.press("0", "slash")
        await console.type("order finish")
        await console.shows("1 event shown")

    play(small(tmp_path), fly)


async def _command(console: Piloted) -> None:
    """A telecommand: the form names a mistake, the mended one is sent, and its stages are shown."""
    await console.press("4", "n", "enter", "down", "down", "enter")
    await console.shows("lease-acquire", "resource *")
    await console.press("tab")
    await console.type("dock/9")
    await console.press("tab")
    await console.type("x")
    await console.press("enter")
    await console.shows("holder: want a whole number; have 'x'")
    await console.press("backspace", "1", "tab")
    await console.type("40")
    await console.press("enter")
    await console.shows("lease-acquire dock/9 1 40", "confirmed after")
    await console.press("enter")
    await console.shows("Stages of telecommand", "asked by", "local", "confirmed by f + 1")
    await console.press("escape")


async def _fault(console: Piloted) -> None:
    """A fault of links begins, holds, and is ended."""
    await console.press("5", "n", "enter", "down", "down", "down", "enter")
    await console.shows("Delays every copy", "seconds *")
    await console.press("tab", "tab", "tab")
    await console.type("0.01")
    await console.press("enter")
    await console.shows("fault-1", "fault: name fault-1")
    await console.press("e")
    await console.shows("No fault of links holds now", "end-fault")
    rows = console.session.tables["faults"]
    assert rows["fault-1"]["sender"] == "local"
    assert rows["fault-1"]["end"] is not None


async def _boards(console: Piloted) -> None:
    """A board is killed, its alarm acknowledged, and it is started; another one is restarted."""
    board = console.session.tables["boards"]
    await console.press("1", "full_stop", "full_stop", "full_stop", "k")
    await console.shows("off", "killed", "a acknowledges")
    await console.until(lambda: (3, "off") in {(row["board"], row["parameter"]) for row in calling(console.session)})
    await console.press("k")
    await console.shows("board 3: kill is not possible: it is off")
    await console.press("escape", "y")
    await console.shows("Judged at mission second")
    await console.press("6", "a")
    await console.shows("acknowledged by local")
    await console.press("1", "b")
    await console.until(lambda: bool(board["3"]["on"] and board["3"]["boot"] == 1))
    await console.press("comma", "r")
    await console.until(lambda: bool(board["2"]["boot"] == 1))
    await console.shows("voting")
