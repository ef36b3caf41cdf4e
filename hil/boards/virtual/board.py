"""Virtual boards: a MicroPython process each, a pseudo-terminal for its USB cable, littlefs on a file for its flash.

The process holds the master of the pseudo-terminal, and the ground station opens the other end by path, as it would
open a Pico's. The board also keeps that other end open and lives in its own session: it survives the ground station,
and the next one finds it by the files below. The ground station that made a board holds a second copy of the master, so
that the line, with the board's last output, outlives the board's process.

    firmware/           the flight software, copied once, so that the run records what flew
    byzantine/          the package `adversary`, on the module path of Byzantine boards alone
    flown.sha256        digest of both
    node-<n>/           config.cbor, flash.img, board.json (process id and device), board.log (standard error), lock,
                        intake (what was read of its line and is not on record yet), running, or else stopped
                        (somebody switched it off)

A board is alive as long as a process holds `lock`: the board's process inherits the lock, and the kernel releases it at
death. So a process id that the system has reused is never mistaken for a board.
"""

import contextlib
import errno
import fcntl
import json
import os
import signal
import time
import tty
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from amu.boards import config
from amu.core.errors import ConfigError
from groundstation.boards.base import Board, BoardError, BoardPlan, RunningBoard
from groundstation.links.base import Link, LinkLost
from groundstation.links.intake import Intake
from groundstation.links.serial_link import NO_DEVICE, SerialLink
from groundstation.os_errors import explained
from groundstation.record.run_directory import RunDirectoryError, read_json, write_private
from hil.boards import switch_marks
from hil.boards.virtual import processes, staging
from hil.boards.virtual.zygote import Process, Spawner, SpawnError, shared_spawner
from specs import files

CONFIG = "config.cbor"
CONFIG_BYTES_MAX = 65536
FLASH = "flash.img"
FLASH_BYTES = 128 * 4096  # as `amu.boards.flash_image` makes it
# Faults that a file of that name in the board's folder brings; its text is a count of flash operations.
_BY_FILE = frozenset({"heap_exhaustion", "full_flash", "worn_flash"})
_DEATH_SECONDS_MAX = 10.0  # between SIGKILL and the end of the process
_DEATH_POLL_SECONDS = 0.0002
_READ_BYTES = 65536


class VirtualBoard(Board):
    """One MicroPython process and the folder that it lives in."""

    kind: ClassVar[str] = "virtual"
    board_faults: ClassVar[frozenset[str]] = Board.board_faults | {"pause", "slow_host", "unplug", *_BY_FILE}
    unplayable: ClassVar[Mapping[str, str]] = {
        "brown_out": "a process has no supply that dips and comes back",
        "hang": "a process has no watchdog",
        "baud_mismatch": "a pseudo-terminal has no baud",
    }
    is_real_time: ClassVar[bool] = True

    def __init__(self, directory: Path, spawner: Spawner) -> None:
        """The board whose files are in `directory`; see `create` and `attach`."""
        self.directory = directory
        self.node = _number(directory)
        self._spawner = spawner
        self._master: int | None = None  # of the pseudo-terminal, if this ground station made it
        self._link: SerialLink | None = None
        self._intake: Intake | None = None
        self._is_closed = False
        self._pulled: int | None = None  # our end of the line while its cable is out
        self._device: str | None = self._state().get("device")

    @classmethod
    def create(cls, directory: Path, plans: Sequence[BoardPlan]) -> list[Self]:
        directory = directory.resolve()
        try:
            configs = [config.decode(plan.configuration) for plan in plans]
        except ConfigError as error:
            raise BoardError(f"{directory}: a board would refuse its configuration: {error}") from error
        staging.stage_firmware(directory)
        if any(c.adversary is not None for c in configs):
            staging.stage_adversary(directory)
        staging.seal(directory)
        spawner = _spawner()
        boards = []
        for plan, decoded in zip(plans, configs):
            home = directory / f"node-{plan.node}"
            try:
                home.mkdir(parents=True)
            except FileExistsError as error:
                raise BoardError(f"{home}: there is a board already; attach to it or take another folder") from error
            write_private(home / CONFIG, plan.configuration)
            (home / "commission").touch()
            state = {"heap_bytes": plan.heap_bytes, "byzantine": decoded.adversary is not None}
            _replace(home / "board.json", json.dumps(state))
            boards.append(cls(home, spawner))
        return boards

    @classmethod
    def attach(cls, directory: Path, nodes: Collection[int] | None = None) -> list[Self]:
        found = [path for path in directory.resolve().glob("node-*/board.json") if path.parent.name[5:].isdecimal()]
        homes = sorted(found, key=lambda path: _number(path.parent))
        homes = [home for home in homes if nodes is None or _number(home.parent) in nodes]
        if not homes:
            raise BoardError(f"{directory}: no virtual board was made here (there is no node-*/board.json)")
        for home in homes:
            _require_whole(home.parent)
        staging.require_sealed(directory)
        spawner = _spawner()
        boards = [cls(home.parent, spawner) for home in homes]
        for board in boards:
            if board.alive():
                # Its ground station died between the note and the kill.
                switch_marks.still_on(board.directory)
        return boards

    @classmethod
    def running(cls) -> list[RunningBoard]:
        return [
            RunningBoard(cls.kind, _number(found.home), found.pid, found.home, found.since, found.is_deleted)
            for found in processes.running()
        ]

    @classmethod
    def stop_running(cls, board: RunningBoard) -> None:
        assert board.pid is not None
        switch_marks.off(board.home)
        processes.kill(board.pid, board.home)
        found = processes.look(board.pid)
        if found is not None and found.home == board.home:
            raise BoardError(f"{board.home}: process {board.pid} does not die of SIGKILL")

    def start(self) -> None:
        if self._is_closed:
            raise BoardError(f"board {self.node} was closed; attach to {self.directory.parent} for a new one")
        try:
            self._start()
        except SpawnError as error:
            raise BoardError(f"board {self.node}: {error}") from error
        except OSError as error:
            raise BoardError(f"board {self.node} cannot be started: {explained(error)}") from error

    def _start(self) -> None:
        with self._lock() as lock, (self.directory / "board.log").open("ab") as errors:
            self._make_flash()
            (self.directory / "power_cut").unlink(missing_ok=True)
            switch_marks.on(self.directory)
            # If the ground station dies before it knows the new process id, no file may name the old one.
            state = {**self._state(), "pid": None}
            _replace(self.directory / "board.json", json.dumps(state))
            master, slave = self._terminal()
            firmware = self.directory.parent / "firmware"
            # Without the host's own MicroPython libraries: a run must not depend on them.
            search = [".frozen", str(self.directory.parent / "byzantine")] if state["byzantine"] else [".frozen"]
            try:
                process = Process(
                    self.directory,
                    ["-X", f"heapsize={state['heap_bytes']}", str(firmware / "main.py")],
                    {"MICROPYPATH": ":".join(search)},
                    master,
                    errors.fileno(),
                    (slave, lock),
                )
                state["pid"] = self._spawner.spawn(process)
                state["device"] = self._device
            finally:
                os.close(slave)
            _replace(self.directory / "board.json", json.dumps(state))

    def _make_flash(self) -> None:
        """Make erased flash, as the board would. Raises OSError: without room the board would die at its first boot."""
        path = self.directory / FLASH
        if path.exists():
            return
        part = path.with_name(FLASH + ".part")
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"\xff" * FLASH_BYTES)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from error

    def kill(self) -> None:
        if not self.alive():
            return
        pid = self._process_id()
        if self._master is None and self._link is not None:
            # The line dies with the board: stop it and save the board's output.
            with contextlib.suppress(LinkLost, ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                self._link.fetch()
        switch_marks.off(self.directory)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        give_up = time.monotonic() + _DEATH_SECONDS_MAX
        while self.alive():
            if time.monotonic() > give_up:
                raise BoardError(f"board {self.node}: process {pid} does not die of SIGKILL")
            time.sleep(_DEATH_POLL_SECONDS)

    def power_cut(self, after_operations: int) -> None:
        if after_operations < 1:
            raise BoardError(f"power cut after {after_operations} flash operations; want 1 or more")
        if not self.alive():
            raise BoardError(f"board {self.node} is off; start it before cutting its power")
        _replace(self.directory / "power_cut", str(after_operations))

    def pause(self) -> None:
        if not self.alive():
            raise BoardError(f"board {self.node} is off; start it before pausing it")
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process_id(), signal.SIGSTOP)

    def resume(self) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process_id(), signal.SIGCONT)

    def begin(self, fault: str, after_operations: int) -> None:
        if fault == "unplug":
            self._pull()
        elif fault in _BY_FILE:
            _replace(self.directory / fault, str(after_operations))
        else:
            super().begin(fault, after_operations)

    def end(self, fault: str) -> None:
        if fault == "unplug" and self._pulled is not None:
            self._drain(self._pulled)
            os.close(self._pulled)
            self._pulled = None
        elif fault in _BY_FILE:
            (self.directory / fault).unlink(missing_ok=True)

    def _pull(self) -> None:
        """As the adapter of a UART is pulled: the board keeps its power, and what it says meanwhile is lost."""
        if self._link is not None:
            with contextlib.suppress(LinkLost):
                self._link.fetch()
            self._link.close()
        if self._pulled is None and self._device is not None:
            self._pulled = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)

    def _drain(self, line: int) -> None:
        with contextlib.suppress(OSError):  # nothing is there
            while os.read(line, _READ_BYTES):
                pass

    def erase(self) -> None:
        with self._lock():
            (self.directory / FLASH).unlink(missing_ok=True)
            # A board that never started is not commissioned yet, and an erased one must not be.
            (self.directory / "commission").unlink(missing_ok=True)

    def alive(self) -> bool:
        try:
            with self._lock():
                return False
        except BoardError:
            return True

    def was_switched_off(self) -> bool:
        return switch_marks.is_off(self.directory)

    def link(self) -> Link:
        if self._device is None:
            raise LinkLost(f"board {self.node} has no serial line before its first start")
        if self._pulled is not None:
            self._drain(self._pulled)
            raise LinkLost(f"{self._device}: the cable of board {self.node} is out; put it in")
        if self._link is not None:
            if self._link.fileno() is not None and self._link.device == self._device:
                return self._link
            self._link.close()
        if self._intake is None:
            try:
                self._intake = Intake(self.directory / "intake")
            except OSError as error:
                raise BoardError(f"{self.directory}: no room for what board {self.node} says: {error}") from error
        # A dead board's line is gone with the process that held it, and its path may name another board's line by now.
        has_line = self._master is not None or self.alive()
        self._link = SerialLink(self._device if has_line else NO_DEVICE, self._intake)
        return self._link

    def close(self) -> None:
        if self._is_closed:
            return
        self.kill()
        self._is_closed = True
        if self._link is not None:
            with contextlib.suppress(LinkLost):
                self._link.fetch()
            self._link.close()
        self.end("unplug")
        if self._master is not None:
            os.close(self._master)
            self._master = None

    def _state(self) -> dict[str, Any]:
        path = self.directory / "board.json"
        try:
            state = read_json(path)
        except RunDirectoryError as error:
            raise BoardError(str(error)) from error
        if not isinstance(state, dict) or not isinstance(state.get("heap_bytes"), int):
            raise BoardError(f"{path}: is not what the board was made with")
        return state

    def _process_id(self) -> int:
        pid: int | None = self._state().get("pid")
        if pid is None:  # its ground station died before it could write that down
            pid = next((found.pid for found in processes.running() if found.home == self.directory), None)
        if pid is None:
            raise BoardError(f"board {self.node}: no process is known that holds {self.directory / 'lock'}")
        return pid

    def _terminal(self) -> tuple[int, int]:
        """(master, slave) of this board's line: the one that it had if that is still there, without the dead board's
        input.
        """
        if self._master is None:
            try:
                self._master, slave = os.openpty()
            except OSError as error:
                many = error.errno in (errno.EMFILE, errno.ENFILE)
                reason = explained(error) if many else f"{error.strerror}; close other terminals, or mount /dev/pts"
                raise BoardError(f"board {self.node}: no pseudo-terminal for its line: {reason}") from error
            os.set_blocking(self._master, False)
            self._device = os.ttyname(slave)
        else:
            slave = os.open(str(self._device), os.O_RDWR | os.O_NOCTTY)
            if self._link is not None:
                self._link.drop_unsent()
            with contextlib.suppress(BlockingIOError):
                while os.read(self._master, _READ_BYTES):
                    pass
        # Each time: the kernel forgets the mode of a line that no process holds.
        tty.setraw(slave)
        return self._master, slave

    @contextlib.contextmanager
    def _lock(self) -> Iterator[int]:
        """Hold the board's lock: a descriptor that a process may inherit. Raises BoardError if the board is alive."""
        descriptor = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BoardError(f"board {self.node} is running; kill it first") from error
            yield descriptor
        finally:
            os.close(descriptor)


def _spawner() -> Spawner:
    try:
        return shared_spawner()
    except SpawnError as error:
        raise BoardError(str(error)) from error


def _number(home: Path) -> int:
    """Node number of a board's folder."""
    return int(home.name.partition("-")[2])


def _require_whole(home: Path) -> None:
    """Raise BoardError unless the board and the ground station can work with the files in this folder."""
    try:
        path = home / CONFIG
        config.decode(files.read_bytes(path, CONFIG_BYTES_MAX))
        for path in (home / FLASH, home / "board.log", home / "intake", home / "lock"):
            if os.path.lexists(path):
                files.open_regular(path).close()
    except (files.FileError, ConfigError) as error:
        raise BoardError(f"{path}: {error}; want the file that the board was made or has flown with") from error


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees all of it or none."""
    written = path.with_name(path.name + ".new")
    written.write_text(text)
    written.replace(path)
