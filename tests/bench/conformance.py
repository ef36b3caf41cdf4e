"""One suite over all kinds of boards: how many of its tests each kind passes, and how long they take.

    python -m tests.bench.conformance [virtual emulated pico ...]

Runs the board suite (`tests/conformance/boards`) kind by kind, and what is asked of that kind alone, with the tests
marked `long`. Kinds of Picos need AMU_PICO_UF2; without it their tests are skipped, and the table says so. Exit code 1
if a test fails.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests import ROOT

BOARDS = ROOT / "tests" / "conformance" / "boards"
GIVE_UP_SECONDS = 1800


@dataclass(frozen=True)
class Row:
    """The outcome of the tests of a kind."""

    kind: str
    passed: int
    skipped: int
    failed: tuple[str, ...]
    seconds: float
    why_skipped: tuple[str, ...]

    def text(self) -> str:
        """A line of the table."""
        skipped = f"  ({'; '.join(self.why_skipped)})" if self.why_skipped else ""
        failed = f"  failed: {', '.join(self.failed)}" if self.failed else ""
        head = f"{self.kind:10} {self.passed:6} {self.skipped:8} {len(self.failed):7} {self.seconds:8.1f} s"
        return head + skipped + failed


def kinds() -> list[str]:
    """Those that have a suite here."""
    return sorted(path.stem[5:-6] for path in BOARDS.glob("test_*_board.py"))


def run(kind: str) -> Row:
    """Run the suite over boards of a kind."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "long or not long"]
        command += [f"--junitxml={report}", str(BOARDS / f"test_{kind}_board.py")]
        began = time.monotonic()
        subprocess.run(
            command, stdout=subprocess.DEVNULL, timeout=GIVE_UP_SECONDS, check=False, cwd=ROOT, env=os.environ
        )
        return read(kind, report, time.monotonic() - began)


def read(kind: str, report: Path, seconds: float) -> Row:
    """The row of a JUnit file."""
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [str(case.get("name")) for case in cases if case.find("failure") is not None or _has_error(case)]
    reasons = dict.fromkeys(str(found.get("message")) for found in _skips(skipped))
    return Row(kind, len(cases) - len(skipped) - len(failed), len(skipped), tuple(failed), seconds, tuple(reasons))


def _has_error(case: ElementTree.Element) -> bool:
    return case.find("error") is not None


def _skips(cases: list[ElementTree.Element]) -> Iterator[ElementTree.Element]:
    for case in cases:
        yield from case.iter("skipped")


def main() -> None:
    print(f"{'kind':10} {'passed':>6} {'skipped':>8} {'failed':>7} {'time':>10}")
    rows = []
    for kind in sys.argv[1:] or kinds():
        rows.append(run(kind))
        print(rows[-1].text(), flush=True)
    sys.exit(1 if any(row.failed for row in rows) else 0)


if __name__ == "__main__":
    main()
