# Runs as main.py on an emulated Pico: costs of one message's unavoidable work, with the flight code's own functions.
import binascii
import gc
import sys
import time

from amu.boards import config as configuration
from amu.boards import pico
from amu.node.journal import Journal
from amu.wire import codec, frames, messages
from amu.wire.auth import Keyring
from amu.wire.framer import Framer

TIMES = 20
FRAMES_SENT = 8  # by the host, as unit_costs.py says


def tell(name, microseconds):
    print("COST", name, microseconds)


def cost(name, work):
    work()
    gc.collect()
    gc.disable()
    began = time.ticks_us()
    for _ in range(TIMES):
        work()
    microseconds = time.ticks_diff(time.ticks_us(), began)
    gc.enable()
    tell(name, microseconds // TIMES)


def main():
    board = pico.open_board()
    config = configuration.decode(board.config())
    keys = Keyring(config.cluster, config.epoch, config.replica, config.keys_out, config.keys_in)
    me, peer, nodes = config.replica, (config.replica + 1) % config.replica_count, config.replica_count + 1
    theirs = Keyring(config.cluster, config.epoch, peer, [config.keys_in[peer]] * nodes, [None] * nodes)
    vote = messages.Vote(5, 0, 1, b"d" * 32)
    payload = codec.encode(900, vote)
    tag, heard = keys.seal(frames.FLIGHT, peer, payload), theirs.seal(frames.FLIGHT, me, payload)
    wire = frames.build(frames.FLIGHT, me, peer, tag, payload)
    framer = Framer()

    def cut():
        framer.push(wire)
        assert framer.next().traffic == frames.FLIGHT

    cost("nothing", lambda: None)
    cost("unframe", cut)
    cost("check", lambda: keys.check(frames.FLIGHT, peer, heard, payload))
    cost("decode", lambda: codec.decode(frames.FLIGHT, payload))
    cost("encode", lambda: codec.encode(900, vote))
    cost("seal", lambda: keys.seal(frames.FLIGHT, peer, payload))
    cost("frame", lambda: frames.build(frames.FLIGHT, me, peer, tag, payload))
    journal = Journal(board.open_store(config.journal))
    journal.recover()
    cost("append", lambda: journal.append([[1, 5, 0, b"d" * 32]]))
    cost("write", lambda: board.port.write(wire))
    gc.collect()
    began = time.ticks_us()
    gc.collect()
    tell("collection", time.ticks_diff(time.ticks_us(), began))
    cost("poll", board.port.read)
    print("SEND", binascii.hexlify(wire).decode() + ".")
    time.sleep_ms(30)  # the host's bytes wait
    count = 0
    began = time.ticks_us()
    while count < FRAMES_SENT * len(wire):
        count += len(board.port.read())
    tell("read", time.ticks_diff(time.ticks_us(), began) // FRAMES_SENT)


try:
    main()
except Exception as error:
    sys.print_exception(error)
print("DONE")
time.sleep_ms(1000)
