"""The line on which orders reach a flight: a Unix socket in the run's folder, one JSON object a line, one answer each.

    orders.sock    only the user who flies may connect

The mission loop looks at it once in a turn and never waits for it. The socket's name is reached through the folder's
descriptor: the whole path may be longer than the name of a socket can be.

Rules
- At most CLIENTS_MAX lines, ORDERS_MAX orders a turn; a client that does not read its answers is dropped.
- Every order that was read is answered, and its sender has the answer by the order's id.
"""

import contextlib
import json
import os
import selectors
import socket
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from groundstation.orders.order import NAME_LENGTH_MAX, ORDER_BYTES_MAX, Order, OrderError, read

SOCKET = "orders.sock"
CLIENTS_MAX = 8
ORDERS_MAX = 16  # in a turn
ANSWER_SECONDS = 10.0  # that a sender waits; a flight takes orders many times a second

Answer = dict[str, Any]


class NoFlightError(Exception):
    """No flight takes orders in this folder."""


class Orders(Protocol):
    """Where a flight finds its orders."""

    def take(self) -> Iterator[tuple[Order, "Client | None"]]:
        """The orders that have arrived. Never waits."""
        ...


class NoOrders:
    """For flights that nobody commands."""

    def take(self) -> Iterator[tuple[Order, "Client | None"]]:
        return iter(())


class Client:
    """One connection. `unread`: bytes of a line that is not whole yet."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.unread = bytearray()
        self.waiting: deque[bytes] = deque()
        self.is_lost = False

    def answer(self, content: Answer) -> None:
        """Answer an order. A client that has no room for an answer is lost."""
        data = json.dumps(content).encode() + b"\n"
        try:
            self.is_lost = self.connection.send(data) != len(data)
        except OSError:
            self.is_lost = True


class OrderPort:
    """The socket of one flight, in the run's folder `folder`. Raises OSError."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SOCKET
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._clients: list[Client] = []
        try:
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()
            before = os.umask(0o177)
            try:
                with _near(folder) as name:
                    self._listener.bind(name)
            finally:
                os.umask(before)
            self._listener.listen(CLIENTS_MAX)
            self._listener.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ, None)
        except OSError:
            self.close()
            raise

    def take(self) -> Iterator[tuple[Order, Client]]:
        """The orders that have arrived, at most ORDERS_MAX. Bad ones are answered here."""
        for key, _ in self._selector.select(0):
            if key.data is None:
                self._accept()
            else:
                self._receive(key.data)
        taken = 0
        for client in list(self._clients):
            if client.is_lost:
                self._drop(client)
            while client.waiting and taken < ORDERS_MAX:
                taken += 1
                text = client.waiting.popleft()
                try:
                    order = read(text)
                except OrderError as error:
                    client.answer({"id": _id_of(text), "outcome": "refused", "reason": str(error)})
                    continue
                yield order, client

    def close(self) -> None:
        """Take no more orders. The name of the socket goes."""
        for client in list(self._clients):
            self._drop(client)
        self._selector.close()
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if len(self._clients) >= CLIENTS_MAX:
            connection.close()
            return
        connection.setblocking(False)
        client = Client(connection)
        self._clients.append(client)
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _receive(self, client: Client) -> None:
        if len(client.waiting) >= ORDERS_MAX:
            return  # it waits in the socket
        try:
            data = client.connection.recv(ORDER_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(client)
            return
        client.unread += data
        *lines, rest = client.unread.split(b"\n")
        client.unread = bytearray(rest)
        client.waiting.extend(bytes(line) for line in lines)
        if len(rest) > ORDER_BYTES_MAX:
            client.answer(
                {"id": None, "outcome": "refused", "reason": f"a line is longer than {ORDER_BYTES_MAX} bytes"}
            )
            self._drop(client)

    def _drop(self, client: Client) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.connection)
        client.connection.close()
        if client in self._clients:
            self._clients.remove(client)


def send(folder: Path, order: dict[str, Any]) -> Answer:
    """Give a flight one order and wait for its answer. Raises NoFlightError if none takes orders there."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_SECONDS)
            with _near(folder) as name:
                connection.connect(name)
            connection.sendall(json.dumps(order).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = answers.readline(ORDER_BYTES_MAX)
    except OSError as error:
        raise NoFlightError(f"{folder}: no flight takes orders here ({error.strerror or error})") from error
    if not answer:
        raise NoFlightError(f"{folder}: the flight ended before it answered; its record says whether it took the order")
    found = json.loads(answer)
    assert isinstance(found, dict)
    return found


@contextlib.contextmanager
def _near(folder: Path) -> Iterator[str]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET}"
    finally:
        os.close(descriptor)


def _id_of(text: bytes) -> str | None:
    """The id of an order that was refused. None if it has none that fits an answer."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    told = found.get("id") if isinstance(found, dict) else None
    return told if isinstance(told, str) and len(told) <= NAME_LENGTH_MAX else None
