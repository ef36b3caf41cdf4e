"""The console's endpoints, over real sockets: who may do what, what another site may not, and a flight from a page."""

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.sync.client import ClientConnection

from groundstation.web import hub, server
from groundstation.web import serve as serving
from groundstation.web.flights import Flight
from groundstation.web.people import RoleFile
from tests.support.served import CHANGING, GIVE_UP_SECONDS, Served, as_role

NOOP = {"kind": "telecommand", "verb": "noop", "fields": {}}
NOTE = {"kind": "note", "text": "hello"}


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    with contextlib.ExitStack() as stack:

        def served(flight: Flight, roles: RoleFile | None = None) -> Served:
            one = Served(flight, roles)
            stack.callback(one.end_flight)
            stack.callback(one.close)
            return one

        yield served


def test_health_and_the_page_need_no_token(stored: Served) -> None:
    assert stored.ask("GET", "/healthz") == (
        200,
        {"ok": True, "flight": "stored", "pages": 0, "slow_pages": 0},
    )
    status, answer = stored.ask("GET", "/")
    assert status == 200
    assert "<!DOCTYPE html>" in answer["text"]


def test_a_token_is_kept_in_a_cookie_that_scripts_and_other_sites_do_not_get(stored: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", stored.port, timeout=GIVE_UP_SECONDS)
    connection.request("POST", "/api/session", json.dumps({"token": "token of operator"}), CHANGING)
    answer = connection.getresponse()
    assert json.loads(answer.read()) == {"name": "the-operator", "role": "operator"}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    connection.close()
    pair = cookie.partition(";")[0]
    assert stored.ask("GET", "/api/session", Cookie=pair) == (200, {"name": "the-operator", "role": "operator"})
    with stored.live(additional_headers={"Cookie": pair}) as page:
        assert json.loads(page.recv(GIVE_UP_SECONDS))["role"] == "operator"


@pytest.mark.parametrize("body", [{"token": "wrong"}, {}, {"token": None}, {"token": ["x"]}])
def test_a_wrong_token_is_refused(stored: Served, body: dict[str, Any]) -> None:
    assert stored.ask("POST", "/api/session", body, **CHANGING)[0] == 401
    assert stored.ask("GET", "/api/session")[0] == 401


def test_malformed_messages_of_a_page_do_no_harm(stored: Served) -> None:
    with stored.live(additional_headers=as_role("observer")) as page:
        assert json.loads(page.recv(GIVE_UP_SECONDS))["type"] == "hello"
        for text in ("{", "[]", "null", '{"type": "ack"}', '{"type": "ack", "number": true}', '{"type": "order"}'):
            page.send(text)
        page.send(b'{"type": "ack", "number": 1}')  # messages are text
        page.send('{"type": ["ack"]}')
        page.send("[" * 5000)
        assert json.loads(page.recv(GIVE_UP_SECONDS))["type"] == "batch"
        page.send("x" * (1 << 17))
        with pytest.raises(websockets.exceptions.ConnectionClosedError, match="message too big"):
            list(page)
    assert stored.ask("GET", "/healthz")[0] == 200


def _until(page: ClientConnection, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Read and acknowledge batches until one is as wanted."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        batch = json.loads(page.recv(GIVE_UP_SECONDS))
        page.send(json.dumps({"type": "ack", "number": batch["number"]}))
        if is_so(batch):
            return dict(batch)
    raise AssertionError("no batch was as wanted")


def _is_slow(batch: dict[str, Any]) -> list[bool]:
    return [each["is_slow"] for each in batch["console"]["people"]]


def test_a_page_that_acknowledges_nothing_is_shown_as_slow_and_closed_with_a_reason(
    serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SLOW_SECONDS", 0.5)
    monkeypatch.setattr(hub, "DEAF_SECONDS", 4.0)
    trace = tmp_path / "trace.ndjson"
    trace.write_text("")
    served = serve(Flight(trace=trace))
    with served.live() as quick, served.live() as deaf:
        quick.recv(GIVE_UP_SECONDS)
        _until(quick, lambda batch: _is_slow(batch) == [False, True])
        with pytest.raises(websockets.exceptions.ConnectionClosedError) as caught:
            list(deaf)
        _until(quick, lambda batch: _is_slow(batch) == [False])
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (server.TOO_SLOW, server.DEAF)


def test_a_client_that_never_reads_holds_nobody_up_and_is_put_off(
    serve: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "SLOW_SECONDS", 0.5)
    monkeypatch.setattr(hub, "DEAF_SECONDS", 4.0)
    monkeypatch.setattr(server, "CLOSE_SECONDS", 0.1)
    monkeypatch.setattr(serving, "STUCK_SECONDS", 1.0)
    run = {"run": "r", "node": 255, "boot": 0, "ticks": 1, "event": "Order", "sender": "a", "order": "note"}
    trace = tmp_path / "trace.ndjson"
    told = {"kind": "note", "text": "x" * 30_000}
    lines = [
        {**run, "seq": n, "lamport": n + 1, "received": n / 10, "told": told, "outcome": "refused"} for n in range(600)
    ]
    trace.write_text("".join(json.dumps(line) + "\n" for line in lines))
    served = serve(Flight(trace=trace))
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with client, served.live(max_size=None) as quick:
        client.connect(("127.0.0.1", served.port))
        ask = (
            f"GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        client.sendall(
            f"{ask}Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        quick.recv(GIVE_UP_SECONDS)
        _until(quick, lambda batch: _is_slow(batch) == [False, True])
        assert served.ask("GET", "/healthz")[1]["slow_pages"] == 1
        _until(quick, lambda batch: _is_slow(batch) == [False])
        assert served.ask("GET", "/healthz")[1]["pages"] == 1
        _until(quick, lambda batch: served.lines == 1)  # the console holds nothing for it any more


def test_a_flight_is_started_commanded_and_finished_from_a_page(serve: Callable[..., Served], tmp_path: Path) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(
        'name = "small"\ndescription = "A test."\n[mission]\nslots = 4\n[workload]\noperations = 4\nin_flight = 2\n'
    )
    served = serve(Flight([str(scenario), "--out", str(tmp_path / "runs"), "--kind", "virtual", "--no-tlc"]))
    with served.live() as page:
        hello = json.loads(page.recv(GIVE_UP_SECONDS))
        assert (hello["role"], "lease-acquire" in hello["vocabulary"]["verbs"]) == ("director", True)
        assert served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING)[0] == 200
        assert served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING)[0] == 409
        _until(page, lambda batch: batch["flight"]["state"] == "flying")
        lease = {"verb": "lease-acquire", "fields": {"resource": "dock/9", "holder": 1, "slots": 40}}
        status, answer = served.ask(
            "POST", "/api/orders", {"id": "1", "order": {"kind": "telecommand", **lease}}, **CHANGING
        )
        assert (status, answer["outcome"]) == (200, "accepted")
        number = str(answer["operation"])

        def is_confirmed(batch: dict[str, Any]) -> bool:
            row = batch["tables"].get("operations", {}).get(number)
            return row is not None and row["state"] == "confirmed"

        row = _until(page, is_confirmed)["tables"]["operations"][number]
        assert row["sender"] == "local"
        assert row["result"][0] == "ok"
        assert served.ask("POST", "/api/orders", {"id": "2", "order": {"kind": "finish"}}, **CHANGING)[0] == 200
        over = _until(page, lambda batch: batch["flight"]["state"] == "over")
        assert over["flight"]["verdict"]["verdict"] in ("pass", "no_progress")
    status, answer = served.ask("GET", "/report")
    assert status == 200
    assert "small" in answer["text"]


def test_a_killed_ground_station_is_resumed_with_its_history(serve: Callable[..., Served], tmp_path: Path) -> None:
    scenario = tmp_path / "small.toml"
    scenario.write_text(
        'name = "small"\ndescription = "A test."\n[mission]\nslots = 4\n[workload]\noperations = 4\nin_flight = 2\n'
    )
    flight = Flight([str(scenario), "--out", str(tmp_path / "runs"), "--kind", "virtual", "--no-tlc"])
    served = serve(flight)

    def send(identifier: str, order: dict[str, Any]) -> dict[str, Any]:
        status, answer = served.ask("POST", "/api/orders", {"id": identifier, "order": order}, **CHANGING)
        assert (status, answer["outcome"]) == (200, "accepted"), answer
        return answer

    with served.live() as page:
        page.recv(GIVE_UP_SECONDS)
        served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING)
        _until(page, lambda batch: bool(batch["flight"].get("takes_orders")))
        number = str(send("1", NOOP)["operation"])

        def is_confirmed(batch: dict[str, Any], key: str) -> bool:
            row = batch["tables"].get("operations", {}).get(key)
            return row is not None and row["state"] == "confirmed"

        before = _until(page, lambda batch: is_confirmed(batch, number))["tables"]["operations"][number]
        first = flight.run
        assert flight._process is not None
        flight._process.kill()
        _until(page, lambda batch: batch["flight"]["state"] == "lost")
        assert served.ask("POST", "/api/orders", {"id": "2", "order": NOTE}, **CHANGING)[0] == 409
        assert served.ask("POST", "/api/flight", {"action": "resume"}, **CHANGING)[0] == 200
        resumed = _until(page, lambda batch: is_confirmed(batch, number))["tables"]["operations"][number]
        assert flight.run != first
        stages, stages_before = resumed.pop("boards"), before.pop("boards")
        assert resumed == before  # its sender and its times
        for board, known in stages_before.items():  # others may have come between the look and the death
            assert known.items() <= stages[board].items()
        _until(page, lambda batch: bool(batch["flight"].get("takes_orders")))
        again = str(send("3", NOOP)["operation"])
        _until(page, lambda batch: is_confirmed(batch, again))
        send("4", {"kind": "finish"})
        _until(page, lambda batch: batch["flight"]["state"] == "over")


def test_another_console_takes_the_flight_over(serve: Callable[..., Served], tmp_path: Path) -> None:
    flight = Flight(["first-light", "--out", str(tmp_path / "runs"), "--kind", "virtual", "--no-tlc"])
    served = serve(flight)
    served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING)
    with served.live() as page:
        page.recv(GIVE_UP_SECONDS)
        _until(page, lambda batch: bool(batch["flight"].get("takes_orders")))
    served.ask("POST", "/api/orders", {"id": "1", "order": NOTE}, **CHANGING)
    served.close()
    other = serve(Flight(run=flight.run))
    with other.live() as page:
        page.recv(GIVE_UP_SECONDS)
        batch = _until(page, lambda batch: bool(batch["tables"].get("orders")))
        assert [row["told"] for row in batch["tables"]["orders"].values()] == [{**NOTE, "to_crew": False}]
        assert other.ask("POST", "/api/orders", {"id": "2", "order": {"kind": "finish"}}, **CHANGING)[0] == 200
        _until(page, lambda batch: batch["flight"]["state"] == "over")
    assert flight._process is not None
    assert flight._process.wait(GIVE_UP_SECONDS) in (0, 5)


def test_a_flight_that_cannot_start_says_why(serve: Callable[..., Served], tmp_path: Path) -> None:
    served = serve(Flight(["first-light", "--out", str(tmp_path / "runs"), "--kind", "none"]))
    with served.live() as page:
        assert json.loads(page.recv(GIVE_UP_SECONDS))["type"] == "hello"
        served.ask("POST", "/api/flight", {"action": "start"}, **CHANGING)
        batch = _until(page, lambda batch: batch["flight"]["state"] == "failed")
        assert "no board kind 'none'" in batch["flight"]["reason"]


def test_a_console_that_follows_no_longer_is_not_well(serve: Callable[..., Served], tmp_path: Path) -> None:
    trace = tmp_path / "trace.ndjson"
    trace.write_text("")
    served = serve(Flight(trace=trace))
    assert served.ask("GET", "/healthz")[1]["ok"] is True
    served.console.follower.failure = "RuntimeError: planted"
    status, told = served.ask("GET", "/healthz")
    assert (status, told["ok"], told["error"]) == (500, False, "RuntimeError: planted")
    with served.live() as page:
        page.recv(GIVE_UP_SECONDS)
        _until(page, lambda batch: batch["flight"]["failure"] == "RuntimeError: planted")
