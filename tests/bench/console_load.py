"""How smoothly the console's page shows a busy swarm: 13 boards, 1,000 events a second, and 10 health reports of each.

    python -m tests.bench.console_load [--seconds 10] [--rounds 1] [--rate 1000]

Writes a trace at that rate, as 13 boards that decide slots would, lets a console follow it, opens the page in Chromium,
and measures for each view: the time from frame to frame, the page's and the server's processor time, the memory of the
page's script and of its process. Frames of a machine that does other things as well say little of the page; processor
time does. With more rounds, each view is measured again and again: 8 rounds of 10 seconds take ten minutes.
"""

import argparse
import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from groundstation.web.flights import Flight
from tests.browser.conftest import FLAGS, NAMES
from tests.support.served import Served

BOARDS = 13
HEALTH_HERTZ = 10
FLUSHES = 10  # a second
PROPOSAL, VOTE = 0x10, 0x11
FRAME_MS_MAX = 34.0  # of the 99th percentile from frame to frame
PRIVATE_MB_MAX = 100.0
SERVER_CORES_MAX = 0.2
VIEWS = {
    "Swarm": "1",
    "Space-time": "2",
    "Slots": "3",
    "Telecommands": "4",
    "Plots": "8",
    "Timeline": "9",
    "Events": "0",
}
MEASURE = """(seconds) => new Promise((resolve) => {
  const frames = [], begin = performance.now();
  let before = begin;
  requestAnimationFrame(function frame(now) {
    frames.push(now - before);
    before = now;
    if (now - begin < seconds * 1000) return requestAnimationFrame(frame);
    frames.splice(0, 2);
    frames.sort((a, b) => a - b);
    const at = (share) => frames[Math.floor(share * (frames.length - 1))];
    resolve([frames.length, at(0.5), at(0.99), at(1), (performance.memory?.usedJSHeapSize ?? 0) / 1e6]);
  });
})"""


def events() -> Iterator[dict[str, Any]]:
    """Lines of a swarm that decides slot after slot, without run, seq and received."""
    clock = [0] * BOARDS

    def line(node: int, event: str, **fields: Any) -> dict[str, Any]:
        clock[node] += 1
        return {"node": node, "boot": 0, "lamport": clock[node], "ticks": clock[node], "event": event, **fields}

    def broadcast(node: int, kind: int, slot: int) -> Iterator[dict[str, Any]]:
        send = line(node, "Send", to=254, kind=kind, slot=slot, view=0)
        yield send
        for peer in range(BOARDS):
            if peer != node:
                clock[peer] = max(clock[peer], send["lamport"])
                yield line(peer, "Receive", **{"from": node, "sent": send["lamport"], "kind": kind})

    for slot in itertools.count(1):
        value = f"{slot:064x}"
        yield line(slot % BOARDS, "Propose", slot=slot, view=0, value=value)
        yield from broadcast(slot % BOARDS, PROPOSAL, slot)
        for phase in (1, 2, 3, 4):
            for node in range(BOARDS):
                yield line(node, f"Vote{phase}", slot=slot, view=0, value=value)
                yield from broadcast(node, VOTE, slot)
        for node in range(BOARDS):
            yield line(node, "Decide", slot=slot, view=0, value=value)
            yield line(node, "Apply", slot=slot, value=value, digest=value)


class Load:
    """Writes a trace at a rate until it is closed."""

    def __init__(self, path: Path, rate: int) -> None:
        self._path, self._rate = path, rate
        self._closing = threading.Event()
        self.written = 0
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _write(self) -> None:
        made, begin, health = events(), time.monotonic(), 0
        start = {"scenario": "load", "seed": 1, "replica_count": BOARDS, "byzantine": []}
        with self._path.open("w") as file:
            self._line(file, {"node": 255, "boot": 0, "lamport": 1, "ticks": 0, "event": "RunStart", **start}, 0.0)
            while not self._closing.wait(1 / FLUSHES):
                now = time.monotonic() - begin
                for line in itertools.islice(made, max(0, int(now * self._rate) - self.written)):
                    self._line(file, line, now)
                while health < now * HEALTH_HERTZ * BOARDS:
                    heap = {"board": health % BOARDS, "board_ticks": health, "heap_free": 90_000 + health % 5000}
                    told = {**heap, "heap_run": 60_000, "frames_surplus": 0}
                    ground = {"node": 255, "boot": 0, "lamport": health + 2, "ticks": 0, "event": "Health"}
                    self._line(file, {**ground, **told}, now)
                    health += 1
                file.flush()

    def _line(self, file: Any, line: dict[str, Any], now: float) -> None:
        self.written += line["node"] != 255
        file.write(json.dumps({"run": "load", "seq": self.written, "received": round(now, 6), **line}) + "\n")


@dataclass(frozen=True)
class Measured:
    """Of one view for some seconds. Frames in milliseconds, memory in megabytes, loads in shares of a core."""

    frames: int
    middle: float
    high: float
    most: float
    script: float
    private: float
    files: float
    page: float
    server: float
    rate: float

    def __str__(self) -> str:
        return (
            f"{self.frames} frames, p50 {self.middle:.1f} ms, p99 {self.high:.1f} ms, most {self.most:.1f} ms; "
            f"page {100 * self.page:.0f} %, server and load {100 * self.server:.0f} % of a core; "
            f"script {self.script:.0f} MB, renderer {self.private:.0f} MB private, "
            f"{self.files:.0f} of them of Chromium's files; {self.rate:.0f} events/s"
        )


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


class Renderer:
    """The process that draws the page, seen through the browser's debugging protocol."""

    def __init__(self, browser: Any, page: Any) -> None:
        self._page = page.context.new_cdp_session(page)
        self._page.send("Performance.enable", {"timeDomain": "threadTicks"})
        told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        self._processes = [each["id"] for each in told if each["type"] == "renderer"]
        self.most = 0.0  # megabytes, that were ever seen

    def busy(self) -> float:
        """Processor seconds of the page's main thread."""
        found = {each["name"]: each["value"] for each in self._page.send("Performance.getMetrics")["metrics"]}
        return float(found["TaskDuration"])

    def private(self) -> tuple[float, float]:
        """Megabytes that no other process maps: of the largest renderer; Chromium keeps a spare one.

        The second number is what of that was only read from files, above all from Chromium's program. It is private
        as long as no other renderer has read the same pages, so it comes and goes with the spare one.
        """
        found = max(map(_private, self._processes))
        self.most = max(self.most, found[0])
        return found


def _private(process: int) -> tuple[float, float]:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # a spare one may end
        return 0.0, 0.0
    clean, dirty = (
        sum(int(line.split()[1]) for line in lines if line.startswith(f"Private_{kind}:")) / 1024
        for kind in ("Clean", "Dirty")
    )
    return clean + dirty, clean


def _measure(page: Any, renderer: Renderer, load: Load, seconds: float) -> Measured:
    cpu, begin, before, busy = _cpu(), time.monotonic(), load.written, renderer.busy()
    frames, middle, high, most, script = page.evaluate(MEASURE, seconds)
    spent = time.monotonic() - begin
    page_share, server_share = (renderer.busy() - busy) / spent, (_cpu() - cpu) / spent
    rate = (load.written - before) / spent
    return Measured(frames, middle, high, most, script, *renderer.private(), page_share, server_share, rate)


def main() -> int:
    """Measure, print, and tell by the exit status whether every view keeps the bounds."""
    import shutil

    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="for each view")
    parser.add_argument("--rounds", type=int, default=1, help="how often to measure each view")
    parser.add_argument("--rate", type=int, default=1000, help="events of boards a second")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, NAMES)))
    found: list[Measured] = []
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        trace = Path(folder) / "trace.ndjson"
        load = Load(trace, options.rate)
        served = Served(Flight(trace=trace), None)
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, "--enable-precise-memory-info"])
        try:
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{served.port}/")
            page.wait_for_selector('article[aria-label="board 12"]')
            renderer, begin = Renderer(browser, page), time.monotonic()
            for _ in range(options.rounds):
                for title, key in VIEWS.items():
                    page.keyboard.press(key)
                    page.wait_for_timeout(500)
                    measured = _measure(page, renderer, load, options.seconds)
                    found.append(measured)
                    print(f"{time.monotonic() - begin:5.0f} s  {title:13} {measured}", flush=True)
        finally:
            browser.close()
            served.close()
            load.close()
    kept = [
        told("p99 from frame to frame", max(each.high for each in found), FRAME_MS_MAX, "ms"),
        told("private memory of the renderer", max(each.private for each in found), PRIVATE_MB_MAX, "MB"),
        told(
            "the same without Chromium's files", max(each.private - each.files for each in found), PRIVATE_MB_MAX, "MB"
        ),
        told("server and load", max(each.server for each in found), SERVER_CORES_MAX, "of a core"),
    ]
    return 0 if all(kept) else 1


def told(what: str, worst: float, bound: float, unit: str) -> bool:
    """Print a measurement beside its bound. Returns whether it is kept."""
    is_kept = worst < bound
    print(f"{what}, at most: {worst:.3g} {unit}; the bound of {bound:g} is {'kept' if is_kept else 'not kept'}")
    return is_kept


if __name__ == "__main__":
    raise SystemExit(main())
