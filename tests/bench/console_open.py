"""How soon the console shows a long run, and what that costs: the page, its server and the checker beside it.

    python -m tests.bench.console_open [--megabytes 1024]

Flies a small mission, and repeats what its boards and its ground station did, with later times and slots, until the
trace is long. Starts `amu console` on it, opens the page in Chromium, and measures from the start of the process: until
the page shows the boards as they were at the end, and until the whole trace has been read behind that. Memory is that
of the processes: what the server and the live check hold, and what is private to the page's process.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from groundstation.record import run_directory
from tests.bench.console_load import PRIVATE_MB_MAX, Renderer, told
from tests.browser.conftest import FLAGS, NAMES
from tests.support.host_flight import fly

OPEN_SECONDS_MAX = 5.0
SERVER_MB_MAX = 300.0
ONCE = ("RunStart", "RunEnd", "Boot", "BoardStart", "BoardKill", "Attach")
GIVE_UP_SECONDS = 3600
AMU = "from groundstation.entry import main; main()"
READ = "import('/page/store.js').then(({ store }) => store.flight.trace?.read ?? 0)"
IS_PARTIAL = "import('/page/store.js').then(({ store }) => store.flight.trace?.is_partial ?? true)"

Line = dict[str, Any]


def long(run: list[Line]) -> Iterator[Line]:
    """The lines of a run, and those that can happen again, again and again."""
    yield from run
    again = [line for line in run if line["event"] not in ONCE]
    seconds = run[-1]["received"]
    slots = max(line.get("slot", 0) for line in run)
    operations = 1 + max(line.get("operation", 0) for line in run)
    lamport = max(line["lamport"] for line in run)
    counts = Counter((line["node"], line["boot"]) for line in run)
    for turn in itertools.count(1):
        later = {"received": seconds, "lamport": lamport, "slot": slots, "operation": operations, "ticks": 0}
        for line in again:
            key = line["node"], line["boot"]
            moved = {name: line[name] + turn * by for name, by in later.items() if name in line}
            yield {**line, **moved, "seq": counts[key]}
            counts[key] += 1


def grow(path: Path, size: int) -> int:
    """Write a trace of about `size` bytes. Returns its lines."""
    with TemporaryDirectory() as folder:
        flown = fly(
            Path(folder), mission={"slots": 150, "limit_seconds": 600.0}, workload={"operations": 150, "in_flight": 4}
        )
        text = (flown.directory / run_directory.TRACE).read_text()
    written = count = 0
    with path.open("w") as file:
        for line in long([json.loads(one) for one in text.splitlines()]):
            written += file.write(json.dumps(line, separators=(",", ":")) + "\n")
            count += 1
            if written >= size:
                return count
    raise AssertionError


def memory(process: int) -> tuple[float, float]:
    """Resident megabytes of a process, and of its children."""
    found = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=False)
    below = subprocess.run(["ps", "-o", "rss=", "--ppid", str(process)], capture_output=True, text=True, check=False)
    one, rest = (sum(map(int, each.stdout.split())) / 1024 for each in (found, below))
    return one, rest


def spent(process: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, print, and tell by the exit status whether the bounds are kept."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1024, help="of the trace")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, NAMES)))
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        trace = Path(folder) / run_directory.TRACE
        lines = grow(trace, options.megabytes << 20)
        print(f"trace of {trace.stat().st_size / 1e6:,.0f} MB, {lines:,} lines", flush=True)
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, "--enable-precise-memory-info"])
        begin = time.monotonic()
        command = [sys.executable, "-c", AMU, "console", str(trace), "--port", "0", "--no-browser"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert process.stderr is not None
            address = process.stderr.readline().split()[1]
            listens = time.monotonic() - begin
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(address)
            page.wait_for_selector('article[aria-label="board 3"]')
            opened = time.monotonic() - begin
            renderer = Renderer(browser, page)
            print(f"listens after {listens:.1f} s; the page shows the boards after {opened:.1f} s", flush=True)
            print(f"processor time of the server until then: {spent(process.pid):.1f} s", flush=True)
            server = _watch(page, process.pid, trace.stat().st_size, begin, renderer)
        finally:
            browser.close()
            process.terminate()
            process.communicate()
        kept = [
            told("until the page shows the boards", opened, OPEN_SECONDS_MAX, "s"),
            told("resident memory of the server", server, SERVER_MB_MAX, "MB"),
            told("private memory of the renderer", renderer.most, PRIVATE_MB_MAX, "MB"),
        ]
    return 0 if all(kept) else 1


def _watch(page: Any, process: int, size: int, begin: float, renderer: Renderer) -> float:
    """Print memory while the rest is read. Returns the most of the server's."""
    most, due, give_up = 0.0, 0.0, time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < give_up:
        server, check = memory(process)
        most = max(most, server)
        is_partial = page.evaluate(IS_PARTIAL)
        if time.monotonic() >= due or not is_partial:
            due = time.monotonic() + 15
            share = page.evaluate(READ) / size
            held = f"server {server:.0f} MB, live check {check:.0f} MB, renderer {renderer.private()[0]:.0f} MB private"
            print(f"{time.monotonic() - begin:5.0f} s  {share:4.0%} read; {held}", flush=True)
        if not is_partial:
            return most
        page.wait_for_timeout(1000)
    raise TimeoutError("the trace is not read yet")


if __name__ == "__main__":
    raise SystemExit(main())
