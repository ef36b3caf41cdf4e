"""Provisioned boards have configurations that they accept, and only the keys that they need."""

import pytest

from amu.boards import config, pages
from amu.boards.host import MemoryStore
from amu.core.errors import AuthError, ConfigError
from amu.core.limits import GROUND
from amu.node import journal
from amu.node.journal import Journal
from amu.wire import auth, cbor
from groundstation.boards import provision
from groundstation.boards.provision import Swarm

TELECOMMAND = 2
FLIGHT = 1
SWARM = Swarm(cluster=b"test", replica_count=4, master=b"m" * 32, epoch=3, tick_ms=7, view_timeout_ticks=9)


def keyring(mission: Swarm, replica: int) -> auth.Keyring:
    """The keyring that a board makes of its configuration."""
    fields = config.decode(provision.configuration(mission, replica))
    return auth.Keyring(fields.cluster, fields.epoch, fields.replica, fields.keys_out, fields.keys_in)


def test_a_configuration_says_what_the_swarm_shares() -> None:
    fields = config.decode(provision.configuration(SWARM, 2, ("silence", {"towards": [1]})))
    assert (fields.cluster, fields.epoch, fields.replica, fields.replica_count) == (b"test", 3, 2, 4)
    assert (fields.tick_ms, fields.view_timeout_ticks, fields.trace_messages) == (7, 9, True)
    assert fields.adversary == ["silence", {"towards": [1]}]


def test_encode_is_the_inverse_of_decode() -> None:
    data = provision.configuration(SWARM, 0)
    assert config.encode(config.decode(data)) == data


def test_every_pair_understands_each_other() -> None:
    nodes = [0, 1, 2, 3, GROUND]
    rings = {n: provision.ground_keyring(SWARM) if n == GROUND else keyring(SWARM, n) for n in nodes}
    for sender in nodes:
        for receiver in nodes:
            if sender != receiver:
                tag = rings[sender].seal(FLIGHT, receiver, b"payload")
                rings[receiver].check(FLIGHT, sender, tag, b"payload")


def test_another_epoch_is_refused() -> None:
    other = Swarm(b"test", 4, b"m" * 32, epoch=4)
    tag = provision.ground_keyring(other).seal(TELECOMMAND, 1, b"payload")
    with pytest.raises(AuthError):
        keyring(SWARM, 1).check(TELECOMMAND, GROUND, tag, b"payload")


def test_a_board_holds_no_key_between_others() -> None:
    keys = {n: config.decode(provision.configuration(SWARM, n)) for n in range(4)}
    held = {key for key in [*keys[0].keys_out, *keys[0].keys_in] if key is not None}
    assert keys[1].keys_out[2] not in held
    assert keys[1].keys_out[0] in held
    assert SWARM.master not in provision.configuration(SWARM, 0)


def test_the_master_secret_is_never_shown() -> None:
    assert "mmmm" not in repr(SWARM)


def test_a_short_master_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="master secret of 3 bytes; want at least 16"):
        Swarm(b"test", 4, b"abc")


def test_commissioned_files_make_a_fresh_board() -> None:
    recovered = Journal(MemoryStore(provision.commissioned_files())).recover()
    assert recovered.status == journal.FRESH


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("cluster", b"", "cluster: want 1 to 16 bytes"),
        ("epoch", -1, "epoch: want an integer from 0"),
        ("replica", 4, "replica: want an integer from 0 to 3, have 4"),
        ("replica", True, "replica: want an integer"),
        ("replica_count", 3, "replica_count: want an integer from 4 to 13, have 3"),
        ("keys_out", [], "keys_out: want an array of 5 keys"),
        ("keys_in", [b"k" * 32] * 5, r"keys_in\[1\]: want null for the board itself"),
        ("keys_in", [b"k" * 32, None, b"k" * 31, b"k" * 32, b"k" * 32], r"keys_in\[2\]: want 32 bytes"),
        ("tick_ms", 0, "tick_ms: want an integer from 1 to 1000, have 0"),
        ("view_timeout_ticks", None, "view_timeout_ticks: want an integer"),
        ("trace_messages", 1, "trace_messages: want true or false, have 1"),
        ("journal", "tape", "journal: want one of files, pages, have 'tape'"),
        ("journal", None, "journal: want one of files, pages, have None"),
        ("adversary", ["silence"], "adversary: want null or"),
        ("adversary", ["silence", []], "adversary: want null or"),
    ],
)
def test_a_bad_field_is_named_with_what_was_expected(field: str, value: object, expected: str) -> None:
    fields = cbor.decode(provision.configuration(SWARM, 1))
    fields[field] = value
    with pytest.raises(ConfigError, match=expected):
        config.decode(cbor.encode(fields))


def test_missing_and_unknown_fields_are_refused() -> None:
    fields = cbor.decode(provision.configuration(SWARM, 1))
    with pytest.raises(ConfigError, match="want exactly the fields cluster, epoch"):
        config.decode(cbor.encode({**fields, "speed": 1}))
    del fields["tick_ms"]
    with pytest.raises(ConfigError, match="tick_ms is missing"):
        config.decode(cbor.encode(fields))


@pytest.mark.parametrize("data", [b"", b"\xff", cbor.encode([1])])
def test_bytes_that_are_not_a_configuration_are_refused(data: bytes) -> None:
    with pytest.raises(ConfigError, match=r"CBOR"):
        config.decode(data)


def test_a_configuration_that_a_board_would_refuse_is_not_provisioned() -> None:
    with pytest.raises(ConfigError, match="tick_ms"):
        provision.configuration(Swarm(b"test", 4, b"m" * 32, tick_ms=0), 0)


def test_a_ring_of_pages_may_be_made_with_the_store() -> None:
    """Erased files of one block each, under the names that the board looks for."""
    made = provision.commissioned_files(config.PAGES, 3)
    block = b"\xff" * (pages.BLOCK_PAGES * pages.PAGE_BYTES)
    assert {name: data for name, data in made.items() if name != pages.CHECKPOINT} == {
        f"ring/{number}": block for number in range(3)
    }
    assert set(provision.commissioned_files(config.PAGES)) == {pages.CHECKPOINT}
    assert provision.commissioned_files(config.FILES, 3) == provision.commissioned_files()
