"""The configuration of one board: its number, its keys, the length of its ticks.

`config.cbor` is written once, when the board is provisioned, and never by the board itself. It is a CBOR map:

    cluster             bytes, 1 to 16         name of the swarm; part of every MAC
    epoch               unsigned               counts key changes; part of every MAC
    replica             unsigned               this board, below replica_count
    replica_count       4 to 13
    keys_out, keys_in   arrays of 32 bytes     indexed by node, the ground station last; own entry null
    tick_ms             1 to 1000              length of a board tick in milliseconds
    view_timeout_ticks  1 to 65535             view timer of view 0, in ticks
    turn_ticks          0 to 2**30-1           ask for the swarm's mutex this often; 0 for never
    snapshot_ticks      0 to 2**30-1           take a snapshot of the swarm this often; 0 for never
    trace_messages      bool                   trace Send and Receive too; false for slow boards
    journal             "files" or "pages"     where vote state goes: files of littlefs, or a ring of raw flash pages
    adversary           null or [name, map]    Byzantine behaviour to put on top of the flight code

A board that guessed at a bad configuration could vote under another's name, so no field has a default, and unknown
fields are refused.
"""

from amu.core import limits
from amu.core.errors import CodecError, ConfigError
from amu.wire import cbor

if "":  # for the type checker; see amu.core.types
    from typing import Any

    from amu.core.types import Array, Item, Keys

CLUSTER_BYTES_MAX = 16
EPOCH_MAX = (1 << 30) - 1
TICK_MS_MAX = 1000
VIEW_TIMEOUT_TICKS_MAX = 65535
PERIOD_TICKS_MAX = (1 << 30) - 1
FILES = "files"
PAGES = "pages"
JOURNALS = (FILES, PAGES)

FIELDS = (
    "cluster",
    "epoch",
    "replica",
    "replica_count",
    "keys_out",
    "keys_in",
    "tick_ms",
    "view_timeout_ticks",
    "turn_ticks",
    "snapshot_ticks",
    "trace_messages",
    "journal",
    "adversary",
)


class Config:
    """Checked fields of `config.cbor`, under the names above."""

    def __init__(self, fields: "dict[str, Any]") -> None:
        for name in FIELDS:
            if name not in fields:
                raise ConfigError("config: %s is missing" % name)
        if len(fields) != len(FIELDS):
            raise ConfigError("config: want exactly the fields %s" % ", ".join(FIELDS))
        self.cluster = _cluster(fields["cluster"])
        self.epoch = _uint("epoch", fields["epoch"], 0, EPOCH_MAX)
        self.replica_count = _uint("replica_count", fields["replica_count"], limits.REPLICAS_MIN, limits.REPLICAS_MAX)
        self.replica = _uint("replica", fields["replica"], 0, self.replica_count - 1)
        self.keys_out = _keys("keys_out", fields["keys_out"], self.replica, self.replica_count)
        self.keys_in = _keys("keys_in", fields["keys_in"], self.replica, self.replica_count)
        self.tick_ms = _uint("tick_ms", fields["tick_ms"], 1, TICK_MS_MAX)
        self.view_timeout_ticks = _uint("view_timeout_ticks", fields["view_timeout_ticks"], 1, VIEW_TIMEOUT_TICKS_MAX)
        self.turn_ticks = _uint("turn_ticks", fields["turn_ticks"], 0, PERIOD_TICKS_MAX)
        self.snapshot_ticks = _uint("snapshot_ticks", fields["snapshot_ticks"], 0, PERIOD_TICKS_MAX)
        self.trace_messages = _bool("trace_messages", fields["trace_messages"])
        self.journal = _journal(fields["journal"])
        self.adversary = _adversary(fields["adversary"])


def decode(data: bytes) -> Config:
    """Config from the bytes of `config.cbor`. Raises ConfigError naming the field and what was expected."""
    try:
        fields = cbor.decode(data)
    except CodecError as error:
        raise ConfigError("config: not deterministic CBOR: %s" % error)
    if type(fields) is not dict:
        raise ConfigError("config: want a CBOR map")
    return Config(fields)


def encode(config: Config) -> bytes:
    """Bytes of `config.cbor` for a Config."""
    fields = {}
    for name in FIELDS:
        fields[name] = getattr(config, name)
    return cbor.encode(fields)


def _uint(name: str, field: "Item", least: int, most: int) -> int:
    if type(field) is not int or field < least or field > most:
        raise ConfigError("config: %s: want an integer from %d to %d, have %r" % (name, least, most, field))
    return field


def _bool(name: str, field: "Item") -> bool:
    if type(field) is not bool:
        raise ConfigError("config: %s: want true or false, have %r" % (name, field))
    return field


def _journal(field: "Item") -> str:
    if field not in JOURNALS:
        raise ConfigError("config: journal: want one of %s, have %r" % (", ".join(JOURNALS), field))
    return field


def _cluster(field: "Item") -> bytes:
    if type(field) is not bytes or not 1 <= len(field) <= CLUSTER_BYTES_MAX:
        raise ConfigError("config: cluster: want 1 to %d bytes, have %r" % (CLUSTER_BYTES_MAX, field))
    return field


def _keys(name: str, field: "Item", replica: int, replica_count: int) -> "Keys":
    # The message never shows a key: it ends up in a log.
    if type(field) is not list or len(field) != replica_count + 1:
        raise ConfigError("config: %s: want an array of %d keys, one a node, ground last" % (name, replica_count + 1))
    for node in range(replica_count + 1):
        key = field[node]
        if node == replica:
            if key is not None:
                raise ConfigError("config: %s[%d]: want null for the board itself" % (name, node))
        elif type(key) is not bytes or len(key) != limits.KEY_BYTES:
            raise ConfigError("config: %s[%d]: want %d bytes" % (name, node, limits.KEY_BYTES))
    return field


def _adversary(field: "Item") -> "Array | None":
    if field is None:
        return None
    if type(field) is not list or len(field) != 2 or type(field[0]) is not str or type(field[1]) is not dict:
        raise ConfigError("config: adversary: want null or [name, {parameter: value}], have %r" % (field,))
    return field
