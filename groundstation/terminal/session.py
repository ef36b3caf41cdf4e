"""The flight that a terminal shows: its picture, as the pages have it, and the orders of the person at the terminal.

The picture is the console's fold over the trace (`groundstation.web.model`), kept up to date by its follower in the
loop of the terminal's application. No server listens. Who sits at the terminal reaches the flight's socket, and so may
do everything.
"""

import asyncio
import contextlib
import uuid
from typing import Any

from groundstation.orders import port
from groundstation.web import vocabulary
from groundstation.web.flights import FLYING, LOST, READY, Flight
from groundstation.web.hub import Hub
from groundstation.web.people import LOCAL
from groundstation.web.sights import Sights

Row = dict[str, Any]
Answer = dict[str, Any]

NOT_FLYING = "no flight takes orders now"


class Session:
    """One flight as one terminal shows it."""

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self._sights = Sights(flight, has_crew=False)
        self._view = self._sights.of(LOCAL)
        self._following: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Follow the flight, in the running loop."""
        self._following = asyncio.create_task(self._sights.follow())

    async def end(self) -> None:
        """Follow it no longer. The flight goes on."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following

    @property
    def hub(self) -> Hub:
        return self._view.hub

    @property
    def tables(self) -> dict[str, dict[str, Row]]:
        return self.hub.model.tables

    @property
    def run(self) -> Row:
        return self.tables["run"]["run"]

    @property
    def scenario(self) -> Row | None:
        return self.tables["scenario"].get("scenario")

    @property
    def told(self) -> Row:
        """The flight's state, and how far its trace was read and checked."""
        return self._view.follower.told()

    @property
    def state(self) -> str:
        return str(self.flight.state().get("state", ""))

    @property
    def is_flying(self) -> bool:
        return self.state == FLYING

    @property
    def speed(self) -> float:
        """Mission seconds in a second of wall time."""
        return 1.0 if self.scenario is None else float(self.scenario["speed"])

    def boards(self) -> list[Row]:
        """The rows of the boards."""
        return sorted(self.tables["boards"].values(), key=lambda row: int(row["node"]))

    def nodes(self) -> list[int]:
        """The numbers of the boards: of those heard of, or of those that the scenario has."""
        known = [int(row["node"]) for row in self.boards()]
        return known or list(range(0 if self.scenario is None else self.scenario["boards"]))

    def why_not(self, node: int, fault: str) -> str:
        """Why a board of this flight cannot play a fault; "" if it can, or if nobody knows."""
        flight = self.flight.state()
        kinds, plays = flight.get("kinds") or [], flight.get("plays") or []
        kind = vocabulary.tell()["kinds"].get(kinds[node] if node < len(kinds) else None, {})
        can = plays[node] if node < len(plays) else kind.get("plays")
        if not can or fault in can:
            return ""
        return str(kind.get("why_not", {}).get(fault, "this board cannot play it"))

    async def order(self, body: Row) -> Answer:
        """Give the flight an order. Returns its answer: `outcome`, and a `reason` unless it was accepted."""
        run = self.flight.run
        if run is None or not self.flight.state().get("takes_orders"):
            return {"outcome": "refused", "reason": NOT_FLYING}
        told = {"id": uuid.uuid4().hex, "sender": LOCAL.name, "role": LOCAL.role, "order": body}
        try:
            return await asyncio.to_thread(port.send, run, told)
        except port.NoFlightError as error:
            return {"outcome": "unknown", "reason": str(error)}

    def fly(self) -> Answer:
        """Start the flight, or resume the one that was lost."""
        if self.state not in (READY, LOST):
            return {"outcome": "refused", "reason": f"the flight is {self.state}; it does not start now"}
        try:
            self.flight.start()
        except OSError as error:
            return {"outcome": "refused", "reason": f"it cannot be started: {error.strerror}"}
        return {"outcome": "accepted"}
