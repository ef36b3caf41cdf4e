"""The workload, tested against the ledger."""

import hashlib
import random
from collections import Counter

import pytest

from amu.core import limits
from amu.ledger.state import Ledger
from groundstation.scenario.workload import KINDS, Workload


def _fly(
    seed: int, slots: int, in_flight: int = 6, workload: Workload | None = None
) -> tuple[list[list[object]], Workload, Ledger, Counter[str]]:
    """Run a workload against a ledger; batches are cut and ordered by a generator of their own."""
    workload = workload or Workload(seed, 4)
    ledger, cut = Ledger(), random.Random(seed)
    drawn: list[list[object]] = []
    open_commands: list[tuple[int, list[object]]] = []
    accepted: Counter[str] = Counter()
    for slot in range(1, slots + 1):
        while len(open_commands) < in_flight:
            drawn.append(workload.draw())
            open_commands.append((len(drawn), drawn[-1]))
        batch = [open_commands.pop(cut.randrange(len(open_commands))) for _ in range(cut.randint(1, in_flight - 1))]
        results = ledger.apply(slot, [[1, operation, command] for operation, command in batch])
        for (_, command), result in zip(batch, results):
            accepted[str(command[0])] += result[0] == "ok"
            workload.learn(command, slot, result)
    return drawn, workload, ledger, accepted


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_of_command_is_accepted_now_and_then(seed: int) -> None:
    _, _, _, accepted = _fly(seed, 400)
    assert set(accepted) == set(KINDS)
    assert all(count > 0 for count in accepted.values())


@pytest.mark.parametrize("seed", range(5))
def test_only_a_small_share_of_operations_is_refused_and_none_as_malformed(seed: int) -> None:
    drawn, workload, _, _ = _fly(seed, 400)
    refused = {why: count for why, count in workload.outcomes.items() if why != "ok"}
    assert 0 < sum(refused.values()) < 0.15 * len(drawn)
    assert not [why for why in refused if "malformed" in why or "room" in why or "overlaps" in why or "taken" in why]


def test_same_seed_same_commands() -> None:
    assert _fly(3, 100)[0] == _fly(3, 100)[0]
    assert _fly(3, 100)[0] != _fly(4, 100)[0]


def test_one_command_a_resource_at_a_time() -> None:
    workload = Workload(1, 4, {"lease-acquire": 1})
    commands = [workload.draw() for _ in range(6)]
    resources = [command[1] for command in commands if command[0] == "lease-acquire"]
    assert len(resources) == len(set(resources)) == 3  # three docks; the rest are no-ops
    assert commands[3:] == [["noop"]] * 3


def test_shards_stay_within_the_ledgers_bound() -> None:
    drawn, _, ledger, _ = _fly(2, 1500)
    assert sum(command[0] in ("shard-create", "shard-split") for command in drawn) <= limits.SHARDS_MAX
    assert ledger.applied_slot == 1500


class Listening(Workload):
    """Records the results that it gets."""

    def learn(self, command: list[object], slot: int, result: list[object]) -> None:
        self.told = [*getattr(self, "told", []), (command, result)]
        super().learn(command, slot, result)


def test_jobs_end_in_every_way_and_never_by_a_lie() -> None:
    payloads: dict[object, bytes] = {}
    reports: dict[tuple[object, object], Counter[object]] = {}
    ends: Counter[object] = Counter()
    for seed in range(4):
        workload = Listening(seed, 4)
        _fly(seed, 600, workload=workload)
        for command, result in workload.told:
            if result[0] != "ok" or not str(command[0]).startswith("job-"):
                continue
            job = (seed, result[1] if command[0] == "job-open" else command[1])
            if command[0] == "job-open":
                assert isinstance(command[1], bytes)
                payloads[job] = command[1]
                continue
            if command[0] == "job-result":
                reports.setdefault(job, Counter())[command[3]] += 1
            ends[result[1]] += result[1] != "open"
            if result[1] == "accepted":
                assert command[3] == hashlib.sha256(payloads[job]).digest()
                assert reports[job][command[3]] == 2
            if result[1] == "disputed":
                assert set(reports[job].values()) == {1}
    assert set(ends) == {"open", "accepted", "disputed", "cancelled", "expired"}
    assert ends["accepted"] > ends["disputed"] > 0
    assert ends["expired"] > 0


def test_mix_leaves_kinds_out() -> None:
    workload = Workload(1, 4, {"noop": 1, "shard-create": 0})
    assert [workload.draw() for _ in range(20)] == [["noop"]] * 20
