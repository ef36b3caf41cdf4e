"""How long a board waits for a state, and whom it asks next. Runs under CPython and MicroPython alike."""

import hashlib

from amu.consensus.checkpoints import Checkpoints
from amu.consensus.quorum import Group
from amu.core import limits
from amu.core.chunks import split
from amu.wire.messages import StateChunk

ME = 1
HOLDERS = (0, 2, 3)
SLOTS = limits.CHECKPOINT_SLOTS
START = limits.TRANSFER_PATIENCE_PERIODS_MIN
LONGEST = limits.TRANSFER_PATIENCE_PERIODS_MAX


class Desk:
    """Checkpoints of a board that is behind. A test tells it when the others have one more checkpoint."""

    def __init__(self, periods_max=LONGEST):
        self.asked = []  # (peer, slot, offset)
        self.checkpoints = Checkpoints(ME, Group(4), self, periods_max)
        self.slot = 0
        self.state = b""

    def send(self, peer, message):
        self.asked.append((peer, message.slot, message.offset))

    def refuse(self, peer, kind, reason):
        pass

    def new_checkpoint(self, size=100):
        self.slot += SLOTS
        self.state = bytes([self.slot // SLOTS % 256]) * size
        for peer in HOLDERS:
            self.checkpoints.report(peer, self.slot, hashlib.sha256(self.state).digest())

    def chunk(self, state=None):
        """The peer that was asked last delivers what it was asked for, one chunk of it."""
        state = state or self.state
        peer, slot, offset = self.asked[-1]
        data = state[offset : offset + limits.CHUNK_BYTES_MAX]
        return self.checkpoints.on_chunk(peer, StateChunk(slot, offset, len(state), data))

    def take_over(self):
        self.new_checkpoint()
        self.checkpoints.pursue()
        self.keep(self.chunk())

    def keep(self, whole):
        """The received state is the board's own from now on."""
        assert whole == (self.slot, split(self.state)) == (self.slot, self.state)
        self.checkpoints.keep(self.slot, self.state)
        assert self.checkpoints.latest()[2] == whole[1] != self.state + b"more"

    def periods_until_asked(self):
        """How many periods pass until a peer is asked."""
        asked = len(self.asked)
        periods = 0
        while len(self.asked) == asked:
            assert periods <= 2 * LONGEST, "never asks again"
            self.checkpoints.pursue()
            periods += 1
        return periods


def test_adopted_states_do_not_change_the_patience():
    desk = Desk()
    for _ in range(50):
        desk.take_over()
        desk.new_checkpoint()
        desk.checkpoints.pursue()
        assert desk.periods_until_asked() == START  # the reply was lost
        desk.keep(desk.chunk())


def test_patience_doubles_when_all_holders_were_tried_in_vain_up_to_its_bound():
    desk = Desk()
    desk.new_checkpoint()
    desk.checkpoints.pursue()
    patience = START
    for _ in range(9):
        peers = []
        for _ in HOLDERS:
            peers.append(desk.asked[-1][0])
            assert desk.periods_until_asked() == patience
        assert sorted(peers) == list(HOLDERS)
        patience = min(2 * patience, LONGEST)
    assert patience == LONGEST


def tried_in_vain(rounds):
    desk = Desk()
    desk.new_checkpoint()
    desk.checkpoints.pursue()
    for _ in range(rounds * len(HOLDERS)):
        desk.periods_until_asked()
    return desk


def test_an_adopted_state_resets_the_patience():
    desk = tried_in_vain(5)
    assert desk.periods_until_asked() == START << 5
    desk.keep(desk.chunk())
    desk.new_checkpoint()
    desk.checkpoints.pursue()
    assert desk.periods_until_asked() == START


def test_a_state_that_its_holder_no_longer_has_is_waited_for_no_longer():
    desk = tried_in_vain(5)
    slot = desk.slot
    desk.new_checkpoint()  # of two checkpoints both are held
    desk.checkpoints.pursue()
    assert desk.asked[-1][1] == slot
    desk.new_checkpoint()
    desk.new_checkpoint()
    assert desk.periods_until_asked() == 1
    assert desk.asked[-1][1] == desk.slot > slot
    for _ in HOLDERS:
        assert desk.periods_until_asked() == START << 5  # nobody was waited for in vain


def test_an_applied_slot_sets_the_patience_back():
    desk = tried_in_vain(5)
    desk.checkpoints.progressed(desk.slot - 1)
    assert desk.periods_until_asked() == START


def test_chunks_alone_set_nothing_back():
    """A liar can send the beginning of a state whenever it is asked."""
    desk = tried_in_vain(3)
    desk.state = bytes(3 * limits.CHUNK_BYTES_MAX)
    for _ in HOLDERS:
        assert desk.chunk() is None
        assert desk.periods_until_asked() == START << 3  # the same peer again, for the rest
        assert desk.asked[-1][2] == limits.CHUNK_BYTES_MAX
        assert desk.periods_until_asked() == START << 3
    assert desk.chunk() is None
    assert desk.periods_until_asked() == START << 4


def test_states_with_another_digest_prolong_no_wait():
    """An immediate answer says nothing about the length of a round trip."""
    desk = Desk()
    desk.new_checkpoint()
    for _ in range(4 * len(HOLDERS)):
        desk.checkpoints.pursue()
        assert desk.chunk(b"a lie") is None
    desk.checkpoints.pursue()
    assert desk.periods_until_asked() == START


def test_a_long_view_timer_allows_for_a_long_patience():
    periods_max = limits.transfer_patience_periods_max(100 * LONGEST * limits.CATCH_UP_PERIOD_TICKS)
    assert periods_max == 100 * LONGEST
    assert limits.transfer_patience_periods_max(1) == LONGEST


def test_a_transfer_that_is_no_longer_needed_takes_no_memory():
    desk = Desk()
    desk.new_checkpoint(4 * limits.CHUNK_BYTES_MAX)
    desk.checkpoints.pursue()
    desk.chunk()
    desk.checkpoints.progressed(desk.slot - 1)
    assert desk.checkpoints._transfer is not None
    desk.checkpoints.progressed(desk.slot)
    assert desk.checkpoints._transfer is None
