"""Who sent this frame: HMAC-SHA256 (RFC 2104, FIPS 198-1) under directional pairwise keys.

Each ordered pair (sender, receiver) has its own key, so a frame can neither be reflected to its sender nor be passed on
as another's, and no replica can speak for another: a tag convinces its receiver, nobody else. The tag covers cluster,
epoch, header and payload, so a frame of another swarm or of an earlier commissioning is refused too.

The tag is the first 16 bytes of the HMAC. RFC 2104 section 5 asks for at least half of the hash and 80 bits; a blind
forgery then succeeds once in 2**128 frames, while a board on a serial line sees perhaps 2**40 in its life. Twice the
length would cost 16 bytes a frame and buy nothing.

Replay is not refused here: votes and statuses are idempotent, requests carry operation numbers. A counter in
each frame would have to reach flash before each send.

A board holds only its own row of keys, never the master secret they come from.
"""

from hashlib import sha256

from amu.core import limits
from amu.core.errors import AuthError
from amu.wire import cbor
from amu.wire.frames import FLIGHT, REPORT, header

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Item, Keys

_BLOCK_BYTES = 64  # SHA-256


def begin(data: bytes) -> bytes:
    """What `finish` needs to know of a hash that begins with `data`."""
    return data


def finish(begun: tuple[bytes, bytes], rest: bytes) -> bytes:
    """The 32-byte hash of the second beginning and the hash of the first one and `rest`: an HMAC."""
    inner = sha256(begun[0])
    inner.update(rest)
    outer = sha256(begun[1])
    outer.update(inner.digest())
    return outer.digest()


class Mac:
    """HMAC-SHA256 under one key of any length, of messages that begin with `context`.

    The padded key blocks are made once: three times faster per message.
    """

    def __init__(self, key: bytes, context: bytes = b"") -> None:
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        key = key + bytes(_BLOCK_BYTES - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key]) + context
        self._outer = bytes([byte ^ 0x5C for byte in key])

    def begun(self, head: bytes) -> "Mac":
        """Under the same key, of messages that begin with the context and `head`."""
        mac = Mac(b"")
        mac._inner, mac._outer = self._inner + head, self._outer
        return mac

    def halves(self) -> tuple[bytes, bytes]:
        """What `finish` needs to know of key and context."""
        return begin(self._inner), begin(self._outer)

    def digest(self, rest: bytes) -> bytes:
        """The 32-byte HMAC of context and `rest` joined."""
        return finish(self.halves(), rest)


def equal(one: bytes, other: bytes) -> bool:
    """Are two byte strings equal? Takes the same time wherever they differ: a tag cannot be guessed byte by byte.

    As numbers, because XOR works through every digit whatever it finds.
    """
    return len(one) == len(other) and int.from_bytes(one, "big") ^ int.from_bytes(other, "big") == 0


class Keyring:
    """The keys of node `me`: `keys_out[j]` for frames to node j, `keys_in[j]` for frames from it, ground last.

    `None` stands where there is no key, as for `me` itself. `cluster` and `epoch` are any CBOR items.
    """

    def __init__(self, cluster: "Item", epoch: "Item", me: int, keys_out: "Keys", keys_in: "Keys") -> None:
        assert len(keys_out) == len(keys_in), "rows of keys"
        context = cbor.encode([cluster, epoch])
        self._me = me
        self._nodes_out = _macs(keys_out, context)
        self._nodes_in = _macs(keys_in, context)
        # by node and class, header included, made when first used
        self._out: dict[int, tuple[bytes, bytes]] = {}  # at most 3 of each node
        self._in: dict[int, tuple[bytes, bytes]] = {}  # at most 3 of each node

    def seal(self, traffic: int, destination: int, payload: bytes) -> bytes:
        """Tag of a frame from `me`, over all its messages; `b""` for a class that carries none."""
        if traffic == REPORT:
            return b""
        halves = self._out.get(destination << 8 | traffic)
        if halves is None:
            halves = self._begin_out(traffic, destination)
        return finish(halves, payload)[: limits.TAG_BYTES]

    def check(self, traffic: int, source: int, tag: bytes, payload: bytes) -> None:
        """Returns if `source` sealed this for `me`. Raises AuthError."""
        halves = self._in.get(source << 8 | traffic)
        if halves is None:
            halves = self._begin_in(traffic, source)
        if not equal(tag, finish(halves, payload)[: limits.TAG_BYTES]):
            raise AuthError("bad tag from node %d" % source)

    def _begin_out(self, traffic: int, destination: int) -> tuple[bytes, bytes]:
        assert destination in self._nodes_out, "no key for this destination"
        halves = self._nodes_out[destination].begun(header(traffic, self._me, destination)).halves()
        self._out[destination << 8 | traffic] = halves
        return halves

    def _begin_in(self, traffic: int, source: int) -> tuple[bytes, bytes]:
        if source not in self._nodes_in:
            raise AuthError("no key for node %d" % source)
        if traffic < FLIGHT or traffic >= REPORT:
            raise AuthError("class %d carries no tag" % traffic)
        halves = self._nodes_in[source].begun(header(traffic, source, self._me)).halves()
        self._in[source << 8 | traffic] = halves
        return halves


def _macs(keys: "Keys", context: bytes) -> dict[int, Mac]:
    """By node, looked up only."""
    macs = {}
    for i in range(len(keys)):
        key = keys[i]
        if key is not None:
            macs[i if i < len(keys) - 1 else limits.GROUND] = Mac(key, context)
    return macs


def derive_key(master: bytes, cluster: "Item", epoch: "Item", sender: int, receiver: int) -> bytes:
    """The 32-byte key for frames from `sender` to `receiver`: HMAC as a key derivation function (NIST SP 800-108)."""
    return Mac(master).digest(cbor.encode(["amu key", cluster, epoch, sender, receiver]))


def key_rows(master: bytes, cluster: "Item", epoch: "Item", me: int, replica_count: int) -> "tuple[Keys, Keys]":
    """(keys_out, keys_in) of node `me`, ground last, as a board's configuration carries them."""
    keys_out = []
    keys_in = []
    for i in range(replica_count + 1):
        node = i if i < replica_count else limits.GROUND
        keys_out.append(None if node == me else derive_key(master, cluster, epoch, me, node))
        keys_in.append(None if node == me else derive_key(master, cluster, epoch, node, me))
    return keys_out, keys_in


def keyring(master: bytes, cluster: "Item", epoch: "Item", me: int, replica_count: int) -> Keyring:
    """Keyring of node `me`. Only the provisioner of the swarm and the ground station hold `master`."""
    keys_out, keys_in = key_rows(master, cluster, epoch, me, replica_count)
    return Keyring(cluster, epoch, me, keys_out, keys_in)
