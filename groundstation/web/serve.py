"""Serves a console until it is interrupted."""

import json
import logging
import socket
import sys
import webbrowser

import typer
import uvicorn

from groundstation.web.flights import Flight
from groundstation.web.people import RoleFile
from groundstation.web.server import WebConsole

MESSAGE_BYTES_MAX = 1 << 16  # from a page
LOOPBACK = "127.0.0.1"


class ServeError(Exception):
    """The console cannot listen. Says where and what to do."""


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps({"at": record.created, "level": record.levelname.lower(), "text": record.getMessage()})


def run(flight: Flight, port: int, roles: RoleFile | None, browser: bool, json_log: bool) -> None:
    """Listen, tell the address, serve. Raises ServeError."""
    host = LOOPBACK if roles is None else roles.host
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    is_safe = roles is not None and bool(roles.certificate)
    names = {host, "localhost", LOOPBACK, "[::1]"} if host in (LOOPBACK, "::1", "localhost") else {host}
    console = WebConsole(flight, roles, frozenset(f"{name}:{port}" for name in names))
    config = uvicorn.Config(
        console.app(),
        log_config=None,
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        ssl_certfile=roles.certificate if is_safe and roles else None,
        ssl_keyfile=roles.key if is_safe and roles else None,
    )
    _log(json_log)
    address = f"{'https' if is_safe else 'http'}://{host}:{port}/"
    typer.echo(f"console: {address} (control-C ends the console; a flight goes on)", err=True)
    if browser:
        webbrowser.open(address)
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServeError(
            f"{host}:{port}: cannot listen ({error.strerror}); choose another --port, 0 for any"
        ) from error
    return listener


def _log(as_json: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else logging.Formatter("console: %(message)s"))
    for name in ("uvicorn", "groundstation.web"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO if as_json else logging.WARNING)
