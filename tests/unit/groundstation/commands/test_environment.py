"""`amu` in an environment that lacks something: it works without, or says what it lacks, with exit code 2."""

import subprocess
import sysconfig
from pathlib import Path

import pytest

AMU = Path(sysconfig.get_path("scripts")) / "amu"


@pytest.mark.parametrize(
    ("command", "exit_code", "wanted"),
    [
        ("env -u HOME -u PATH amu scenarios", 0, "first-light"),
        ("COLUMNS=20 TERM=dumb NO_COLOR=1 amu scenarios", 0, "first-light"),
        ("TMPDIR=/nowhere amu sim 1 --slots 2", 0, "PASS"),
        ("ulimit -n 12; amu sim 1 --slots 2", 0, "PASS"),
        ("ulimit -n 8; amu rehearse", 2, "trace.ndjson: no RunStart event"),
        ("ulimit -f 300; amu rehearse", 2, "flash.img: File too large; allow larger files (ulimit -f)"),
        ("ulimit -f 1; amu sim 1 --out trace.ndjson", 2, "amu sim: trace.ndjson: the trace cannot be written"),
        ("mkdir gone; cd gone; rmdir ../gone; amu rehearse", 2, "amu rehearse: runs: no run can be kept here"),
        ("amu rehearse --out /proc/runs", 2, "amu rehearse: /proc/runs: no run can be kept here"),
        ("cd /; amu scenarios first-light", 0, 'name = "first-light"'),
    ],
)
def test_the_error_names_what_the_environment_lacks(command: str, exit_code: int, wanted: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", command.replace("amu ", f"{AMU} ", 1)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == exit_code, done.stderr
    assert wanted in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
