"""What recordings and tables cost: bytes, processor time and memory of `amu export`, beside the trace.

    python -m tests.bench.exports [RUN_OR_TRACE] [--copies N]

Without a run it takes a trace of the deterministic cluster. `--copies` repeats the trace's lines, to see that memory
does not grow with it. Each export is a process of its own. Then the table answers a question, and the recording is read
back. Nothing here passes or fails.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
from mcap.reader import make_reader

from groundstation.record import run_directory
from swarm_sim.testing.cluster import Cluster

REQUESTS = 200
QUESTION = "SELECT event, count(*), max(received) FROM '{}' GROUP BY event ORDER BY 2 DESC"


def main() -> None:
    parser = argparse.ArgumentParser(description="What recordings and tables cost.")
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / run_directory.TRACE
        _prepare(trace, options.run, options.copies)
        print(f"trace    {trace.stat().st_size:12,} bytes")
        mcap = _export(trace, "mcap")
        parquet = _export(trace, "parquet")
        print(f"mcap     read back in {_seconds(lambda: _read(mcap)):.2f} s of processor time")
        query = QUESTION.format(parquet)
        print(f"parquet  queried in {_seconds(lambda: duckdb.sql(query).fetchall()):.2f} s of processor time")


def _prepare(trace: Path, run: Path | None, copies: int) -> None:
    if run is None:
        cluster = Cluster(4, seed=1)
        cluster.start()
        for _ in range(REQUESTS):
            operation = cluster.request(["noop"])
            cluster.run(2000, lambda number=operation: cluster.confirmed(number) is not None)
        cluster.finish(trace)
    content = (trace if run is None else run_directory.trace_of(run)).read_bytes()
    with trace.open("wb") as file:
        for _ in range(copies):
            file.write(content)


def _export(trace: Path, form: str) -> Path:
    out = trace.with_suffix(f".{form}")
    amu = Path(sys.executable).with_name("amu")
    command = [str(amu), "export", str(trace), "--to", form, "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    share = out.stat().st_size / trace.stat().st_size
    seconds = used.ru_utime + used.ru_stime
    memory = used.ru_maxrss // 1024
    print(f"{form:8} {out.stat().st_size:12,} bytes, {share:.0%} of the trace; {seconds:.2f} s, {memory} MB at most")
    return out


def _read(path: Path) -> None:
    with path.open("rb") as file:
        for _ in make_reader(file).iter_messages():
            pass


def _seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main()
