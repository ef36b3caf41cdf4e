"""What every request to the console must pass, and what every answer says to browsers.

Rules
- A request names this console as its host: another name that leads here is another site's (DNS rebinding).
- A request from a page of another site has that site as its origin, and is refused; so is a socket.
- No other site may frame, embed or guess at what we answer.
"""

import contextlib
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

NOT_ALLOWED = 1008  # close code of RFC 6455
ELSEWHERE = "this console is not the host that the request names, or another site sent it"
SECURITY = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Gate:
    """An application behind these checks. hosts: names of the console, with its port."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, if it is for us."""
        if scope["type"] == "lifespan" or self._is_here(HTTPConnection(scope)):
            await self._app(scope, receive, _secured(send))
        elif scope["type"] == "websocket":
            await WebSocket(scope, receive, send).close(NOT_ALLOWED, ELSEWHERE)
        else:
            await refused(421, ELSEWHERE)(scope, receive, _secured(send))

    def _is_here(self, connection: HTTPConnection) -> bool:
        """Whether the request names this console as its host, and comes from no other site."""
        if connection.headers.get("host") not in self._hosts:
            return False
        origin = connection.headers.get("origin")
        if origin is None:
            return True
        with contextlib.suppress(ValueError):
            return urlsplit(origin).netloc in self._hosts
        return False


def refused(status: int, reason: str) -> JSONResponse:
    """The answer to what is not served."""
    return JSONResponse({"outcome": "refused", "reason": reason}, status_code=status)


def _secured(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return sent
