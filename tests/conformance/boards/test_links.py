"""The link suite over memory and over a pseudo-terminal that pyserial opens by path."""

import contextlib
import errno
import os
import resource
import tty
from collections.abc import Iterator

import pytest

from groundstation.links.base import LinkLost
from groundstation.links.memory_link import MemoryLine, MemoryLink
from groundstation.links.serial_link import SerialLink
from tests.conformance.boards.link_conformance import Ends, FarEnd, LinkConformance


class MemoryEnd(FarEnd):
    def __init__(self, line: MemoryLine) -> None:
        self._line = line

    def take(self) -> bytes:
        return self._line.take(1000)

    def give(self, data: bytes) -> None:
        self._line.give(data)

    def pull(self) -> None:
        self._line.pull()


class TestMemoryLink(LinkConformance):
    @pytest.fixture
    def ends(self) -> Ends:
        line = MemoryLine("memory-7")
        return MemoryLink(line), MemoryEnd(line)

    def test_bytes_from_before_the_cut_are_delivered_first(self) -> None:
        line = MemoryLine("memory-7")
        link = MemoryLink(line)
        line.give(b"last words")
        line.pull()
        assert link.read() == b"last words"
        with pytest.raises(LinkLost):
            link.read()


class TerminalEnd(FarEnd):
    """The master of a pseudo-terminal, as a virtual board holds it."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.device = os.ttyname(slave)
        os.set_blocking(self.master, False)
        self._slave = slave
        self._is_pulled = False

    def take(self) -> bytes:
        try:
            return os.read(self.master, 4096)
        except BlockingIOError:
            return b""

    def give(self, data: bytes) -> None:
        assert os.write(self.master, data) == len(data)

    def pull(self) -> None:
        if not self._is_pulled:
            self._is_pulled = True
            os.close(self._slave)
            os.close(self.master)


@pytest.fixture
def terminal() -> Iterator[TerminalEnd]:
    end = TerminalEnd()
    yield end
    end.pull()


class TestSerialLink(LinkConformance):
    @pytest.fixture
    def ends(self, terminal: TerminalEnd) -> Iterator[Ends]:
        link = SerialLink(terminal.device)
        yield link, terminal
        link.close()

    def test_output_from_before_the_line_was_opened_is_read(self, terminal: TerminalEnd) -> None:
        terminal.give(b"boot")
        with contextlib.closing(SerialLink(terminal.device)) as link:
            assert link.read() == b"boot"

    def test_fetched_bytes_outlive_the_device(self, terminal: TerminalEnd) -> None:
        with contextlib.closing(SerialLink(terminal.device)) as link:
            terminal.give(b"last words")
            link.fetch()
            terminal.pull()
            assert link.read() == b"last words"
            with pytest.raises(LinkLost):
                link.read()

    def test_two_ground_stations_cannot_share_a_board(self, terminal: TerminalEnd) -> None:
        with (
            contextlib.closing(SerialLink(terminal.device)),
            pytest.raises(LinkLost, match=r"cannot open.*does another ground station hold it"),
        ):
            SerialLink(terminal.device)

    def test_a_device_that_is_not_there_is_named(self) -> None:
        with pytest.raises(LinkLost, match=r"/dev/amu-none: cannot open.*is the cable in"):
            SerialLink("/dev/amu-none")

    def test_a_lack_of_descriptors_is_not_a_pulled_cable(self) -> None:
        far = TerminalEnd()
        free = os.dup(far.master)
        os.close(free)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
            with pytest.raises(OSError, match="Too many open files") as caught:
                SerialLink(far.device)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            far.pull()
        assert (caught.value.errno, caught.value.filename) == (errno.EMFILE, far.device)
