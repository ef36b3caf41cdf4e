"""Heap of emulated Picos whose ledger's tables are all full: they restart so and fly on through two checkpoints.

    python -m tests.bench.full_tables [--results longest] [--slots 34]

The state of slot 96 stands for that of slot 2,000: all tables hold as many rows as they can, and between the two
checkpoints that a board keeps, as many remembered operations differ as batches can change. Figures are least values
over all collections of the garbage since the boot.
"""

import argparse
from pathlib import Path

from amu.core import limits
from amu.core.limits import faults_max
from amu.wire import messages
from groundstation.boards.base import BoardError
from hil.boards.emulated.board import micropython_image
from hil.profile import collector
from hil.profile.swarm import MILLISECOND, Setting, Swarm
from tests.bench import picos
from tests.support.flight import full_ledger

CLIENT = limits.CLIENT_NUMBER_MAX  # one of those that the full table holds
COMMAND = ["lease-release", "nobody-holds-this", 1, 1]
SETTLE_MS = 5_100  # until boards have said how they are


def least(swarm: Swarm, sampling: dict[str, object]) -> tuple[int, int]:
    """(bytes free, longest run) over the collections since it was asked last."""
    left = [each for pico in swarm.running() for each in swarm.chip(pico.node).sample(**sampling)["collections"]]
    return min(free for free, _ in left), min(run for _, run in left)


def decide(swarm: Swarm, operation: int) -> None:
    """One operation until f + 1 boards have replied."""
    for pico in swarm.running():
        swarm.send(pico.node, messages.Request(CLIENT, operation, COMMAND))
    seen = len(swarm.telemetry)

    def is_done() -> bool:
        replied = {node for _, node, message in swarm.telemetry[seen:] if isinstance(message, messages.Reply)}
        return len(replied) > faults_max(swarm.setting.nodes)

    swarm.run_until(is_done, f"replies to operation {operation}")


def tell(image: Path, results: str, slots: int) -> None:
    sampling: dict[str, object] = {"nanos": picos.SAMPLE_NANOS, "collection": collector.addresses(image)}
    store = full_ledger.store(4, picos.RESULTS[results])
    with Swarm(Setting(tick_ms=50, view_timeout_ticks=400), image, dict(sampling), store=store) as swarm:
        ready = max(swarm.boot().values()) / MILLISECOND
        swarm.run(SETTLE_MS)
        free, run = least(swarm, sampling)
        print(f"four emulated Picos, all tables full, {results} results")
        print(f"  boot to ready {ready:.0f} ms; at boot least free heap {free} B, least longest run {run} B")
        for number in range(slots):
            decide(swarm, full_ledger.CHECKPOINT_SLOT + 1 + number)
        swarm.run(SETTLE_MS)
        free, run = least(swarm, sampling)
        health = [message for _, _, message in swarm.telemetry if isinstance(message, messages.Health)]
        last = max(message.applied_slot for message in health)
        print(f"  up to slot {last}: least free heap {free} B, least longest run {run} B")
        print(f"  board's own report, after a collection: {min((each.heap_free, each.heap_run) for each in health)}")
        print(f"  boards said: {swarm.texts[-1:] or 'nothing'}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.full_tables", description=__doc__.splitlines()[0])
    parser.add_argument("--results", choices=sorted(picos.RESULTS), default="longest", help="of remembered operations")
    parser.add_argument("--slots", type=int, default=2 * limits.CHECKPOINT_SLOTS + 2, help="to fly on")
    chosen = parser.parse_args()
    try:
        image = micropython_image()
    except BoardError as error:
        print(f"emulated Picos: skipped; {error}")
        return
    tell(image, chosen.results, chosen.slots)


if __name__ == "__main__":
    main()
