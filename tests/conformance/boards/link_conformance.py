"""The contract of every Link. A kind passes by subclassing and giving the fixture `ends`."""

from abc import ABC, abstractmethod

import pytest

from groundstation.links.base import WRITE_QUEUE_BYTES_MAX, Link, LinkBusy, LinkLost

ALL_BYTES = bytes(range(256))
TURNS_MAX = 100_000  # of a waiting loop: far more than any working link needs


class FarEnd(ABC):
    """The board's side of the line under test."""

    @abstractmethod
    def take(self) -> bytes:
        """The bytes that arrived from the ground, perhaps a part."""

    @abstractmethod
    def give(self, data: bytes) -> None:
        """Send `data`, which is short enough for any line to hold."""

    @abstractmethod
    def pull(self) -> None:
        """Cut the line."""


Ends = tuple[Link, FarEnd]


def carry_to_board(link: Link, end: FarEnd, count: int) -> bytes:
    """Pump until the far end has taken `count` bytes."""
    taken = bytearray()
    for _ in range(TURNS_MAX):
        link.pump()
        taken += end.take()
        if len(taken) >= count:
            return bytes(taken)
    raise AssertionError(f"{len(taken)} of {count} bytes arrived")


def carry_to_ground(link: Link, count: int) -> bytes:
    """Read until `count` bytes have arrived."""
    got = bytearray()
    for _ in range(TURNS_MAX):
        got += link.read()
        if len(got) >= count:
            return bytes(got)
    raise AssertionError(f"{len(got)} of {count} bytes arrived")


def write_until_busy(link: Link, block: bytes) -> tuple[int, str]:
    """(number of blocks that the link took, what it said when it took no more)."""
    for accepted in range(TURNS_MAX):
        try:
            link.write(block)
        except LinkBusy as busy:
            return accepted, str(busy)
    raise AssertionError("the link took everything: its queue has no bound")


class LinkConformance:
    """The suite. All waiting is by count of turns; nothing depends on the time."""

    @pytest.fixture
    def ends(self) -> Ends:
        raise NotImplementedError

    def test_an_idle_line_reads_nothing(self, ends: Ends) -> None:
        link, _ = ends
        assert link.read() == b""
        assert link.pump() == 0

    def test_all_byte_values_pass_to_the_board(self, ends: Ends) -> None:
        link, end = ends
        link.write(ALL_BYTES)
        link.write(ALL_BYTES[::-1])
        assert carry_to_board(link, end, 512) == ALL_BYTES + ALL_BYTES[::-1]

    def test_all_byte_values_pass_to_the_ground(self, ends: Ends) -> None:
        link, end = ends
        end.give(ALL_BYTES)
        end.give(ALL_BYTES[::-1])
        assert carry_to_ground(link, 512) == ALL_BYTES + ALL_BYTES[::-1]

    def test_a_board_that_does_not_read_makes_the_link_busy_and_loses_nothing(self, ends: Ends) -> None:
        link, end = ends
        block = ALL_BYTES * 16
        accepted, refusal = write_until_busy(link, block)
        assert "no room for 4096 more" in refusal
        assert link.device in refusal
        assert accepted * len(block) >= WRITE_QUEUE_BYTES_MAX - len(block)
        assert carry_to_board(link, end, accepted * len(block)) == block * accepted
        link.write(b"again")
        assert carry_to_board(link, end, 5) == b"again"

    def test_a_busy_link_still_reads(self, ends: Ends) -> None:
        link, end = ends
        write_until_busy(link, ALL_BYTES * 16)
        end.give(b"here")
        assert carry_to_ground(link, 4) == b"here"

    def test_flushed_input_never_arrives(self, ends: Ends) -> None:
        link, end = ends
        link.write(b"for the dead")
        assert link.drop_unsent() == 12
        link.write(b"for the living")
        assert carry_to_board(link, end, 14) == b"for the living"

    def test_a_pulled_cable_is_a_lost_link_that_names_the_device(self, ends: Ends) -> None:
        link, end = ends
        end.pull()
        for _ in range(2):
            with pytest.raises(LinkLost, match=link.device):
                link.read()
        with pytest.raises(LinkLost, match=link.device):
            link.write(b"x")
        with pytest.raises(LinkLost, match=link.device):
            link.pump()

    def test_a_closed_link_is_lost_and_may_be_closed_again(self, ends: Ends) -> None:
        link, _ = ends
        link.close()
        link.close()
        with pytest.raises(LinkLost, match="closed on this side"):
            link.read()
        with pytest.raises(LinkLost, match="closed on this side"):
            link.write(b"x")
