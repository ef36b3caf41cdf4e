"""What the console offers, and to whom: each endpoint, each message of a page, and each order with its least role.

The server makes its routes of ENDPOINTS and takes no message but those of MESSAGES. So does the table of the reference:
nothing is served that is not declared here, and what is declared here is what is enforced.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from groundstation.web.people import LEAST, OBSERVER, ROLES, is_enough

SOCKET = "WS"  # in place of a method
OPEN = ""  # in place of a role: no token is wanted
CHANGING = ("POST",)  # methods that want the header X-AMU-Console, and no other origin
NO_TOKEN, WRONG_TOKEN = "no token", "wrong token"
CALLERS = (NO_TOKEN, WRONG_TOKEN, *ROLES)
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Endpoint:
    """least: the role that may use it; OPEN: no token is wanted; None: each of `kinds` has a least role of its own
    (LEAST), and the body names the kind at `where`."""

    method: str
    path: str
    least: str | None
    does: str
    kinds: tuple[str, ...] = ()
    where: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def kind(self, body: Any) -> str:
        """The kind that a body names; any text where it names none."""
        for member in self.where:
            body = body.get(member) if isinstance(body, dict) else None
        return str(body)


START, RESUME, REPLAY = ACTIONS = ("start", "resume", "replay")  # of a page on the flight itself
ORDERS = tuple(kind for kind in LEAST if kind not in ACTIONS)
ENDPOINTS = (
    Endpoint("GET", "/", OPEN, "the page"),
    Endpoint("GET", "/page/{path}", OPEN, "its files"),
    Endpoint("GET", "/healthz", OPEN, "whether the console is well, and how many pages are open"),
    Endpoint("POST", "/api/session", OPEN, "logs in: a token becomes a cookie"),
    Endpoint("GET", "/api/session", OBSERVER, "who we are"),
    Endpoint("GET", "/report", OBSERVER, "the run's report"),
    Endpoint("GET", "/api/events", OBSERVER, "lines of the trace"),
    Endpoint("GET", "/api/search", OBSERVER, "lines that are as asked"),
    Endpoint("GET", "/api/violation", OBSERVER, "the shortest first part of the trace that violates a property"),
    Endpoint("POST", "/api/orders", None, "an order to the flight", ORDERS, ("order", "kind")),
    Endpoint("POST", "/api/flight", None, "what happens to the flight itself", ACTIONS, ("action",)),
    Endpoint(SOCKET, "/api/live", OBSERVER, "batches of what changed"),
)
# Of a page on /api/live: the least role for each.
MESSAGES: Mapping[str, str] = {"ack": OBSERVER}


@dataclass(frozen=True)
class Row:
    """One line of the table. kind: of an order, an action or a message; empty for an endpoint without kinds."""

    endpoint: str
    kind: str
    least: str
    does: str


def rows() -> Iterator[Row]:
    """Everything that anybody can ask of a console."""
    for endpoint in ENDPOINTS:
        if endpoint.least is not None:
            yield Row(endpoint.name, "", endpoint.least, endpoint.does)
        for kind in endpoint.kinds:
            yield Row(endpoint.name, kind, LEAST[kind], endpoint.does)
        if endpoint.method == SOCKET:
            for kind, least in MESSAGES.items():
                yield Row(endpoint.name, kind, least, "a message of a page")


def may(caller: str, least: str) -> bool:
    """Whether one of CALLERS may have what wants the role `least`."""
    return least == OPEN or (caller in ROLES and is_enough(caller, least))
