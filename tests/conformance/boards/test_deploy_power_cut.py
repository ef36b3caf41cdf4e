"""The power fails, or the cable is pulled, at any moment of a deployment: the board runs the old tree or the new one.

The flash operations of one deployment are logged, and repeated on a copy of the flash up to each of them, the last one
whole or torn. What a board would then find is read on the host.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from littlefs import LittleFSError

from groundstation.boards.base import BoardError
from hil.boards.emulated import pico_files
from hil.boards.emulated.flash_log import FlashOperation
from hil.boards.emulated.pico_chip import FILES_START
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, ports, tree
from hil.boards.pico.approach import approach

OLD = {"main.mpy": b"old" * 200, "amu/one.mpy": b"1" * 3000, "amu/core/two.mpy": b"2" * 5000}
NEW = {"main.mpy": b"new" * 300, "amu/one.mpy": b"1" * 3000, "amu/three.mpy": b"3" * 9000}
NEWEST = {"main.mpy": b"newest" * 200, "amu/core/two.mpy": b"2" * 5000}
NOTHING = "nothing"


@pytest.fixture
def hub(tmp_path: Path, pico_image: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv(ports.LINKS_VARIABLE, str(tmp_path / "by-id"))
    with Hub(tmp_path / "by-id", pico_image, speed=20.0) as hub:
        yield hub


def deployed(pico: UsbPico, files: dict[str, bytes]) -> None:
    with approach(ports.require(pico.serial_number)) as repl:
        assert deploy.deploy(repl, files)


def runs(area: bytes) -> str:
    """The hash of the tree that a board with this flash would run, or NOTHING. A mixture has a hash of its own."""
    found = pico_files.read_all(area)
    if tree.LAUNCHER not in found or tree.ACTIVE not in found:
        return NOTHING
    assert found[tree.LAUNCHER] == tree.LAUNCHER_TEXT, "a launcher in pieces"
    slot, digest = found[tree.ACTIVE].decode().split(" ")
    files = {path.partition("/")[2]: data for path, data in found.items() if path.startswith(slot + "/")}
    assert tree.digest(files) == digest, "the active tree is not what its name says"
    return digest


def outcomes(before: bytes, operations: list[FlashOperation]) -> list[str]:
    """What a board would run after each operation, torn and whole."""
    flash, found = bytearray(before), []
    for operation in operations:
        torn = bytearray(flash)
        operation.apply(torn, is_torn=True, start=FILES_START)
        found.append(runs(bytes(torn)))
        operation.apply(flash, start=FILES_START)
        found.append(runs(bytes(flash)))
    return found


def logged(pico: UsbPico, files: dict[str, bytes]) -> tuple[bytes, list[FlashOperation]]:
    before = pico.files
    pico.log_flash()
    deployed(pico, files)
    operations = pico.log_flash()
    flash = bytearray(before)
    for operation in operations:
        operation.apply(flash, start=FILES_START)
    assert bytes(flash) == pico.files, "the log is not all that happened"
    return before, operations


def test_the_power_fails_at_each_flash_operation(hub: Hub) -> None:
    pico = hub.add("AMU-0001")
    pico.plug_in()
    flown = NOTHING
    for files, least in ((OLD, 20), (NEW, 20), (NEWEST, 20), (NEW, 2)):  # the last one is there still: only a switch
        before, operations = logged(pico, files)
        assert len(operations) >= least
        seen = outcomes(before, operations)
        switch = seen.index(tree.digest(files))
        assert set(seen[:switch]) == {flown}
        flown = tree.digest(files)
        assert set(seen[switch:]) == {flown}


def test_a_deployment_that_was_cut_is_made_again(hub: Hub) -> None:
    pico = hub.add("AMU-0001")
    pico.plug_in()
    deployed(pico, OLD)
    for operations in (1, 7, 19, 40):
        pico.cut_power_at(operations)
        with pytest.raises(BoardError, match="Pico 414D552D30303031: "):
            deployed(pico, NEW)
        assert runs(pico.files) == tree.digest(OLD)
        pico.plug_in()
    deployed(pico, NEW)
    assert runs(pico.files) == tree.digest(NEW)


def test_the_cable_is_pulled_at_each_kilobyte(hub: Hub) -> None:
    pico = hub.add("AMU-0001")
    pico.plug_in()
    deployed(pico, OLD)
    size = sum(map(len, NEW.values()))
    for at in range(1024, size, 1024):

        def pull(done: int, whole: int, at: int = at) -> None:
            assert whole == size
            if done >= at:
                pico.unplug()

        with (
            pytest.raises(BoardError, match=r"the line is gone|no answer"),
            approach(ports.require(pico.serial_number)) as repl,
        ):
            deploy.deploy(repl, NEW, pull)
        assert runs(pico.files) == tree.digest(OLD)
        pico.plug_in()
    deployed(pico, NEW)


def test_a_flash_that_holds_no_file_system_is_not_read_as_one() -> None:
    with pytest.raises(LittleFSError):
        runs(bytes(len(pico_files.make({}))))
