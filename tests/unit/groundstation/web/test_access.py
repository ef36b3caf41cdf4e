"""Who may ask the console for what: each endpoint, order and message, by each role, over real sockets; and attacks.

The table is written by hand, and its rows are those of the server's own declarations: a new endpoint, order or message
that has no row here fails.
"""

import hmac
import http.client
import json
import time
from typing import Any

import pytest
import websockets
from starlette.routing import Mount, Route, WebSocketRoute

from groundstation.orders.order import ORDER_BYTES_MAX
from groundstation.web import access, people
from groundstation.web.access import CALLERS, CHANGING, ENDPOINTS, MESSAGES, NO, NO_TOKEN, SOCKET, WRONG_TOKEN, YES
from groundstation.web.gate import SECURITY
from groundstation.web.server import NO_BODY, NO_HEADER, TAKES
from tests.support.served import CHANGING as CHANGE
from tests.support.served import GIVE_UP_SECONDS, ROLE_FILE, Served, as_role

#                                no token  wrong token  observer  operator  director
WANTED = """
GET / -                             yes         yes       yes       yes       yes
GET /page/{path} -                  yes         yes       yes       yes       yes
GET /healthz -                      yes         yes       yes       yes       yes
POST /api/session -                 yes         yes       yes       yes       yes
GET /api/session -                  no          no        yes       yes       yes
GET /report -                       no          no        yes       yes       yes
GET /api/events -                   no          no        yes       yes       yes
GET /api/search -                   no          no        yes       yes       yes
GET /api/violation -                no          no        yes       yes       yes
POST /api/orders telecommand        no          no        no        yes       yes
POST /api/orders control            no          no        no        yes       yes
POST /api/orders note               no          no        no        yes       yes
POST /api/orders alarm              no          no        no        yes       yes
POST /api/orders finish             no          no        no        yes       yes
POST /api/orders procedure          no          no        no        yes       yes
POST /api/orders poll               no          no        no        yes       yes
POST /api/orders inject             no          no        no        no        yes
POST /api/orders board              no          no        no        no        yes
POST /api/orders fault              no          no        no        no        yes
POST /api/orders end-fault          no          no        no        no        yes
POST /api/flight start              no          no        no        yes       yes
POST /api/flight resume             no          no        no        yes       yes
POST /api/flight replay             no          no        no        yes       yes
WS /api/live -                      no          no        yes       yes       yes
WS /api/live ack                    no          no        yes       yes       yes
"""
TABLE = {
    tuple(row[:3]): dict(zip(CALLERS, row[3:], strict=True)) for row in map(str.split, WANTED.strip().splitlines())
}
PATHS = {"/page/{path}": "/page/main.js", "/api/search": "/api/search?words=x"}
SERVED = {
    "/report": 404,
    "/api/violation": 404,
    "/api/orders": 409,
    "/api/flight": 409,
}  # beside a trace that nobody flies; others: 200
Key = tuple[str, str, str]


def _headers(caller: str) -> dict[str, str]:
    return {NO_TOKEN: {}, WRONG_TOKEN: {"Authorization": "Bearer none"}}.get(caller) or (
        {} if caller == NO_TOKEN else as_role(caller)
    )


def _body(path: str, kind: str) -> Any:
    bodies = {"/api/orders": {"id": "1", "order": {"kind": kind}}, "/api/flight": {"action": kind}}
    return bodies.get(path, {"token": "token of observer"})


def _ask(served: Served, key: Key, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Ask for a row. Of a socket the status is that of its opening; 200 if it opens, and takes the message."""
    method, path, kind = key
    if method != SOCKET:
        body = _body(path, kind) if method in CHANGING else None
        return served.ask(method, PATHS.get(path, path), body, **(CHANGE if method in CHANGING else {}), **headers)
    try:
        with served.live(additional_headers=headers) as page:
            assert json.loads(page.recv(GIVE_UP_SECONDS))["type"] == "hello"
            if kind != "-":
                _acknowledge(served, page)
            return 200, {}
    except websockets.exceptions.InvalidStatus as refusal:
        return refusal.response.status_code, {}


def _acknowledge(served: Served, page: Any) -> None:
    number = json.loads(page.recv(GIVE_UP_SECONDS))["number"]
    page.send(json.dumps({"type": "ack", "number": number}))
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while all(each.acknowledged < number for each in served.console.sights.whole.hub.everybody):
        assert time.monotonic() < give_up, "the acknowledgement was not taken"


def test_every_endpoint_order_and_message_has_a_row() -> None:
    assert {(*row.endpoint.split(), row.kind or "-") for row in access.rows()} == set(TABLE)


def test_nothing_is_served_that_is_not_declared(stored: Served) -> None:
    served = set()
    for route in stored.console.app().routes:
        if isinstance(route, WebSocketRoute):
            served.add(f"{SOCKET} {route.path}")
        elif isinstance(route, Mount):
            served.add(f"GET {route.path}/{{path}}")
        else:
            assert isinstance(route, Route)
            served |= {f"{method} {route.path}" for method in route.methods or () if method != "HEAD"}
    assert served == {endpoint.name for endpoint in ENDPOINTS}
    assert TAKES.keys() == MESSAGES.keys()


def test_the_declarations_say_what_the_table_says() -> None:
    for row in access.rows():
        key = (*row.endpoint.split(), row.kind or "-")
        assert {who: YES if access.may(who, row.least) else NO for who in CALLERS} == TABLE[key], key


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("key", TABLE, ids=" ".join)
def test_the_server_does_what_the_table_says(stored: Served, key: Key, caller: str) -> None:
    status, told = _ask(stored, key, _headers(caller))
    if TABLE[key][caller] == YES:
        assert status == SERVED.get(key[1], 200), told
    else:
        assert status == (403 if key[0] == SOCKET or caller in people.ROLES else 401), told


@pytest.mark.parametrize("key", TABLE, ids=" ".join)
def test_another_site_gets_nothing(stored: Served, key: Key) -> None:
    own = f"127.0.0.1:{stored.port}"
    director = _headers(people.DIRECTOR)
    for origin in ("http://evil.example", "null", f"http://{own}.evil.example", f"http://x@{own}", "http://[", ""):
        assert _ask(stored, key, {**director, "Origin": origin})[0] == (403 if key[0] == SOCKET else 421), origin
    if key[0] != SOCKET:  # a name of another site that was bound to this machine
        assert _ask(stored, key, {**director, "Host": "evil.example"})[0] == 421
    assert _ask(stored, key, {**director, "Origin": f"http://{own}"})[0] == SERVED.get(key[1], 200)


def test_a_socket_by_another_name_of_this_machine_is_refused(stored: Served) -> None:
    with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
        websockets.sync.client.connect(f"ws://localhost:{stored.port}/api/live", additional_headers=as_role("director"))
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("key", [key for key in TABLE if key[0] in CHANGING], ids=" ".join)
def test_a_form_of_another_site_changes_nothing(stored: Served, key: Key) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        headers = {"Content-Type": kind, **as_role("director")}
        status, told = stored.ask("POST", key[1], _body(key[1], key[2]), **headers)
        assert (status, told["reason"]) == (403, NO_HEADER)


MALFORMED = (
    b"",
    b"{",
    b"[1]",
    b'"x"',
    b"[" * 5000,
    b"\xff{}",
    b"{} {}",
    b'{"token": "' + b"x" * ORDER_BYTES_MAX + b'"}',
)
NAMELESS = (
    b"{}",
    b'{"order": 3, "action": []}',
    b'{"order": {"kind": []}, "action": {}}',
    b'{"order": {"kind": "fly"}}',
)


@pytest.mark.parametrize("path", ["/api/session", "/api/orders", "/api/flight"])
def test_malformed_and_oversized_requests_are_refused(stored: Served, path: str) -> None:
    for body in MALFORMED:
        status, told = stored.ask("POST", path, body, **CHANGE, **as_role("director"))
        assert (status, told.get("reason")) == (400, NO_BODY), body[:20]
    for body in NAMELESS:
        status, told = stored.ask("POST", path, body, **CHANGE, **as_role("director"))
        assert (status, told["outcome"]) == (401 if path == "/api/session" else 403, "refused"), body


def test_an_action_is_no_order_and_an_order_no_action(stored: Served) -> None:
    for path, kind in (("/api/orders", "start"), ("/api/flight", "note")):
        assert stored.ask("POST", path, _body(path, kind), **CHANGE, **as_role("director"))[0] == 403


@pytest.mark.parametrize("value", ["-1", "1e400", "nan", "-inf", "x", "9" * 5000, str(1 << 80), "%00", "%ff%fe", ""])
def test_odd_questions_are_answered(stored: Served, value: str) -> None:
    for name in ("first", "last", "at", "seconds", "words", "without"):
        for path in ("/api/events?", "/api/search?words=x&without=y&"):
            status, _ = stored.ask("GET", f"{path}{name}={value}", **as_role("observer"))
            assert status in (200, 400), (path, name)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST", "GET"])
def test_other_methods_are_refused(stored: Served, method: str) -> None:
    known = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    asked = [
        endpoint.path for endpoint in ENDPOINTS if (method, endpoint.path) not in known and endpoint.method != SOCKET
    ]
    assert asked
    for path in asked:
        assert stored.ask(method, PATHS.get(path, path), {}, **CHANGE, **as_role("director"))[0] == 405, path


@pytest.mark.parametrize("path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page//etc/passwd", "/page/", "/x"])
def test_no_other_file_is_served(stored: Served, path: str) -> None:
    assert stored.ask("GET", path, **as_role("director"))[0] == 404


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/healthz", "/api/events", "/none"])
def test_every_answer_tells_browsers_to_keep_other_sites_out(stored: Served, path: str) -> None:
    for host in (f"127.0.0.1:{stored.port}", "evil.example"):
        connection = http.client.HTTPConnection("127.0.0.1", stored.port, timeout=GIVE_UP_SECONDS)
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        assert {name: answer.headers[name] for name in SECURITY} == SECURITY


def test_every_token_is_compared_with_every_person_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr(people.hmac, "compare_digest", compare)
    for token in [*(f"token of {role}" for role in people.ROLES), "wrong", "", "\ud800"]:
        compared.clear()
        ROLE_FILE.person(token)
        assert [one for one, _ in compared] == [entry.token_sha256 for entry in ROLE_FILE.people], token
