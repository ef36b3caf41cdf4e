"""Figures of the flight software and the ground station, each beside its bound.

    python -m tests.bench [--decisions N] [--long N]
    python -m tests.bench.picos                    emulated Picos alone
    python -m tests.bench.journals                 what both kinds of journal cost

Timings depend on the machine and on what else it does: read them as ratios to the bounds, which are measured or
computed in the same run. Nothing here passes or fails.
"""

import argparse
import os
from pathlib import Path

from tests.bench import picos, virtual_boards
from tests.bench.virtual_boards import Measured
from tests.support.flight.interpreters import run_micropython

FRAMES_PER_SLOT = 51  # n = 4: 3 proposals and 4 phases of 12 votes; specs/decisions/consensus.md
FLASH_WRITES_PER_SLOT = 4  # one forced write per vote
DELAYS = 5  # message delays from proposal to decision
USB_BYTES_PER_SECOND = 1_000_000  # full-speed USB CDC carries about 1 MB/s each way
UART_BYTES_PER_SECOND = 11_520  # 115200 baud, 8N1
HMACS_PER_SLOT = 2 * FRAMES_PER_SLOT  # each frame is sealed once and checked once, by all four boards together


def row(what: str, value: str, bound: str) -> None:
    print(f"  {what:44} {value:>16}   {bound}")


def virtual(measured: Measured, hmac_microseconds: float, cores: int) -> None:
    seconds = 1 / measured.decisions_per_second
    share = HMACS_PER_SLOT * hmac_microseconds / 1e6 / cores
    row("decisions/s", f"{measured.decisions_per_second:.1f}", f"HMACs alone allow {1 / share:.0f} on {cores} cores")
    row("HMAC share of a decision's time", f"{share / seconds:.1%}", f"{hmac_microseconds:.1f} us each, 102 a slot")
    row("latency proposal to decided on n-f, p50", f"{measured.latency_p50 * 1e3:.1f} ms", f"{DELAYS} message delays")
    row(
        "latency p99",
        f"{measured.latency_p99 * 1e3:.1f} ms",
        f"p99 : p50 = {measured.latency_p99 / measured.latency_p50:.2f}",
    )
    excess = measured.frames / FRAMES_PER_SLOT
    row(
        "flight frames a decision",
        f"{measured.frames:.1f}",
        f"{FRAMES_PER_SLOT} in the paper's table, ratio {excess:.2f}",
    )
    row(
        "flight bytes a decision",
        f"{measured.wire_bytes:.0f}",
        f"USB allows {USB_BYTES_PER_SECOND * 4 / measured.wire_bytes:.0f} decisions/s,",
    )
    row("", "", f"a UART at 115200 baud {UART_BYTES_PER_SECOND * 4 / measured.wire_bytes:.1f} (four links)")
    flash = measured.flash_writes / FLASH_WRITES_PER_SLOT
    row(
        "flash writes a decision and board",
        f"{measured.flash_writes:.2f}",
        f"{FLASH_WRITES_PER_SLOT} forced by the votes, ratio {flash:.2f}",
    )


def heap(measured: Measured) -> None:
    free = measured.heap_free
    if not free:
        row("heap", "-", "the run ended before the boards' first Health")
        return
    quarter = max(1, len(free) // 4)
    early, late = min(free[:quarter]), min(free[-quarter:])
    row("smallest free heap of 400k", f"{min(free)} B", f"over {measured.decisions} decisions")
    row("first against last quarter", f"{early} / {late} B", f"ratio {late / early:.3f}: flat is 1")


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__.splitlines()[0])
    arguments.add_argument("--decisions", type=int, default=1_000)
    arguments.add_argument("--long", type=int, default=10_000, help="decisions of the memory run; 0 leaves it out")
    picos.add_options(arguments)
    chosen = arguments.parse_args()
    cores = min(os.cpu_count() or 1, virtual_boards.BOARDS)
    done = run_micropython(Path(__file__).with_name("hmac_cost.py"))
    hmac_microseconds = float(done.stdout)

    print(f"four virtual boards, clean ether, {chosen.decisions} decisions, 4 operations in flight")
    measured = virtual_boards.run(chosen.decisions)
    virtual(measured, hmac_microseconds, cores)
    heap(measured)
    print("the same, one operation at a time")
    single = virtual_boards.run(min(chosen.decisions, 300), in_flight=1)
    row(
        "latency p50 / p99",
        f"{single.latency_p50 * 1e3:.1f} / {single.latency_p99 * 1e3:.1f} ms",
        f"{DELAYS} message delays",
    )
    if chosen.long:
        print(f"memory over {chosen.long} decisions")
        heap(virtual_boards.run(chosen.long))
    picos.tell(row, chosen)


if __name__ == "__main__":
    main()
