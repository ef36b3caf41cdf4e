"""The socket on which orders arrive: real sockets, many clients, and none that could hold a flight up."""

import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groundstation.orders import port
from groundstation.orders.order import ORDER_BYTES_MAX
from groundstation.orders.port import CLIENTS_MAX, ORDERS_MAX, SOCKET, NoFlightError, OrderPort

NOTE = {"id": "7", "sender": "alice", "order": {"kind": "note", "text": "hello"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    deep = tmp_path / ("long" * 20) / ("name" * 20)  # beyond the length of a socket's name
    deep.mkdir(parents=True)
    return deep


@pytest.fixture
def orders(folder: Path) -> Iterator[OrderPort]:
    opened = OrderPort(folder)
    yield opened
    opened.close()


def _connect(folder: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with port._near(folder) as name:
        connection.connect(name)
    return connection


def _take(orders: OrderPort, count: int) -> list[Any]:
    """The next `count` orders; a connection and its first line need a turn each."""
    taken: list[Any] = []
    for _ in range(1000):
        taken += orders.take()
        if len(taken) >= count:
            break
    return taken


def test_an_order_arrives_and_its_sender_gets_the_answer(orders: OrderPort, folder: Path) -> None:
    answers: list[Any] = []
    sender = threading.Thread(target=lambda: answers.append(port.send(folder, NOTE)))
    sender.start()
    while sender.is_alive():
        for order, client in orders.take():
            client.answer({"id": order.id, "outcome": "accepted"})
    assert answers == [{"id": "7", "outcome": "accepted"}]


def test_only_the_user_who_flies_may_connect(orders: OrderPort, folder: Path) -> None:
    assert stat.S_IMODE(os.stat(folder / SOCKET).st_mode) == 0o600


def test_a_bad_order_is_answered_by_the_port(orders: OrderPort, folder: Path) -> None:
    with _connect(folder) as connection:
        connection.sendall(b'{"id": "8"}\nnonsense\n' + json.dumps(NOTE).encode() + b"\n")
        assert [order.id for order, _ in _take(orders, 1)] == ["7"]
        told = [json.loads(line) for line in connection.recv(4096).splitlines()]
    assert [answer["outcome"] for answer in told] == ["refused", "refused"]
    assert [answer["id"] for answer in told] == ["8", None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"id": ' + b"[" * 8000, None),
        (b'{"id": "7", "sender": ' + b"[" * 8000, None),
        (b'{"id": "' + b"x" * (ORDER_BYTES_MAX - 30) + b'"}', None),
        (b'{"id": [1]}', None),
        (b'{"id": "7", "order": [[[]]]}', "7"),
        (b"\xff\xfe", None),
    ],
)
def test_no_order_stops_a_flight_and_each_has_an_answer(
    orders: OrderPort, folder: Path, text: bytes, told: str | None
) -> None:
    with _connect(folder) as sender, sender.makefile("rb") as answers:
        sender.sendall(text + b"\n" + json.dumps(NOTE).encode() + b"\n")
        assert len(_take(orders, 1)) == 1
        answer = json.loads(answers.readline(ORDER_BYTES_MAX))
    assert (answer["id"], answer["outcome"]) == (told, "refused")


def test_a_turn_takes_a_bounded_number_and_loses_none(orders: OrderPort, folder: Path) -> None:
    with _connect(folder) as connection:
        connection.sendall((json.dumps(NOTE).encode() + b"\n") * (ORDERS_MAX + 5))
        first: list[Any] = []
        while not first:
            first = list(orders.take())
        assert len(first) <= ORDERS_MAX
        assert len(first) + len(_take(orders, ORDERS_MAX + 5 - len(first))) == ORDERS_MAX + 5


def test_an_endless_line_ends_the_connection(orders: OrderPort, folder: Path) -> None:
    with _connect(folder) as connection:
        connection.setblocking(False)
        sent = 0
        for _ in range(1000):
            try:
                sent += connection.send(b"x" * 4096)
            except BlockingIOError:
                pass
            except OSError:
                break
            assert not list(orders.take())
        assert sent > ORDER_BYTES_MAX
        assert not orders._clients


def test_more_clients_than_the_bound_are_turned_away(orders: OrderPort, folder: Path) -> None:
    connections = []
    for _ in range(CLIENTS_MAX + 1):
        connections.append(_connect(folder))
        _take(orders, 1)
    assert connections[-1].recv(1) == b""
    assert len(orders._clients) == CLIENTS_MAX
    for connection in connections:
        connection.close()
    _take(orders, 1)
    assert not orders._clients


def test_a_client_that_reads_no_answer_is_dropped(orders: OrderPort, folder: Path) -> None:
    with _connect(folder) as connection:
        connection.sendall(json.dumps(NOTE).encode() + b"\n")
        ((_, client),) = _take(orders, 1)
        for _ in range(10_000):
            client.answer({"id": "7", "told": "x" * 1000})
            if client.is_lost:
                break
        assert client.is_lost
        assert not list(orders.take())
        assert not orders._clients


def test_without_a_flight_the_sender_is_told_so(folder: Path, orders: OrderPort) -> None:
    orders.close()
    assert not (folder / SOCKET).exists()
    with pytest.raises(NoFlightError, match="no flight takes orders here"):
        port.send(folder, NOTE)


def test_a_flight_that_ends_without_an_answer_leaves_the_outcome_open(folder: Path, orders: OrderPort) -> None:
    told: list[str] = []

    def give() -> None:
        with pytest.raises(NoFlightError) as caught:
            port.send(folder, NOTE)
        told.append(str(caught.value))

    sender = threading.Thread(target=give)
    sender.start()
    assert _take_until(orders, sender)
    orders.close()
    sender.join()
    assert "ended before it answered" in told[0]


def _take_until(orders: OrderPort, sender: threading.Thread) -> list[Any]:
    taken: list[Any] = []
    while not taken and sender.is_alive():
        taken = list(orders.take())
    return taken
