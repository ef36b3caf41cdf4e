"""What a wheel brings: installed alone, away from the checkout, it finds firmware, modules and missions."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.end_to_end.test_pytest_plugin import FIVE_LINES
from tests.style.tree_rules import ROOT, SHIPPED, tracked_files

DATA = (".tla", ".cfg", ".toml", ".cddl", ".md", ".mjs")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked into an empty folder."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # not the checkout: leftovers of an earlier build would be shipped, too
    for path in tracked_files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    assert "would be ignored" not in built.stdout + built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run_away(unpacked: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the unpacked wheel first on its path, outside of any checkout."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    command = [sys.executable, "-P", *arguments]
    return subprocess.run(command, cwd=unpacked.parent, env=environment, capture_output=True, text=True, check=False)


def test_everything_that_ships_is_in_the_wheel(unpacked: Path) -> None:
    for path in tracked_files():
        if path.startswith(SHIPPED) and path.endswith((".py", *DATA)):
            assert (unpacked / path.removeprefix("firmware/")).is_file(), path
    assert not (unpacked / "main.py").exists()
    assert not (unpacked / "tests").exists()


def test_the_firmware_is_found_in_the_wheel(unpacked: Path) -> None:
    code = "from hil import firmware_files as f; print(f.main_path(), f.package_path(), len(f.package_files()))"
    done = run_away(unpacked, "-c", code)
    assert done.returncode == 0, done.stderr
    main, package, count = done.stdout.split()
    assert main == str(unpacked / "hil/firmware/main.py")
    assert package == str(unpacked / "amu")
    assert int(count) > 20


def test_the_emulator_is_in_the_wheel_with_its_licence_and_runs(unpacked: Path) -> None:
    package = unpacked / "hil/boards/emulated/core/node_modules/rp2040js"
    assert "The MIT License" in (package / "LICENSE").read_text()
    assert not (package / "dist/cjs").exists()
    code = (
        "from hil.boards.emulated import process as p; print(p.__file__); "
        "chip = p.ChipProcess('AMU-0001'); chip.open(bytes(16384), b'', identity='AMU-0001', seed='1'); "
        "chip.ask(b'A', bytes(16)); print(len(chip.answer())); chip.close()"
    )
    done = run_away(unpacked, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(unpacked / "hil/boards/emulated/process.py"), "45"]


def test_the_page_and_what_draws_its_plots_are_in_the_wheel_with_the_licence(unpacked: Path) -> None:
    page = unpacked / "groundstation/web/page"
    assert (page / "views/overview.js").is_file()
    assert {path.name for path in (page / "vendor/node_modules/uplot/dist").iterdir()} == {
        "uPlot.esm.js",
        "uPlot.min.css",
    }
    assert "The MIT License" in (page / "vendor/node_modules/uplot/LICENSE").read_text()


def test_the_command_line_works_from_the_wheel(unpacked: Path) -> None:
    done = run_away(unpacked, "-c", "import groundstation.cli as c; print(c.__file__); c.main()", "--help")
    assert done.returncode == 0, done.stderr
    assert str(unpacked) in done.stdout
    assert "rehearse" in done.stdout


@pytest.fixture(scope="module")
def installed(unpacked: Path) -> Path:
    """Python of an environment in which the wheel is installed, and beside it what it depends on."""
    home = unpacked.parent / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / "bin" / "python"
    (wheel,) = unpacked.parent.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    done = subprocess.run([*pip, str(wheel)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (site,) = home.glob("lib/python*/site-packages")
    # A folder that a .pth names comes last, and .pth files in it are not read: this checkout stays out of the way.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def test_an_empty_project_flies_five_lines_with_the_installed_plugin(installed: Path, tmp_path: Path) -> None:
    whence = "\ndef test_whence():\n    import hil.pytest_plugin as plugin\n    print(plugin.__file__)\n"
    (tmp_path / "test_mine.py").write_text(FIVE_LINES + whence)
    options = ["-q", "-s", "-p", "no:cacheprovider", "--junitxml=mine.xml"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        [str(installed), "-m", "pytest", *options],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(installed.parent.parent) in done.stdout
    suite = ElementTree.parse(tmp_path / "mine.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    flight, _ = suite.iter("testcase")
    found = {entry.get("name"): entry.get("value") for entry in flight.iter("property")}
    assert (found["amu_kinds"], found["amu_seed"], found["amu_verdict"]) == ("host", "1", "pass")
    run = Path(found["amu_run"] or "")
    assert json.loads((run / "verdict.json").read_text())["verdict"] == "pass"
    assert (run / "trace.ndjson").is_file()
