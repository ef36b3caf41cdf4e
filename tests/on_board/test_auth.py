from expect import refused, unhex

from amu.core.errors import AuthError
from amu.core.limits import GROUND
from amu.wire import auth, codec, frames, messages

MASTER = b"master secret"
VOTE = messages.Vote(3, 0, 2, bytes(range(32)))
PAYLOAD = codec.encode(7, VOTE)


def rings():
    return [auth.keyring(MASTER, "amu", 1, node, 4) for node in (0, 1, 2, 3, GROUND)]


def test_hmac_of_rfc_4231():
    for key, data, want in (
        ("0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            "4a656665",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            "aa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ):
        mac = auth.Mac(unhex(key))
        assert mac.digest(data) == unhex(want)
        assert mac.digest(data) == unhex(want)  # the pads serve again
        assert mac.begun(data[:5]).digest(data[5:]) == unhex(want)


def test_golden_key_and_tag():
    key = auth.derive_key(MASTER, "amu", 1, 0, 1)
    assert key == unhex("9a1d3ab1a9c6a1c4bd70e9e2c8fdcbb56e1da7b9f88372279fff016aaf565f21")
    assert rings()[0].seal(frames.FLIGHT, 1, PAYLOAD) == unhex("bd5bf61d602409c9d3425e2dc9bddbdb")


def test_every_pair_understands_each_other():
    nodes = (0, 1, 2, 3, GROUND)
    ring = rings()
    for i in range(5):
        for j in range(5):
            if i != j:
                tag = ring[i].seal(frames.FLIGHT, nodes[j], PAYLOAD)
                assert len(tag) == 16
                assert ring[j].check(frames.FLIGHT, nodes[i], tag, PAYLOAD) is None


def test_a_tag_of_another_frame_is_refused():
    ring = rings()
    tag = ring[0].seal(frames.FLIGHT, 1, PAYLOAD)
    for receiver, kind, source, bad_tag, payload, reason in (
        (1, frames.TELEMETRY, 0, tag, PAYLOAD, "bad tag from node 0"),
        (1, frames.FLIGHT, 2, tag, PAYLOAD, "bad tag from node 2"),
        (2, frames.FLIGHT, 0, tag, PAYLOAD, "bad tag from node 0"),
        (1, frames.FLIGHT, 0, tag, PAYLOAD + b"\x00", "bad tag"),
        (1, frames.FLIGHT, 0, tag[:-1], PAYLOAD, "bad tag"),
        (1, frames.FLIGHT, 0, b"", PAYLOAD, "bad tag"),
        (0, frames.FLIGHT, 1, tag, PAYLOAD, "bad tag from node 1"),  # reflected to its sender
        (0, frames.FLIGHT, 0, tag, PAYLOAD, "no key for node 0"),
        (1, frames.FLIGHT, 4, tag, PAYLOAD, "no key for node 4"),
        (1, frames.FLIGHT, 254, tag, PAYLOAD, "no key for node 254"),
        (1, frames.REPORT, 0, b"", PAYLOAD, "carries no tag"),
    ):
        refused(AuthError, reason, ring[receiver].check, kind, source, bad_tag, payload)
    for cluster, epoch in (("amu", 2), ("other", 1)):
        stranger = auth.keyring(MASTER, cluster, epoch, 0, 4)
        refused(
            AuthError, "bad tag", ring[1].check, frames.FLIGHT, 0, stranger.seal(frames.FLIGHT, 1, PAYLOAD), PAYLOAD
        )


def test_same_keys_in_another_epoch_are_refused():
    keys_out, keys_in = auth.key_rows(MASTER, "amu", 1, 0, 4)
    old = auth.Keyring("amu", 0, 0, keys_out, keys_in)
    refused(AuthError, "bad tag", rings()[1].check, frames.FLIGHT, 0, old.seal(frames.FLIGHT, 1, PAYLOAD), PAYLOAD)


def test_a_class_without_tag():
    assert rings()[0].seal(frames.REPORT, GROUND, b"") == b""


def test_every_flipped_bit_of_a_tag_is_refused():
    ring = rings()
    tag = ring[0].seal(frames.FLIGHT, 1, PAYLOAD)
    for bit in range(128):
        flipped = bytearray(tag)
        flipped[bit // 8] ^= 1 << (bit % 8)
        refused(AuthError, "bad tag", ring[1].check, frames.FLIGHT, 0, bytes(flipped), PAYLOAD)


def test_equal():
    assert auth.equal(b"", b"")
    assert auth.equal(b"abc", b"abc")
    assert not auth.equal(b"abc", b"abd")
    assert not auth.equal(b"abc", b"ab")
    assert not auth.equal(b"\x00abc", b"abc")  # the same number
