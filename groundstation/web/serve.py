"""Serves a console until it is interrupted."""

import json
import logging
import socket
import sys
import webbrowser

import typer
import uvicorn

from groundstation.os_errors import explained
from groundstation.web.flights import Flight
from groundstation.web.people import LOOPBACK, RoleFile
from groundstation.web.server import WebConsole

MESSAGE_BYTES_MAX = 1 << 16  # from a page
STUCK_SECONDS = 30.0  # that a line may be full; a page that is slow is closed before
HTTP_PORT, HTTPS_PORT = 80, 443

_logger = logging.getLogger(__name__)


class ServeError(Exception):
    """The console cannot listen. Says where and what to do."""


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"at": record.created, "level": record.levelname.lower(), "text": record.getMessage()})


def run(flight: Flight, port: int, roles: RoleFile | None, browser: bool, json_log: bool) -> None:
    """Listen, tell the address, serve. Raises ServeError."""
    host = LOOPBACK[0] if roles is None else roles.host
    listener = listen(host, port)
    port = listener.getsockname()[1]
    is_safe = roles is not None and bool(roles.certificate)
    console = WebConsole(flight, roles, hosts(roles, port, is_safe))
    config = uvicorn.Config(
        console.app(),
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ssl_certfile=roles.certificate if is_safe and roles else None,
        ssl_keyfile=roles.key if is_safe and roles else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one, too
        listener.close()
        files = f"{roles.certificate}, {roles.key}" if roles else "certificate, key"
        raise ServeError(f"{files}: {explained(error)}; want files in PEM, of each other") from error
    _log(json_log)
    name = roles.names[0] if roles is not None and roles.names else host
    address = f"{'https' if is_safe else 'http'}://{name}:{port}/"
    _announce(f"{address} (control-C ends the console; a flight goes on)", json_log)
    if browser:
        webbrowser.open(address)
    uvicorn.Server(config).run(sockets=[listener])


def hosts(roles: RoleFile | None, port: int, is_safe: bool) -> frozenset[str]:
    """What a request may name as its host: this console. Browsers omit the port that is usual."""
    host = LOOPBACK[0] if roles is None else roles.host
    names = {*LOOPBACK} if host in LOOPBACK else {host}
    names |= set(() if roles is None else roles.names)
    whole = {f"[{name}]" if name.count(":") > 1 and name[0] != "[" else name for name in names}
    usual = whole if port == (HTTPS_PORT if is_safe else HTTP_PORT) else set()
    return frozenset({f"{name}:{port}" for name in whole} | usual)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises ServeError.

    A client that reads nothing leaves no room for what is on its way to it, and TCP waits for that without end, also
    after we have closed the line. Therefore each line has a bound on that wait, where the system has one (Linux).
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # lines inherit it
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(STUCK_SECONDS * 1000))
    try:
        listener.bind((host, port))
        listener.listen()  # before the address is printed
    except OSError as error:
        listener.close()
        raise ServeError(
            f"{host}:{port}: cannot listen ({error.strerror}); choose another --port, 0 for any"
        ) from error
    return listener


def _announce(text: str, as_json: bool) -> None:
    """Say where the console is. A log for programs has nothing but JSON in it."""
    if as_json:
        _logger.info("%s", text)
    else:
        typer.echo(f"console: {text}", err=True)


def _log(as_json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else logging.Formatter("console: %(message)s"))
    for name in ("uvicorn", "groundstation.web"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO if as_json else logging.WARNING)
