"""The endpoints of the console.

    GET  /                the page                  GET  /healthz      {"ok": true, ...}
    GET  /page/...        its files                 GET  /report       the run's report
    GET  /api/events      lines of the trace        POST /api/orders   an order to the flight
    GET  /api/search      lines that are as asked   POST /api/flight   start or resume
    WS   /api/live        batches of what changed   POST /api/session  log in with a token
                                                    GET  /api/session  who we are

Rules
- Every request must name this console as its host, and a request that changes something must come from its own page:
  the header X-AMU-Console, which another site's form cannot set, and no other Origin.
- A person is known by a token: in the header Authorization, or in a cookie that only this console gets.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from groundstation.orders import port
from groundstation.orders.order import ORDER_BYTES_MAX
from groundstation.record import run_directory
from groundstation.web import history, vocabulary
from groundstation.web.flights import LOST, READY, Flight
from groundstation.web.follower import Follower
from groundstation.web.hub import DEAF_SECONDS, SCHEMA, Hub, Page
from groundstation.web.model import Model
from groundstation.web.people import LOCAL, Person, RoleFile

PAGE = Path(__file__).parent / "page"
BATCH_SECONDS = 0.1
PAGES_MAX = 64
EVENTS_MAX = 2000  # in one answer
TOO_SLOW, NOT_ALLOWED = 1013, 1008  # close codes of RFC 6455
DEAF = "the page did not keep up: it acknowledged nothing for too long"
CLOSE_SECONDS = 1.0  # for a reason to go out
COOKIE = "amu_token"
REFUSAL_SECONDS = 0.5  # before a wrong token is refused
ELSEWHERE = "this console is not the host that the request names, or another site sent it"
NO_HEADER = "the header X-AMU-Console: 1 is missing"
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

_log = logging.getLogger(__name__)


class WebConsole:
    """One console: the flight that it shows, and the pages that show it."""

    def __init__(self, flight: Flight, roles: RoleFile | None, hosts: frozenset[str]) -> None:
        self.flight = flight
        self.hub = Hub(Model(flight.scenario()))
        self.follower = Follower(flight, self.hub)
        self._roles, self._hosts = roles, hosts

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route("/", self._page),
            Route("/healthz", self._health),
            Route("/report", self._report),
            Route("/api/session", self._session, methods=["GET"]),
            Route("/api/session", self._log_in, methods=["POST"]),
            Route("/api/events", self._events),
            Route("/api/search", self._search),
            Route("/api/orders", self._order, methods=["POST"]),
            Route("/api/flight", self._fly, methods=["POST"]),
            WebSocketRoute("/api/live", self._live),
            Mount("/page", StaticFiles(directory=PAGE)),
        ]
        return Starlette(routes=routes, lifespan=self._life)

    @contextlib.asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        follower = asyncio.create_task(self.follower.run())
        try:
            yield
        finally:
            follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await follower
            self.flight.close()

    # --- who asks -------------------------------------------------------------------------------

    def _person(self, connection: HTTPConnection) -> Person | None:
        if self._roles is None:
            return LOCAL
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = connection.cookies.get(COOKIE, "")
        return self._roles.person(token) if token else None

    def _is_here(self, connection: HTTPConnection) -> bool:
        """Whether the request names this console as its host, and comes from no other site."""
        if connection.headers.get("host") not in self._hosts:
            return False
        origin = connection.headers.get("origin")
        return origin is None or urlsplit(origin).netloc in self._hosts

    def _refusal(self, request: Request, what: str | None = None) -> Response | None:
        """Why a request is not served. what: that it wants to do; None: to look."""
        if not self._is_here(request):
            return _refused(421, ELSEWHERE)
        person = self._person(request)
        if person is None:
            return _refused(
                401, "a token is needed: send it as Authorization: Bearer, or ask the owner of the role file for one"
            )
        if what is None:
            return None
        if request.headers.get("x-amu-console") != "1":
            return _refused(403, NO_HEADER)
        if not person.may(what):
            return _refused(403, f"{person.name} is {person.role}, which may not {what}")
        return None

    # --- endpoints ------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=SECURITY)

    async def _health(self, request: Request) -> Response:
        pages = self.hub.pages
        told = {"pages": len(pages), "slow_pages": sum(page.is_slow for page in pages)}
        if self.follower.failure:
            return JSONResponse({"ok": False, "error": self.follower.failure, **told}, 500)
        return JSONResponse({"ok": True, "flight": self.flight.state().get("state"), **told})

    async def _report(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        run = self.flight.run
        if run is None or not (run / run_directory.REPORT).exists():
            return _refused(404, "there is no report yet; it is drawn after the flight")
        return FileResponse(run / run_directory.REPORT, headers=SECURITY)

    async def _session(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        person = self._person(request)
        assert person is not None
        return JSONResponse({"name": person.name, "role": person.role})

    async def _log_in(self, request: Request) -> Response:
        """Keep a token in a cookie that no script and no other site gets."""
        if not self._is_here(request):
            return _refused(421, ELSEWHERE)
        if request.headers.get("x-amu-console") != "1":
            return _refused(403, NO_HEADER)
        token = str((await _body(request) or {}).get("token", ""))
        person = LOCAL if self._roles is None else self._roles.person(token)
        if person is None:
            await asyncio.sleep(REFUSAL_SECONDS)
            return _refused(401, "nobody has this token; ask the owner of the role file for one")
        answer = JSONResponse({"name": person.name, "role": person.role})
        is_safe = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=is_safe, path="/")
        return answer

    async def _events(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        trace, asked = self.flight.trace, request.query_params
        if trace is None:
            return _refused(404, "there is no trace yet")
        try:
            if "at" in asked:
                first = await asyncio.to_thread(history.at_second, trace, float(asked["at"]))
            else:
                first = history.begin_of_line(trace, int(asked.get("first", "0")))
            last = int(asked.get("last", "0")) or first + history.LOOK_BYTES_MAX
            lines = await asyncio.to_thread(history.read, trace, first, last, EVENTS_MAX)
        except (ValueError, OverflowError):
            return _refused(400, "first, last: want offsets in the trace; at: a mission second")
        except OSError as error:
            return _refused(404, f"{trace}: cannot be read: {error.strerror}")
        return JSONResponse({"first": first, "events": lines})

    async def _search(self, request: Request) -> Response:
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        trace, asked = self.flight.trace, request.query_params
        words, without = (tuple(asked.get(name, "").lower().split()) for name in ("words", "without"))
        if trace is None or not words:
            return _refused(400, "words: want some; and there must be a trace")
        try:
            query = history.Query(words, without, float(asked.get("seconds", "0")))
            found, goes_on = await asyncio.to_thread(history.search, trace, query, int(asked.get("first", "0")))
        except (ValueError, OverflowError):
            return _refused(400, "seconds, first: want numbers")
        except OSError as error:
            return _refused(404, f"{trace}: cannot be read: {error.strerror}")
        return JSONResponse({"events": found, "goes_on": goes_on})

    async def _order(self, request: Request) -> Response:
        body = await _body(request)
        kind = body.get("order", {}).get("kind") if body is not None and isinstance(body.get("order"), dict) else None
        refusal = self._refusal(request, str(kind))
        if refusal is not None:
            return refusal
        person, run = self._person(request), self.flight.run
        assert person is not None
        assert body is not None
        if run is None or not self.flight.state().get("takes_orders"):
            return _refused(409, "no flight takes orders now")
        order = {"id": body.get("id"), "sender": person.name, "role": person.role, "order": body.get("order")}
        try:
            answer = await asyncio.to_thread(port.send, run, order)
        except port.NoFlightError as error:
            return _refused(409, str(error))
        return JSONResponse(answer)

    async def _fly(self, request: Request) -> Response:
        body = await _body(request)
        what = str(body.get("action")) if body is not None else "None"
        refusal = self._refusal(request, what)
        if refusal is not None:
            return refusal
        state = self.flight.state().get("state")
        if (what, state) not in (("start", READY), ("resume", LOST)):
            return _refused(409, f"the flight is {state}; it does not {what} now")
        self.flight.start()
        return JSONResponse({"outcome": "accepted"})

    # --- the live line --------------------------------------------------------------------------

    async def _live(self, socket: WebSocket) -> None:
        person = self._person(socket) if self._is_here(socket) else None
        if person is None or len(self.hub.pages) >= PAGES_MAX:
            await socket.close(NOT_ALLOWED, "no token, or another site" if person is None else "too many pages")
            return
        await socket.accept()
        page = self.hub.open(person.name, person.role)
        tasks = [asyncio.create_task(_listen(socket, page)), asyncio.create_task(self._send(socket, page))]
        try:
            while not page.is_deaf and not any(task.done() for task in tasks):
                await asyncio.sleep(BATCH_SECONDS)
        finally:
            is_deaf = page.is_deaf
            self.hub.close(page)
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        if is_deaf:
            _log.warning(
                "a page of %s, %s, was closed: it acknowledged nothing for %.0f s", page.name, page.role, DEAF_SECONDS
            )
            await _close(socket, TOO_SLOW, DEAF)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _send(self, socket: WebSocket, page: Page) -> None:
        """Send batches until the page goes. Waits as long as the line is full."""
        hello = {"type": "hello", "schema": SCHEMA, "name": page.name, "role": page.role}
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_text(_text({**hello, "vocabulary": vocabulary.tell()}))
            while True:
                batch = self.hub.batch(page, self.follower.told())
                if batch is not None:
                    await socket.send_text(_text(batch))
                await asyncio.sleep(BATCH_SECONDS)


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Close the line; a full one may not take the reason."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(code, reason)


async def _listen(socket: WebSocket, page: Page) -> None:
    """Take the page's acknowledgements until it goes."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError, RecursionError):
                told = json.loads(await socket.receive_text())
                if told.get("type") == "ack" and type(told.get("number")) is int:
                    page.acknowledge(told["number"])


async def _body(request: Request) -> dict[str, Any] | None:
    """The JSON object in a request. None if there is none, or if it is too large."""
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > ORDER_BYTES_MAX:
            return None
    with contextlib.suppress(ValueError, RecursionError):
        found = json.loads(data)
        if isinstance(found, dict):
            return found
    return None


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def _refused(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"outcome": "refused", "reason": reason}, status_code=status)
