"""A console on a free port of this machine, served by a thread."""

import asyncio
import hashlib
import http.client
import json
import threading
from typing import Any

import uvicorn
from websockets.sync.client import ClientConnection, connect

from groundstation.web import serve
from groundstation.web.flights import Flight
from groundstation.web.people import ROLES, Entry, RoleFile
from groundstation.web.server import WebConsole

GIVE_UP_SECONDS = 120
CHANGING = {"X-AMU-Console": "1", "Content-Type": "application/json"}


def as_role(role: str) -> dict[str, str]:
    """The header with the token of somebody in ROLE_FILE who has this role."""
    return {"Authorization": f"Bearer token of {role}"}


def _entry(role: str) -> Entry:
    return Entry(name=f"the-{role}", role=role, token_sha256=hashlib.sha256(f"token of {role}".encode()).hexdigest())


ROLE_FILE = RoleFile(people=[_entry(role) for role in ROLES])


class Served:
    """A console that listens on a free port of this machine."""

    def __init__(self, flight: Flight, roles: RoleFile | None) -> None:
        listener = serve.listen("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self.console = WebConsole(flight, roles, frozenset({f"127.0.0.1:{self.port}"}))
        options: dict[str, Any] = {
            "log_config": None,
            "ws": "websockets-sansio",
            "ws_max_size": serve.MESSAGE_BYTES_MAX,
        }
        config = uvicorn.Config(self.console.app(), ws_ping_interval=None, **options)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve([listener])))
        self._thread.start()

    def close(self) -> None:
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()

    @property
    def lines(self) -> int:
        """Connections that the console holds open."""
        return len(self._server.server_state.connections)

    def end_flight(self) -> None:
        """After a test that failed: end the flight that it left, with its boards."""
        process = self.console.flight._process
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(GIVE_UP_SECONDS)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP_SECONDS)
        text = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, path, text, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            told = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get_content_type() == "application/json"
        return answer.status, json.loads(told) if is_json else {"text": told.decode()}

    def live(self, **options: Any) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/api/live", **options)
