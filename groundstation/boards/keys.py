"""The keys of a bench, from one flight to the next: a private file beside its environment file.

    desk.toml    the boards                          desk.keys    the secrets of its epochs

Each epoch has a secret of its own, drawn afresh, from which the pairwise keys of its boards derive; a board only ever
gets its own row of them. The epoch is part of every tag, so frames of an earlier epoch are foreign in a later one.
Older secrets are kept because a board that flies under one obeys no other: it takes one to make it leave its flight.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

from amu.boards.config import CLUSTER_BYTES_MAX, EPOCH_MAX
from groundstation.record import run_directory
from groundstation.record.run_directory import RunDirectoryError

SUFFIX = ".keys"
EPOCHS_KEPT = 64
SECRET_BYTES = run_directory.SECRET_BYTES
_PRIVATE = 0o077  # bits of a file's mode that must not be set


class KeysError(Exception):
    """Keys that are missing, damaged, readable by others or already there. Says what to do."""


@dataclass(frozen=True)
class Epoch:
    """One epoch's secret. `made`: UTC, for people."""

    epoch: int
    secret: str  # hexadecimal
    made: str

    @property
    def fingerprint(self) -> str:
        """Tells secrets apart and gives nothing away."""
        return hashlib.sha256(b"amu fingerprint" + bytes.fromhex(self.secret)).hexdigest()[:8]

    def __repr__(self) -> str:
        """Never shows the secret: it would end up in a log."""
        return f"Epoch({self.epoch}, {self.fingerprint})"


class _Entry(TypedDict):
    epoch: int
    secret: str
    made: str


class _File(TypedDict):
    bench: str
    epochs: list[_Entry]


@dataclass(frozen=True)
class Keys:
    """The keys of the bench `bench`, epochs ascending."""

    path: Path
    bench: str
    epochs: tuple[Epoch, ...]

    @property
    def cluster(self) -> bytes:
        """Name of the swarm in every tag."""
        return cluster(self.bench)

    @property
    def latest(self) -> Epoch:
        return self.epochs[-1]


def cluster(bench: str) -> bytes:
    """The cluster of a bench, as `amu.boards.config` wants it."""
    return hashlib.sha256(f"amu bench {bench}".encode()).digest()[:CLUSTER_BYTES_MAX]


def path_of(environment: Path) -> Path:
    """Where the keys of an environment file lie."""
    return environment.with_suffix(SUFFIX)


def make(path: Path, bench: str) -> Keys:
    """Draw the first epoch. Raises KeysError if there are keys already: boards that fly under them would be lost."""
    with _locked(path):
        if os.path.lexists(path):
            raise KeysError(f"{path}: there are keys already; rotate them, or move the file away")
        return _keep(Keys(path, bench, (_draw(0),)))


def rotate(path: Path, bench: str | None = None) -> Keys:
    """Draw the next epoch. bench: whose keys these should be. Raises KeysError."""
    with _locked(path):
        keys = load(path, bench)
        if keys.latest.epoch >= EPOCH_MAX:
            raise KeysError(f"{path}: {keys.latest.epoch} is the last epoch; move the file away, and make new keys")
        epochs = (*keys.epochs, _draw(keys.latest.epoch + 1))
        return _keep(Keys(path, keys.bench, epochs[-EPOCHS_KEPT:]))


def load(path: Path, bench: str | None = None) -> Keys:
    """Read keys. bench: whose keys these should be. Raises KeysError."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise KeysError(
            f"{path}: there are no keys; make them with: amu keys make {path.with_suffix('.toml')}"
        ) from error
    except OSError as error:
        raise KeysError(f"{path}: cannot be read: {error.strerror}") from error
    if mode & _PRIVATE:
        raise KeysError(f"{path}: others can read or write it; rotate the keys after: chmod 600 {path}")
    try:
        found = run_directory.read_as(path, _File)
        epochs = tuple(Epoch(entry["epoch"], entry["secret"], entry["made"]) for entry in found["epochs"])
        numbers = [epoch.epoch for epoch in epochs]
        if not numbers or numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] < 0:
            raise ValueError(f"epochs are {numbers}; want ascending numbers without holes")
        if numbers[-1] > EPOCH_MAX:
            raise ValueError(f"an epoch is {numbers[-1]}; want at most {EPOCH_MAX}")
        if any(len(bytes.fromhex(epoch.secret)) != SECRET_BYTES for epoch in epochs):
            raise ValueError(f"want secrets of {SECRET_BYTES} bytes")
    except (RunDirectoryError, ValueError) as error:
        raise KeysError(f"{path}: is not as amu keys wrote it ({error}); restore it, or make new keys") from error
    if bench not in (None, found["bench"]):
        raise KeysError(
            f"{path}: keys of the bench {found['bench']!r}, and not of {bench!r}; put the right keys there, or rename "
            "the bench"
        )
    return Keys(path, found["bench"], epochs)


def _draw(epoch: int) -> Epoch:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Epoch(epoch, secrets.token_bytes(SECRET_BYTES).hex(), now)


def _keep(keys: Keys) -> Keys:
    content = {"bench": keys.bench, "epochs": [asdict(epoch) for epoch in keys.epochs]}
    try:
        run_directory.write_private(keys.path, (json.dumps(content, indent=2) + "\n").encode())
    except OSError as error:
        raise KeysError(f"{keys.path}: cannot be written: {error.strerror}") from error
    return keys


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two programs that rotate at once would each lose the other's epoch."""
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeysError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
