"""Troubles planted on a bench of one Pico at the end of a pseudo-terminal, each named by the doctor; none invented."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from groundstation.boards import keys
from hil.bench import clock, doctor, self_test
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, holders, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.pico.repl import Repl

TREE = {"main.mpy": b"M" * 700, "amu/one.mpy": b"1" * 3000}


CLOCK = self_test._clock  # the hub's Picos live twenty times too fast for it


class Bench:
    """An environment file, its keys, and its one Pico; the other boards are virtual."""

    def __init__(self, folder: Path, hub: Hub) -> None:
        self.pico: UsbPico = hub.add("AMU-0000")
        self.path = folder / "desk.toml"
        text = f'name = "desk"\n[[boards]]\nnode = 0\nkind = "pico"\nserial_number = "{self.pico.serial_number}"\n'
        self.path.write_text(text + "".join(f'[[boards]]\nnode = {n}\nkind = "virtual"\n' for n in (1, 2, 3)))
        self.keys = keys.path_of(self.path)
        keys.make(self.keys, "desk")
        self.pico.plug_in()
        self.at_prompt(lambda repl: deploy.deploy(repl, TREE))

    def at_prompt(self, act: Callable[[Repl], object]) -> None:
        with approach(self.port()) as repl:
            repl.run("import os")
            act(repl)

    def port(self) -> ports.Port:
        return ports.require(self.pico.serial_number)

    def named(self) -> list[str]:
        return [trouble.name for trouble in doctor.examine(self.path)]


@pytest.fixture(scope="module")
def hub(pico_image: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder = tmp_path_factory.mktemp("hub") / "by-id"
    with pytest.MonkeyPatch.context() as patch, Hub(folder, pico_image, speed=20.0) as hub:
        patch.setenv(ports.LINKS_VARIABLE, str(folder))
        patch.setattr(self_test, "_clock", lambda repl: self_test.Check("clock", True, "not at this speed"))
        yield hub


@pytest.fixture
def bench(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(tree, "flight_files", lambda with_adversaries=False: TREE)
    bench = Bench(tmp_path, hub)
    yield bench
    bench.pico.unplug()


def test_a_healthy_bench_has_no_trouble(bench: Bench) -> None:
    assert doctor.examine(bench.path) == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("os.remove('/active')", "no firmware"),
        ("os.remove('/main.py')", "no launcher"),
        ("os.remove('/a/amu/one.mpy')", "damaged firmware"),
        ("f = open('/a/main.mpy', 'r+b'); f.write(b'm'); f.close()", "damaged firmware"),
        ("os.rename('/a/main.mpy', '/a/other.mpy')", "damaged firmware"),
    ],
)
def test_what_a_board_lacks(bench: Bench, code: str, name: str) -> None:
    bench.at_prompt(lambda repl: repl.run(code))
    assert bench.named() == [name]


def test_other_firmware_is_stale(bench: Bench) -> None:
    bench.at_prompt(lambda repl: deploy.deploy(repl, {**TREE, "main.mpy": b"older"}))
    assert bench.named() == ["stale firmware"]


def test_a_full_flash(bench: Bench) -> None:
    fill = "f = open('/big', 'wb')\nfor _ in range(1200): f.write(bytes(1024))\nf.close()"
    bench.at_prompt(lambda repl: repl.run(fill))
    assert bench.named() == ["flash room"]


def test_an_image_that_is_too_old(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "MICROPYTHON_MIN", (9, 0))
    (trouble,) = doctor.examine(bench.path)
    assert trouble.name == "wrong image"
    assert "want 9.0 or later" in trouble.what


def test_a_clock_that_is_off_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "_clock", CLOCK)
    monkeypatch.setattr(clock, "EMULATED_DRIFT_PPM_MAX", -1e7)  # no clock is so slow
    (trouble,) = doctor.examine(bench.path)
    assert trouble.name == "clock"
    assert " ppm, within " in trouble.what


def test_a_heap_that_is_too_small(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_test, "HEAP_BYTES_MIN", 1 << 30)
    assert bench.named() == ["heap"]


def test_a_board_that_is_unplugged(bench: Bench) -> None:
    bench.pico.unplug()
    (trouble,) = doctor.examine(bench.path)
    assert trouble.name == "not on the bus"
    assert "a cable that carries data" in trouble.advice


def test_a_link_that_leads_nowhere(bench: Bench) -> None:
    bench.pico.unplug()
    bench.pico.path.symlink_to("/dev/pts/9999")
    try:
        assert bench.named() == ["line gone"]
    finally:
        bench.pico.path.unlink()


def test_a_line_that_another_program_holds(bench: Bench) -> None:
    code = (
        "import os, sys; f = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(bench.port().device)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        (trouble,) = doctor.examine(bench.path)
        assert trouble.name == "line held"
        assert f"process {other.pid} (python" in trouble.what
        other.communicate()


def test_a_line_that_may_not_be_opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "may_open", lambda device: False)
    (trouble,) = doctor.examine(bench.path)
    assert trouble.name == "no permission"
    assert "sudo usermod -aG" in trouble.advice or "a udev rule" in trouble.advice


def test_a_program_that_hangs(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.boards.pico.approach._LEAVE_SECONDS", 1.0)
    hang = "import micropython\nmicropython.kbd_intr(-1)\nwhile True:\n    pass\n"
    bench.at_prompt(lambda repl: repl._transport.exec_raw_no_follow(hang))
    assert bench.named() == ["no prompt"]


def test_keys_that_are_missing_public_damaged_or_another_bench_s(bench: Bench) -> None:
    bench.keys.chmod(0o644)
    assert bench.named() == ["bad keys"]
    bench.keys.chmod(0o600)
    kept = bench.keys.read_text()
    bench.keys.write_text(kept.replace('"desk"', '"shelf"'))
    assert bench.named() == ["other keys"]
    bench.keys.write_text(kept[:-10])
    assert bench.named() == ["bad keys"]
    os.remove(bench.keys)
    assert bench.named() == ["no keys"]
