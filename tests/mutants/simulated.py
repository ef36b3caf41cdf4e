"""Plants each bug of the catalogue in flight code, one at a time, and lets the simulator hunt for it.

    python -m tests.mutants.simulated [PART_OF_A_NAME ...] [--seeds N] [--jobs J] [--json FILE]

Seeds are drawn and flown from 0 on until one fails. Sound code must pass that same seed, or the failure does not count.
One line per mutant: seeds flown, oracle and cause, processor seconds. Exit code 1 if a mutant of VISIBLE is not seen
within its number of seeds, or within N if that is less; 2 if sound code fails.

Bugs of wire and boards fly encoded: only there are frames built, sealed and checked.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from swarm_sim.draw.draw import NODES_DEFAULT, is_of_the_past
from tests.mutants import bench, clocks, memory, pages, quorums, surplus, timers, wire
from tests.mutants.__main__ import ROOT, module_path, plant
from tests.mutants.catalogue import ALL, Mutant

SEEDS_DEFAULT = 150
SEED_SECONDS_MAX = 60  # of wall time, on average
ENCODED = ("firmware/amu/wire/", "firmware/amu/boards/")
FLIGHT_CODE = ("firmware/", "swarm_sim/adversary/")

# What takes two faulty boards.
NODES = {
    "one liar's answer sets the vote floor": 7,
    "rejoin on f+1 answers": 7,
}
# No run of these can be judged.
GROUNDED = {
    "f is a quarter of the swarm": "flight code asserts it when it is imported",
    "a quorum is 2f + 1, whatever n is": "flight code asserts it when it is imported",
    "one too few: wishes that are echoed": "one wish makes all boards wish for ever higher views: no run ends",
}
# Hunted where boards do not know the past: few other seeds have what shows it.
PAST = {
    "rejoin on f+1 answers",
    "one too few: answers for rejoining",
    "the nonce of a rejoin answer is not compared",
    "any report of progress counts as a rejoin answer",
    "a checkpoint is trusted on f reports",
    "an adopted checkpoint's digest is not checked",
    "a checkpoint is stable on f+1 reports",
    "a request is voted for without an own copy",
    "one liar's answer sets the vote floor",
    "the vote floor after amnesia is too low",
    "a decision's body is evicted from the shelf",
}
# Seeds by which the simulator must have seen the bug: what it took, with room for other draws.
VISIBLE = {
    "quorum off by one: votes and decisions on n-f-1": 5,
    "decide on f+1 vote-4": 5,
    "vote twice in a view and phase": 5,
    "forget lock: proofs leave out the vote-4": 100,
    "forget lock over a reboot: vote-4 is not restored": 5,
    "view not restored over a reboot": 5,
    "send before persist": 5,
    "skip Rule 1: the leader proposes what it likes": 5,
    "skip Rule 3: vote-1 for anything proposed": 100,
    "clause (iii-B) dropped": 150,
    "clause (i) dropped: later votes do not count": 50,
    "one claim is enough for clause (iii-A)": 100,
    "the leader rule looks at the wrong slot": 5,
    "a decision is learned from one reply": 10,
    "a replica without memory votes at once": 50,
    "the vote floor after amnesia is too low": 20,
    "one liar's answer sets the vote floor": 40,
    "rejoin on f+1 answers": 40,
    "the nonce of a rejoin answer is not compared": 30,
    "any report of progress counts as a rejoin answer": 20,
    "a checkpoint is trusted on f reports": 20,
    "a checkpoint is stable on f+1 reports": 20,
    "an adopted checkpoint's digest is not checked": 100,
    "a request is voted for without an own copy": 5,
    "a request stays assigned when its slot was decided without it": 100,
    "registers at entry are taken from the last vote": 10,
    "one too many: votes for the next vote, or the decision": 10,
    "one too few: replies that a decision is learned from": 20,
    "one too many: replies that a decision is learned from": 50,
    "one too many: suggests for a proposal": 20,
    "one too many: wishes that are obeyed": 50,
    "one too many: reports for a safe value": 20,
    "one too few: silent reports that free a leader": 10,
    "one too many: silent reports that free a leader": 20,
    "one too many: reports that permit a value": 20,
    "a checkpoint is stable on n-f-1 reports": 75,
    "one too few: witnesses of a time": 75,
    "one too few: claims of a common time": 75,
    "one too many: reports of a job's result": 5,
    "slots are applied out of order": 5,
    "Lamport max dropped: a receipt may be earlier than its sending": 5,
    "stale fencing token accepted": 5,
    "cursor moves back": 100,
    "an expired lease still counts": 50,
    "fencing tokens are used again": 5,
    "an operation is applied twice": 50,
    "a job is accepted on f equal reports": 5,
    "a worker's second report counts": 50,
    "a report counts after the deadline": 10,
    "mutex: a turn begins before everybody has spoken": 5,
    "mutex: an earlier request is passed over": 5,
    "mutex: ties go to nobody": 150,
    "mutex: a restarted peer is not told what I asked for": 50,
    "snapshot: a peer that reboots ends only what waits for its marker": 100,
    "snapshot: the marker overtakes nothing: it goes out after the next items": 50,
    "channel: a segment that came before is delivered again": 10,
    "channel: a gap is passed over": 10,
    "channel: a former incarnation is adopted without a challenge": 100,
    "detector: suspicion stays when the peer is heard": 5,
    "the view timer of a new slot is as long as that of the last": 20,
    "channel: pauses never start over": 5,
    "surplus: last votes of a slot that is not decided": 50,
}
_NO_LEARNERS = "no learners in these runs: see swarm_sim/testing/cluster.py"
_PROGRESS = "no rule forbids it, and progress is delayed less than the bound allows"
_EFFORT = "costs effort, which the simulator does not charge"
_STATES = "runs are too short for a state to be taken over in such a case"
_TRANSFERS = "few seeds lose a state on its way: tests/unit/swarm_sim/world/test_sim_laggards.py flies such runs"
_SIZE = "not seen in 25 seeds; tests/unit/firmware/test_quorum_sizes.py asks each place for its size"
_MEMORY = "not seen in 30 seeds; the test named in its check asks for it"
# Why the simulator does not reliably see the others.
_PICO = "only a Pico reads its line by code bytes, or runs machine code; the simulator runs the twins in Python"
_BATCHES = "a leader may propose when it likes: it costs effort, or less delay than the bound allows"
_REPEATED = "a state that is sent again says it, too; tests/unit/swarm_sim/world/test_sim_surplus.py wants none sent"
_PAGES = "not hunted from seeds: `page cuts` cuts power at each flash operation"
_OPERATIONS = "not hunted from seeds: `operations` compares with a plain table"
_FULL = "a simulated flash has always room"
_YEARS = "no run lasts until a counter wraps"
_REASONS = {
    **{mutant.name: _SIZE for mutant in quorums.MUTANTS if mutant.file.startswith(FLIGHT_CODE)},
    **{mutant.name: _NO_LEARNERS for mutant in quorums.MUTANTS if mutant.file == quorums.LEARNER},
    **{mutant.name: _MEMORY for mutant in memory.MUTANTS},
    **{mutant.name: _PICO for mutant in wire.MUTANTS if mutant.file.startswith(FLIGHT_CODE)},
    **{mutant.name: _OPERATIONS for mutant in memory.MUTANTS if "operations" in mutant.checks},
    **{mutant.name: _BATCHES for mutant in timers.MUTANTS if "batches" in mutant.checks},
    **{mutant.name: _YEARS for mutant in clocks.MUTANTS if mutant.file.startswith(FLIGHT_CODE)},
    **{mutant.name: _FULL for mutant in bench.MUTANTS if mutant.file.startswith(FLIGHT_CODE)},
    **{mutant.name: _PAGES for mutant in pages.MUTANTS},
    **{mutant.name: _REPEATED for mutant in surplus.MUTANTS},
    "a leader proposes what voters must refuse": "needs a liar's help in one view and silence in the next",
    "the view goes up on f+1 wishes": _PROGRESS,
    "a laggard hears the view instead of the wish": _PROGRESS,
    "a backlog counts as censorship": _PROGRESS,
    "nobody follows a correct board whose clock a liar has pushed": _PROGRESS,
    "messages of a liar's victim are lost without end": _PROGRESS,
    "a state is asked for again in every period, however long the round trip": _EFFORT,
    "one peer's questions are answered without bound": _EFFORT,
    "patience for a state grows with each state that is taken over": _TRANSFERS,
    "the pause until a state is sent again never falls back": 10,
    "a state is not sent again": 20,
    "patience for a state never falls back": _TRANSFERS,
    "a laggard asks for a state once only": _TRANSFERS,
    "a laggard waits for a state that its holder no longer has": _TRANSFERS,
    "a learner believes one reply": _NO_LEARNERS,
    "a learner does not check a body's digest": _NO_LEARNERS,
    "a learner applies what comes first": _NO_LEARNERS,
    "learners may ask as much as they like": _NO_LEARNERS,
    "a learner's time is believed whatever it is": _NO_LEARNERS,
    "only the last checkpoint of a replica is reported": _STATES,
    "a reboot forgets the checkpoint before the last": _STATES,
    "a state is asked for by those far behind only": _STATES,
    "to take over a state clears the log": _STATES,
    "the log of a laggard grows without end": _STATES,
    "half a batch is believed after a power cut": "what is torn is too short; garbage is on boards held to nothing",
    "a board that has only just rejoined answers another": "four others must lose their memories, one after the other",
    "MAC not checked": "no liar speaks in another's name",
    "CRC not checked": "a damaged frame fails its tag, too",
    "snapshot: items after the marker are recorded, too": "turns and snapshots seldom meet",
}
UNSEEN = {name: why for name, why in _REASONS.items() if name not in (*VISIBLE, *GROUNDED)}


@dataclass(frozen=True)
class Hunted:
    """The simulator's result for one mutant. `outcome`: of the seed that failed; None if none did."""

    name: str
    outcome: dict[str, Any] | None
    seeds: int
    seconds: float

    def line(self) -> str:
        """For the table."""
        if self.outcome is None:
            said = f"not seen in {self.seeds} seeds. {UNSEEN.get(self.name, '')}"
        else:
            said = f"{self.seeds:3} seeds, {self.outcome['oracle']}: {self.outcome['cause']}"
        return f"{self.name:76} {self.seconds:6.1f} s  {said[:160]}"


class Way(NamedTuple):
    """How a mutant's seeds are flown."""

    nodes: int
    is_encoded: bool


def way_of(mutant: Mutant) -> Way:
    return Way(NODES.get(mutant.name, NODES_DEFAULT), mutant.file.startswith(ENCODED))


def seeds_of(mutant: Mutant, count: int) -> list[int]:
    """The first `count` seeds that may show the bug."""
    drawn = (seed for seed in itertools.count() if mutant.name not in PAST or is_of_the_past(seed))
    return list(itertools.islice(drawn, count))


def flying() -> list[Mutant]:
    """The mutants of flight code whose runs can be judged: those of the checkers do not fly."""
    return [mutant for mutant in ALL if mutant.file.startswith(FLIGHT_CODE) and mutant.name not in GROUNDED]


def fly(tree: Path, name: str, seeds: Iterable[int], way: Way) -> Hunted:
    """Fly `seeds` with the code in `tree` up to the first failure. Raises RuntimeError if they cannot be flown."""
    arguments = [str(seed) for seed in seeds]
    command = [sys.executable, "-m", "tests.mutants.hunt", "--nodes", str(way.nodes)]
    command += ["--encoded"] if way.is_encoded else []
    command += arguments
    done = subprocess.run(
        command,
        cwd=tree,
        env=module_path(tree),
        capture_output=True,
        text=True,
        timeout=SEED_SECONDS_MAX * len(arguments),
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name}: the simulator does not run: {done.stderr.strip()}")
    return Hunted(name, **json.loads(done.stdout))


def hunt(mutant: Mutant, seeds: int) -> Hunted:
    """Plant `mutant` and fly at most so many seeds."""
    with tempfile.TemporaryDirectory(prefix="amu-mutant-") as folder:
        tree = Path(folder)
        plant(mutant, tree)
        return fly(tree, mutant.name, seeds_of(mutant, seeds), way_of(mutant))


def sound_failures(hunted: Sequence[Hunted]) -> list[Hunted]:
    """Of the seeds that found a bug: those on which sound code fails, too."""
    ways = {mutant.name: way_of(mutant) for mutant in flying()}
    failures = []
    for way in sorted(set(ways.values())):
        seeds = {one.outcome["seed"] for one in hunted if one.outcome is not None and ways[one.name] == way}
        if seeds:
            failures.append(fly(ROOT, "sound code", sorted(seeds), way))
    return [one for one in failures if one.outcome is not None]


def missed(hunted: Sequence[Hunted], seeds: int) -> list[str]:
    """Visible mutants that were not seen in time."""
    return [
        one.name
        for one in hunted
        if one.name in VISIBLE and (one.outcome is None or one.seeds > min(seeds, VISIBLE[one.name]))
    ]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART_OF_A_NAME")
    parser.add_argument("--seeds", type=int, default=SEEDS_DEFAULT)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    chosen = [one for one in flying() if not options.parts or any(part in one.name for part in options.parts)]
    hunted = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for one in pool.map(lambda mutant: hunt(mutant, options.seeds), chosen):
            hunted.append(one)
            print(one.line(), flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in hunted], indent=2) + "\n")
    killed = sum(one.outcome is not None for one in hunted)
    print(f"{killed} of {len(hunted)} mutants seen by the simulator")
    for failure in sound_failures(hunted):
        print(f"sound code fails: {failure.outcome}")
        return 2
    late = missed(hunted, options.seeds)
    for name in late:
        print(f"not seen within {VISIBLE[name]} seeds: {name}")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
