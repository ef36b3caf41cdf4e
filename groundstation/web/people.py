"""Who may do what: roles, and the tokens of people.

    observer    sees everything, changes nothing
    operator    also commands the swarm: telecommands, alarms, notes, the end of the mission
    director    also plays faults and switches boards on and off

Without a role file everybody is the director, and the console listens on the loopback interface only. A role file lists
people with the SHA-256 of a token each:

    [[people]]
    name = "alice"
    role = "operator"
    token_sha256 = "9f86..."

Tokens are compared in constant time, and every one of the list is compared.
"""

import hashlib
import hmac
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundstation.scenario.errors import explain, explain_syntax
from specs import files
from specs.escape import MultilineError, escaped

OBSERVER, OPERATOR, DIRECTOR = "observer", "operator", "director"
ROLES = (OBSERVER, OPERATOR, DIRECTOR)  # each may do what those before it may
TEXT_BYTES_MAX = 1 << 16
LOOPBACK = ("127.0.0.1", "::1", "localhost")
EVERY_ADDRESS = ("0.0.0.0", "::")

# The least role for each order, and for what a page does to a flight, or to what is shown of it.
LEAST = {
    "telecommand": OPERATOR,
    "control": OPERATOR,
    "note": OPERATOR,
    "alarm": OPERATOR,
    "finish": OPERATOR,
    "start": OPERATOR,
    "resume": OPERATOR,
    "replay": OPERATOR,
    "procedure": OPERATOR,
    "poll": OPERATOR,
    "inject": DIRECTOR,
    "board": DIRECTOR,
    "fault": DIRECTOR,
    "end-fault": DIRECTOR,
}


def is_enough(role: str, least: str) -> bool:
    """Whether a role may do what wants the role `least`."""
    return ROLES.index(role) >= ROLES.index(least)


class RoleFileError(MultilineError):
    """A bad role file: one line for each error."""


@dataclass(frozen=True)
class Person:
    name: str
    role: str

    def may(self, what: str) -> bool:
        """Whether the role allows it. What is not in LEAST nobody may do."""
        return what in LEAST and is_enough(self.role, LEAST[what])


LOCAL = Person("local", DIRECTOR)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_\[\]-]+$", max_length=253)]


class Entry(_Strict):
    """One person."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=32, description="letters, digits, ., _ and -")
    role: str = Field(pattern="^(observer|operator|director)$", description="observer, operator or director")
    token_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the person's token, in hexadecimal")


class RoleFile(_Strict):
    """The people of a console. host, names, certificate, key: for other machines, over TLS only."""

    people: list[Entry] = Field(min_length=1, max_length=100)
    host: str = Field(default="127.0.0.1", max_length=253, description="address to listen on")
    names: list[HostName] = Field(default=[], max_length=16, description="names of this machine in the page's address")
    certificate: str = Field(default="", description="file with the certificate chain, PEM")
    key: str = Field(default="", description="file with the private key, PEM")

    def person(self, token: str) -> Person | None:
        """Whose token this is. None: nobody's."""
        digest = hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
        found = None
        for entry in self.people:
            if hmac.compare_digest(entry.token_sha256, digest):
                found = Person(entry.name, entry.role)
        return found


def load(path: Path) -> RoleFile:
    """Read and check a role file. Raises RoleFileError."""
    try:
        text = files.read_text(path, TEXT_BYTES_MAX)
        document = tomllib.loads(text)
    except files.FileError as error:
        raise RoleFileError(f"{escaped(path)}: cannot be read as a role file: {error}") from error
    except (ValueError, RecursionError) as error:
        raise RoleFileError(explain_syntax(error, str(path))) from error
    try:
        found = RoleFile.model_validate(document)
    except ValidationError as error:
        raise RoleFileError("\n".join(explain(item, RoleFile, str(path), text) for item in error.errors())) from error
    if found.host not in LOOPBACK and not (found.certificate and found.key):
        raise RoleFileError(
            f"{escaped(path)}: host: {found.host} is not the loopback interface; want certificate and key, for TLS"
        )
    if found.host in EVERY_ADDRESS and not found.names:
        raise RoleFileError(
            f"{escaped(path)}: names: missing; want the names by which browsers reach this machine, as "
            f"{found.host} is every address of it"
        )
    return found
