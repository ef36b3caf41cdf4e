"""Compares the CBOR encoder in machine code with its twin, on random items. Runs under MicroPython alone.

On a board it takes fewer rounds, and the last line says how many it took.
"""

import random
import sys

from amu.core.chunks import split
from amu.core.errors import CodecError
from amu.wire import cbor, machine_cbor

ROUNDS = 3000 if sys.platform == "linux" else 150
NUMBERS = (0, 1, 23, 24, 255, 256, 65535, 65536, (1 << 28) - 1, 1 << 28, (1 << 30) - 1, 1 << 30, (1 << 32) + 5, 1 << 62)
LENGTHS = (0, 1, 23, 24, 32, 255, 256, 480, 505, 506, 507, 508, 509, 510, 511, 512, 600)
TEXTS = ("", "ok", "noop", "\x7f", "\xe9", "ok\u20ac", "a" * 23, "a" * 24, "\xe9" * 12, "a" * 300)
REST = (None, True, False, {1: b"a", "b": [2]}, 1.5, split(b"abc"), (), [])
twin = cbor.encode


def some(depth):
    """A random item."""
    kind = random.randrange(8 if depth else 5)
    if kind == 0:
        return random.choice(NUMBERS)
    if kind == 1:
        return -random.choice(NUMBERS)
    if kind == 2:
        return bytes([random.getrandbits(8)]) * random.choice(LENGTHS[: random.choice((5, 5, 5, 17))])
    if kind == 3:
        return random.choice(TEXTS)
    if kind == 4:
        return random.choice(REST)
    items = [some(depth - 1) for _ in range(random.choice((0, 1, 2, 3, 5, 5, 23, 24)))]
    return tuple(items) if kind == 5 else items


def outcome(function, item):
    """The bytes, or the error in words."""
    try:
        return function(item)
    except CodecError as error:
        return str(error)


def check(item):
    assert outcome(machine_cbor.encode, item) == outcome(twin, item), item


random.seed(1)
for number in NUMBERS:
    for item in (number, -number, [number], [number] * 23, [-1 - number]):
        check(item)
for length in LENGTHS:
    for before in range(6):
        check([0] * before + [bytes(length)])
        check([[0] * before, "x" * length])
        check([bytes(length), 1 << 20])
for depth in range(12):
    item = [depth]
    for _ in range(depth):
        item = [item, item] if depth < 6 else [item]
    check(item)
for _ in range(ROUNDS):
    check(some(random.choice((1, 1, 2, 3))))
assert cbor.encode is twin
machine_cbor.install()
assert cbor.encode is machine_cbor.encode
check([1, {2: b"c"}])
print("rounds", ROUNDS)
