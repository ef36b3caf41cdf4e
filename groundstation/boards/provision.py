"""Provisioning: the configuration and the keys that each board gets before it flies.

The mission's master secret stays on the ground. A board gets only the keys of its own row and column, so an attacker
who takes one board apart gains one identity and no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from amu.boards import config, pages
from amu.boards.host import MemoryStore
from amu.core import limits
from amu.core.types import Item
from amu.node.journal import CHECKPOINT, Journal
from amu.wire import auth, cbor, codec, frames, messages
from groundstation.boards.keys import Keys

MASTER_BYTES_MIN = 16


@dataclass(frozen=True)
class Swarm:
    """The settings that all boards of a swarm share. Fields as in `amu.boards.config`; `epoch` counts key changes."""

    cluster: bytes
    replica_count: int
    master: bytes
    epoch: int = 0
    tick_ms: int = 20
    view_timeout_ticks: int = 50
    turn_ticks: int = 0
    snapshot_ticks: int = 0
    trace_messages: bool = True
    journal: str = config.FILES

    def __post_init__(self) -> None:
        if len(self.master) < MASTER_BYTES_MIN:
            raise ValueError(f"master secret of {len(self.master)} bytes; want at least {MASTER_BYTES_MIN}")

    def __repr__(self) -> str:
        """Never shows the master secret: it would end up in a log."""
        return f"Swarm({self.cluster!r}, {self.replica_count} replicas, epoch {self.epoch})"


def configuration(swarm: Swarm, replica: int, adversary: tuple[str, Mapping[str, Item]] | None = None) -> bytes:
    """`config.cbor` of one board. `adversary` is name and parameters (CBOR values) of a Byzantine behaviour.

    Raises ConfigError, naming the field, if a board would refuse it.
    """
    keys_out, keys_in = auth.key_rows(swarm.master, swarm.cluster, swarm.epoch, replica, swarm.replica_count)
    fields = {
        "cluster": swarm.cluster,
        "epoch": swarm.epoch,
        "replica": replica,
        "replica_count": swarm.replica_count,
        "keys_out": keys_out,
        "keys_in": keys_in,
        "tick_ms": swarm.tick_ms,
        "view_timeout_ticks": swarm.view_timeout_ticks,
        "turn_ticks": swarm.turn_ticks,
        "snapshot_ticks": swarm.snapshot_ticks,
        "trace_messages": swarm.trace_messages,
        "journal": swarm.journal,
        "adversary": None if adversary is None else [adversary[0], adversary[1]],
    }
    data: bytes = cbor.encode(fields)
    config.decode(data)  # refused here, where an operator can correct it, rather than on the board
    return data


def ground_keyring(swarm: Swarm) -> auth.Keyring:
    """The ground station's own keys: a pair for each board."""
    keys_out, keys_in = auth.key_rows(swarm.master, swarm.cluster, swarm.epoch, limits.GROUND, swarm.replica_count)
    return auth.Keyring(swarm.cluster, swarm.epoch, limits.GROUND, keys_out, keys_in)


def exit_frame(key: bytes, cluster: bytes, epoch: int, replica: int) -> bytes:
    """Wire bytes that make board `replica` leave its flight. `key`: for frames from the ground to it."""
    keys_out: list[bytes | None] = [None] * (limits.REPLICAS_MAX + 1)
    keys_out[replica] = key
    keyring = auth.Keyring(cluster, epoch, limits.GROUND, keys_out, [None] * len(keys_out))
    payload = codec.encode(0, messages.Control("exit"))
    tag = keyring.seal(frames.TELECOMMAND, replica, payload)
    return frames.build(frames.TELECOMMAND, limits.GROUND, replica, tag, payload)


def exits(found: Keys, replica: int) -> tuple[bytes, ...]:
    """Frames that make a board of a bench leave its flight, one for each epoch, the latest last."""
    made = []
    for epoch in found.epochs:
        key = auth.derive_key(bytes.fromhex(epoch.secret), found.cluster, epoch.epoch, limits.GROUND, replica)
        made.append(exit_frame(key, found.cluster, epoch.epoch, replica))
    return tuple(made)


def commissioned_files(journal: str = config.FILES, ring_blocks: int = 0) -> dict[str, bytes]:
    """Files of a fresh board's store, by name: for kinds whose flash is written from outside.

    `journal` as in `amu.boards.config`. ring_blocks: of a ring of pages; 0: the board makes it at its first boot, which
    takes a Pico 2.6 s.
    """
    store = MemoryStore()
    Journal(store).commission()
    if journal == config.PAGES:
        blank = b"\xff" * (pages.BLOCK_PAGES * pages.PAGE_BYTES)
        ring = {f"ring/{number}": blank for number in range(ring_blocks)}
        return {pages.CHECKPOINT: store.files[CHECKPOINT], **ring}
    return dict(store.files)
