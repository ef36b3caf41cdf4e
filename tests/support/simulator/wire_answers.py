"""Reads lines `what hex` from the file named on the command line and prints how the wire code decodes each.

Runs under CPython and MicroPython alike, there also with `machine` as second argument: with the functions in machine
code in place of their twins. A test compares the outputs.
"""

import sys

from amu.core.errors import CodecError
from amu.wire import cbor, codec, frames
from amu.wire.framer import NEED_BYTES, Framer, Text


def read_cbor(data):
    return cbor.encode(cbor.decode(data)).hex()


def read_codec(data):
    return b"".join([codec.encode(lamport, message) for lamport, message in codec.decode(data[0], data[1:])]).hex()


def read_framer(data):
    framer = Framer()
    framer.push(data)
    words = []
    while True:
        item = framer.next()
        if item is NEED_BYTES:
            break
        words.append("text " + item.data.hex() if isinstance(item, Text) else "frame " + item.payload.hex())
    counts = [str(framer.errors[reason]) for reason in frames.REASONS]
    return " ".join(words + counts)


if "machine" in sys.argv:
    from amu.wire import machine

    machine.install()

READERS = {"cbor": read_cbor, "codec": read_codec, "framer": read_framer}

with open(sys.argv[1]) as questions:
    for question in questions:
        what, _, text = question.strip().partition(" ")
        try:
            answer = READERS[what](bytes.fromhex(text))
        except CodecError as error:
            answer = "refused: " + str(error)
        print(what, answer)
