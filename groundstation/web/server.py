"""The endpoints of the console.

What there is, and for whom: `groundstation.web.access`.

Rules
- Every request must name this console as its host, and a request that changes something must come from its own page:
  the header X-AMU-Console, which another site's form cannot set, and no other Origin.
- A request is judged before it reaches the code that serves it, and its body is not read before that.
- A person is known by a token: in the header Authorization, or in a cookie that only this console gets.
- What a person sees of the run is chosen in one place, `WebConsole._view`: no endpoint looks past it.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from groundstation.orders import port
from groundstation.orders.order import ORDER_BYTES_MAX
from groundstation.record import run_directory
from groundstation.web import history, vocabulary
from groundstation.web.access import CHANGING, ENDPOINTS, MESSAGES, OPEN, REPLAY, RESUME, SOCKET, START, Endpoint
from groundstation.web.flights import LOST, READY, Flight
from groundstation.web.follower import FAILED_FOR_CREW, Follower
from groundstation.web.gate import NOT_ALLOWED, Gate, refused
from groundstation.web.hub import DEAF_SECONDS, SCHEMA, Page
from groundstation.web.people import LEAST, LOCAL, Person, RoleFile, is_enough
from groundstation.web.replay import ReplayError
from groundstation.web.sights import Sights, View
from groundstation.web.violations import Violations
from specs.verdict import VIOLATED

PAGE = Path(__file__).parent / "page"
BATCH_SECONDS = 0.1
PAGES_MAX = 64
EVENTS_MAX = 2000  # in one answer
TOO_SLOW = 1013  # close code of RFC 6455
DEAF = "the page did not keep up: it acknowledged nothing for too long"
CLOSE_SECONDS = 1.0  # for a reason to go out
COOKIE = "amu_token"
REFUSAL_SECONDS = 0.5  # before a wrong token is refused
NO_HEADER = "the header X-AMU-Console: 1 is missing"
NO_TOKEN = "a token is needed: send it as Authorization: Bearer, or ask the owner of the role file for one"
NO_BODY = f"want a JSON object of at most {ORDER_BYTES_MAX} bytes"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """A request that may be served. body: what it says, if it changes something."""

    request: Request
    who: Person | None
    body: dict[str, Any]

    @property
    def person(self) -> Person:
        """Who asks; somebody, wherever a token is wanted."""
        assert self.who is not None
        return self.who


class WebConsole:
    """One console: the flight that it shows, and the pages that show it."""

    def __init__(self, flight: Flight, roles: RoleFile | None, hosts: frozenset[str]) -> None:
        self.flight = flight
        self.sights = Sights(flight, roles is not None)
        self._roles, self._hosts = roles, hosts
        self._violations = Violations()

    @property
    def follower(self) -> Follower:
        """Of the whole trace."""
        return self.sights.whole.follower

    def _view(self, person: Person) -> View:
        """The run as a person sees it."""
        return self.sights.of(person)

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[self._route(endpoint) for endpoint in ENDPOINTS],
            lifespan=self._life,
            middleware=[Middleware(Gate, hosts=self._hosts)],
        )

    def _route(self, endpoint: Endpoint) -> BaseRoute:
        if endpoint.method == SOCKET:
            return WebSocketRoute(endpoint.path, self._live)
        if endpoint.path.endswith("{path}"):
            return Mount(endpoint.path.removesuffix("/{path}"), StaticFiles(directory=PAGE))
        serve = self._serves(endpoint.name)

        async def answer(request: Request) -> Response:
            asked = await self._judged(request, endpoint)
            return asked if isinstance(asked, Response) else await serve(asked)

        return Route(endpoint.path, answer, methods=[endpoint.method])

    def _serves(self, name: str) -> Callable[[Asked], Awaitable[Response]]:
        return {
            "GET /": self._page,
            "GET /healthz": self._health,
            "GET /report": self._report,
            "GET /api/session": self._session,
            "POST /api/session": self._log_in,
            "GET /api/events": self._events,
            "GET /api/search": self._search,
            "GET /api/violation": self._violation,
            "POST /api/orders": self._order,
            "POST /api/flight": self._fly,
        }[name]

    @contextlib.asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        following = asyncio.create_task(self.sights.follow())
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            self._violations.close()

    # --- who asks -------------------------------------------------------------------------------

    def _person(self, connection: HTTPConnection) -> Person | None:
        if self._roles is None:
            return LOCAL
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = _of_cookie(connection.cookies.get(COOKIE, ""))
        return self._roles.person(token) if token else None

    async def _judged(self, request: Request, endpoint: Endpoint) -> Asked | Response:
        """What is asked, with its person and body; or why it is not served."""
        person = self._person(request)
        if endpoint.least != OPEN and person is None:
            return refused(401, NO_TOKEN)
        if endpoint.method not in CHANGING:
            return Asked(request, person, {})
        if request.headers.get("x-amu-console") != "1":
            return refused(403, NO_HEADER)
        body = await _body(request)
        if body is None:
            return refused(400, NO_BODY)
        if endpoint.kinds:
            assert person is not None
            kind = endpoint.kind(body)
            if kind not in endpoint.kinds or not person.may(kind):
                return refused(403, f"{person.name} is {person.role}, which may not {kind}")
        return Asked(request, person, body)

    # --- endpoints ------------------------------------------------------------------------------

    async def _page(self, asked: Asked) -> Response:
        return FileResponse(PAGE / "index.html")

    async def _health(self, asked: Asked) -> Response:
        pages = self.sights.whole.hub.everybody
        told = {"pages": len(pages), "slow_pages": sum(page.is_slow for page in pages)}
        failure = next(filter(None, (view.follower.failure for view in self.sights.all)), "")
        if failure:
            may_know = asked.who is not None and not self._view(asked.who).is_hiding
            error = failure if may_know else FAILED_FOR_CREW
            return JSONResponse({"ok": False, "error": error, **told}, 500)
        return JSONResponse({"ok": True, "flight": self.flight.state().get("state"), **told})

    async def _report(self, asked: Asked) -> Response:
        view = self._view(asked.person)
        run = view.flight.run
        if run is None or view.is_hiding or not (run / run_directory.REPORT).exists():
            return refused(404, "there is no report yet; it is drawn after the flight")
        return FileResponse(run / run_directory.REPORT)

    async def _session(self, asked: Asked) -> Response:
        return JSONResponse({"name": asked.person.name, "role": asked.person.role})

    async def _log_in(self, asked: Asked) -> Response:
        """Keep a token in a cookie that no script and no other site gets."""
        token = asked.body.get("token")
        person = LOCAL
        if self._roles is not None:
            found = self._roles.person(token) if isinstance(token, str) else None
            if found is None:
                await asyncio.sleep(REFUSAL_SECONDS)
                return refused(401, "nobody has this token; ask the owner of the role file for one")
            person = found
        answer = JSONResponse({"name": person.name, "role": person.role})
        if self._roles is not None:
            is_safe = asked.request.url.scheme == "https"
            answer.set_cookie(
                COOKIE, _as_cookie(str(token)), httponly=True, samesite="strict", secure=is_safe, path="/"
            )
        return answer

    async def _events(self, asked: Asked) -> Response:
        view, wanted = self._view(asked.person), asked.request.query_params
        trace = view.follower.trace
        if trace is None:
            return refused(404, "there is no trace yet")
        try:
            if "at" in wanted:
                first = await asyncio.to_thread(history.at_second, trace, float(wanted["at"]))
            else:
                first = history.begin_of_line(trace, int(wanted.get("first", "0")))
            last = int(wanted.get("last", "0")) or first + history.LOOK_BYTES_MAX
            last = min(last, view.follower.bound)
            lines = await asyncio.to_thread(history.read, trace, first, last, EVENTS_MAX)
        except (ValueError, OverflowError):
            return refused(400, "first, last: want offsets in the trace; at: a mission second")
        except OSError as error:
            return refused(404, f"{trace}: cannot be read: {error.strerror}")
        return JSONResponse({"first": first, "events": lines})

    async def _search(self, asked: Asked) -> Response:
        view, wanted = self._view(asked.person), asked.request.query_params
        trace = view.follower.trace
        words, without = (tuple(wanted.get(name, "").lower().split()) for name in ("words", "without"))
        if trace is None or not words:
            return refused(400, "words: want some; and there must be a trace")
        try:
            query = history.Query(words, without, float(wanted.get("seconds", "0")))
            found, goes_on = await asyncio.to_thread(history.search, trace, query, int(wanted.get("first", "0")))
        except (ValueError, OverflowError):
            return refused(400, "seconds, first: want numbers")
        except OSError as error:
            return refused(404, f"{trace}: cannot be read: {error.strerror}")
        shown = [line for line in found if line["offset"] < view.follower.bound]
        return JSONResponse({"events": shown, "goes_on": goes_on if len(shown) == len(found) else None})

    async def _violation(self, asked: Asked) -> Response:
        view = self._view(asked.person)
        row = view.hub.model.tables["properties"].get(asked.request.query_params.get("property", ""))
        if view.follower.trace is None or row is None or row["state"] != VIOLATED:
            return refused(404, "property: want one that is violated")
        try:
            return JSONResponse(self._violations.answer(view.follower.trace, row))
        except OSError as error:
            return refused(404, f"{view.follower.trace}: cannot be read: {error.strerror}")

    async def _order(self, asked: Asked) -> Response:
        person, run = asked.person, self.flight.run
        if run is None or not self.flight.state().get("takes_orders"):
            return refused(409, "no flight takes orders now")
        order = {"id": asked.body.get("id"), "sender": person.name, "role": person.role, "order": asked.body["order"]}
        try:
            answer = await asyncio.to_thread(port.send, run, order)
        except port.NoFlightError as error:
            return refused(409, str(error))
        return JSONResponse(answer)

    async def _fly(self, asked: Asked) -> Response:
        what, state = asked.body["action"], self.flight.state().get("state")
        if what == REPLAY:
            return await self._replay(asked)
        if (what, state) not in ((START, READY), (RESUME, LOST)):
            return refused(409, f"the flight is {state}; it does not {what} now")
        self.flight.start()
        return JSONResponse({"outcome": "accepted"})

    async def _replay(self, asked: Asked) -> Response:
        view = self._view(asked.person)
        try:
            await view.follower.ask_replay(asked.body.get("do"), asked.body.get("to"))
        except ReplayError as error:
            return refused(409, str(error))
        except OSError as error:
            return refused(404, f"{view.follower.trace}: cannot be read: {error.strerror}")
        return JSONResponse({"outcome": "accepted"})

    # --- the live line --------------------------------------------------------------------------

    async def _live(self, socket: WebSocket) -> None:
        person = self._person(socket)
        if person is None or len(self.sights.whole.hub.everybody) >= PAGES_MAX:
            await socket.close(NOT_ALLOWED, NO_TOKEN if person is None else "too many pages")
            return
        await socket.accept()
        view = self._view(person)
        page = view.hub.open(person.name, person.role)
        tasks = [asyncio.create_task(_listen(socket, page)), asyncio.create_task(_send(socket, page, view))]
        try:
            while not page.is_deaf and not any(task.done() for task in tasks):
                await asyncio.sleep(BATCH_SECONDS)
        finally:
            is_deaf = page.is_deaf
            view.hub.close(page)
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


async def _send(socket: WebSocket, page: Page, view: View) -> None:
    """Send batches until the page goes. Waits as long as the line is full."""
    allowed = [what for what, least in LEAST.items() if is_enough(page.role, least)]
    hello = {"type": "hello", "schema": SCHEMA, "name": page.name, "role": page.role, "may": allowed}
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(_text({**hello, "vocabulary": vocabulary.tell("fault" in allowed)}))
        while True:
            batch = view.hub.batch(page, view.follower.told())
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
                take = TAKES.get(told.get("type"))
                if take is not None and is_enough(page.role, MESSAGES[told["type"]]):
                    take(page, told)


def _acknowledge(page: Page, told: dict[str, Any]) -> None:
    if type(told.get("number")) is int:
        page.acknowledge(told["number"])


# What each of a page's messages does.
TAKES: dict[str, Callable[[Page, dict[str, Any]], None]] = {"ack": _acknowledge}


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


def _as_cookie(token: str) -> str:
    """A token may have any characters, a cookie not."""
    return token.encode(errors="surrogatepass").hex()


def _of_cookie(text: str) -> str:
    try:
        return bytes.fromhex(text).decode(errors="surrogatepass")
    except ValueError:
        return ""
