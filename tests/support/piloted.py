"""The console on a terminal without one: keys are pressed, and what it shows is read as text."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from textual.pilot import Pilot

from groundstation.terminal.app import Terminal
from groundstation.terminal.session import Session
from groundstation.web.flights import Flight

GIVE_UP_SECONDS = 120.0
LOOK_SECONDS = 0.02


class Piloted:
    """A console whose keys a test presses."""

    def __init__(self, terminal: Terminal, pilot: Pilot[Any]) -> None:
        self.terminal, self._pilot = terminal, pilot

    @property
    def session(self) -> Session:
        return self.terminal.session

    def text(self) -> str:
        """What is on the screen, line by line."""
        strips = self.terminal.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    async def press(self, *keys: str) -> None:
        await self._pilot.press(*keys)
        self.terminal.draw()
        await self._pilot.pause()

    async def type(self, text: str) -> None:
        """Type a text into the field in focus."""
        await self.press(
            *({" ": "space", "/": "slash", "-": "minus", "_": "underscore"}.get(each, each) for each in text)
        )

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so. Gives up with what the screen shows."""
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS):
                while not is_so():
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise AssertionError(f"it did not come:\n{self.text()}") from None

    async def shows(self, *words: str) -> None:
        """Wait until all of these words are on the screen."""
        await self.until(lambda: all(word in self.text() for word in words))

    async def resize(self, columns: int, lines: int) -> None:
        await self._pilot.resize_terminal(columns, lines)


@contextlib.asynccontextmanager
async def piloted(flight: Flight, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Piloted]:
    """A console of a flight. A flight that a test leaves behind is ended with its boards."""
    terminal = Terminal(Session(flight))
    try:
        async with terminal.run_test(size=size) as pilot:
            yield Piloted(terminal, pilot)
    finally:
        process = flight._process
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(GIVE_UP_SECONDS)


def play(flight: Flight, then: Callable[[Piloted], Awaitable[None]], size: tuple[int, int] = (120, 36)) -> None:
    """Show a flight, and do what a test does with it."""

    async def run() -> None:
        async with piloted(flight, size) as console:
            await then(console)

    asyncio.run(run())
