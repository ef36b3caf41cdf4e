"""Compares each function in machine code with its twin, on random and on hostile input. Runs under MicroPython alone.

On a board it takes fewer rounds, and the last line says how many it took.
"""

import random
import sys
from array import array

from amu.boards import hashes
from amu.core import limits
from amu.core.errors import AmuError
from amu.wire import auth, cbor, codec, frames, machine, messages

ROUNDS = 3000 if sys.platform == "linux" else 150
EDGES = (0, 1, 23, 24, 255, 256, 65535, 65536, (1 << 28) - 1, 1 << 28, (1 << 30) - 1, 1 << 30, (1 << 32) + 5, 1 << 62)
HASHES = (auth.begin, auth.finish)
TWINS = (frames.build, frames.unpack, auth.equal, codec.take_vote, codec.peek_vote)


def noise(count, zeros):
    """`count` bytes; of eight, so many are zero."""
    return bytes([0 if random.getrandbits(3) < zeros else random.getrandbits(8) for _ in range(count)])


def outcome(function, *arguments):
    """The result, or the error in words."""
    try:
        return parts(function(*arguments))
    except AmuError as error:
        return f"{type(error).__name__}: {error}"


def parts(found):
    return [getattr(found, name) for name in sorted(found.__dict__)] if isinstance(found, frames.Frame) else found


def damaged(data):
    data = bytearray(data)
    for _ in range(random.getrandbits(2)):
        data[random.randrange(len(data))] = random.choice((0, 1, 2, 254, 255, random.getrandbits(8)))
    return data[: random.randrange(len(data))] if random.getrandbits(3) == 0 else data


def check_frames():
    build, unpack, _, _, _ = TWINS
    traffic = random.choice((frames.FLIGHT, frames.TELECOMMAND, frames.TELEMETRY, frames.REPORT))
    tag = noise(frames.tag_bytes(traffic), 1)
    length = random.choice((0, 1, 40, 229, 230, 231, 253, 254, 255, 508, 509, limits.PAYLOAD_BYTES_MAX))
    wire = build(traffic, 3, 255, tag, noise(length, random.choice((0, 0, 1, 4, 8))))
    payload = unpack(bytearray(wire), 1, len(wire) - 1).payload
    assert machine.build(traffic, 3, 255, tag, payload) == wire
    whole = damaged(wire)
    for start, end in ((1, len(wire) - 1), (0, len(whole)), (1, 1), (2, 30), (0, len(wire))):
        start, end = min(start, len(whole)), min(end, len(whole))
        assert outcome(unpack, whole, start, end) == outcome(machine.unpack, whole, start, end), (start, end, whole)


def spelt(number):
    """A CBOR head of `number`, in any of the forms that hold it."""
    forms = [bytes([number])] if number < 24 else []
    for size in (1, 2, 4, 8):
        if number >> (8 * size) == 0:
            forms.append(bytes([24 + (1, 2, 4, 8).index(size)]) + number.to_bytes(size, "big"))
    return random.choice(forms)


def check_votes():
    numbers = [random.choice(EDGES) for _ in range(4)]
    numbers[3] = random.choice((1, 2, 3, 4, numbers[3]))
    fields = [random.choice((0x11, 0x11, 0x11, 0x14))]
    fields.extend(numbers)
    fields.append(noise(random.choice((32, 32, 32, 31, 33)), 1))
    payload = cbor.encode(fields)
    if random.getrandbits(1):
        wide = random.randrange(5)  # at most one is not as short as it can be
        heads = [spelt(numbers[i]) if i == wide else cbor.encode(numbers[i]) for i in range(4)]
        payload = b"\x86\x11" + b"".join(heads) + cbor.encode(noise(32, 1))
    if random.getrandbits(1):
        payload = bytes(damaged(payload))
    before, behind = noise(random.getrandbits(2), 4), noise(random.getrandbits(2), 4)
    plain = outcome(codec.decode, frames.FLIGHT, payload)
    found = []
    end = machine.take_vote(before + payload + behind, len(before), found)
    is_small = type(plain) is list and plain[0][0] < 1 << 28 and plain[0][1].slot < 1 << 28
    is_vote = is_small and plain[0][1].KIND == messages.Vote.KIND
    if is_vote:
        assert (found, end) == (plain, len(before) + len(payload)), (found, end, plain)
    elif type(plain) is list or not behind:
        assert (found, end) == ([], 0), (found, end, plain)
    check_peek(payload, plain)


def check_peek(payload, decoded):
    """What is seen of a vote is what is decoded of it."""
    _, _, _, _, peek = TWINS
    offset = random.getrandbits(4)
    data = noise(offset, 1) + payload + noise(random.getrandbits(4), 1)
    seen, twin = array("I", [0] * 4), array("I", [0] * 4)
    is_vote = peek(data, offset, len(data), seen)
    assert machine.peek_vote(data, offset, len(data), twin) == is_vote, data
    assert not is_vote or seen == twin, data
    if type(decoded) is list and decoded[0][1].KIND == messages.Vote.KIND:
        vote = decoded[0][1]
        at = seen[0]
        assert ([vote.slot, vote.view, vote.phase], vote.value) == (list(seen)[1:], data[at : at + 32]), data


def check_payloads():
    """Whole payloads, with the short way and without."""
    parts = []
    for _ in range(1 + random.getrandbits(2)):
        vote = messages.Vote(random.choice(EDGES[:11]), 3, 1 + random.getrandbits(2), noise(32, 1))
        other = random.choice((vote, vote, messages.ViewChange(5, 6), messages.Hello(7)))
        parts.append(codec.encode(random.choice(EDGES), other))
    payload = b"".join(parts)
    if random.getrandbits(1):
        payload = bytes(damaged(payload))
    plain = outcome(codec.decode, frames.FLIGHT, payload)
    codec.take_vote = machine.take_vote
    short = outcome(codec.decode, frames.FLIGHT, payload)
    codec.take_vote = TWINS[3]
    assert short == plain, (short, plain)


def check_tags():
    _, _, equal, _, _ = TWINS
    one = noise(16, 1)
    other = bytes(damaged(one))
    assert machine.equal(one, other) == equal(one, other) == (one == other)
    assert machine.equal(one, bytes(list(one)))


def check_hashes():
    """States of several hashes, each used when others have been."""
    made = []
    for _ in range(2):
        heads = noise(random.choice((0, 64, 79, 83)), 1), noise(random.choice((0, 55, 64)), 1)
        made.append((heads, (hashes.begin(heads[0]), hashes.begin(heads[1]))))
    for _ in range(4):
        heads, begun = random.choice(made)
        rest = noise(random.choice((0, 1, 44, 55, 56, 64, 65, 200, limits.PAYLOAD_BYTES_MAX)), 1)
        assert hashes.finish(begun, rest) == HASHES[1](heads, rest), (heads, rest)


random.seed(1)
for _ in range(ROUNDS):
    check_frames()
    check_votes()
    check_payloads()
    check_tags()
    check_hashes()
assert (frames.build, frames.unpack, auth.equal, codec.take_vote, codec.peek_vote) == TWINS
machine.install()
assert (frames.build, frames.unpack, auth.equal, codec.take_vote, codec.peek_vote) == (
    machine.build,
    machine.unpack,
    machine.equal,
    machine.take_vote,
    machine.peek_vote,
)
assert (auth.begin, auth.finish) == HASHES
hashes.install()
assert (auth.begin, auth.finish) == (hashes.begin, hashes.finish)
print("rounds", ROUNDS)
