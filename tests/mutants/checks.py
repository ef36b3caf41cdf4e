"""The checks that must find planted bugs, by name: each a command that succeeds on sound code."""

import sys

from tests.mutants import past

_PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "--no-header", "-p", "no:cacheprovider"]
_OPS = ("channel", "mutex", "snapshot")  # files are named: pytest collects none of tests/on_board by the folder's name

_LOG_RULES = ("tests/unit/specs/checking/test_log_rules.py", "tests/unit/specs/checking/test_log_flights.py")

_WORDS = tuple(f"tests/unit/specs/checking/test_{part}.py" for part in ("words", "knowledge", "log_flights"))
_TOLD = "vote or proposal or proof or suggest or wish or status or decision or state or applied"

_OF_A_CREW = "lines or numbers or told or debrief_begins"
_DEBRIEF = tuple(f"tests/unit/groundstation/debrief/test_{part}.py" for part in ("people", "printed"))
_WHY_DRAWN = ("tests/unit/groundstation/why/test_drawn_stalls.py", "-k", "burst or 1336 or 30049 or 30060")
_WHY = tuple(f"tests/unit/groundstation/why/test_{part}.py" for part in ("seen", "engine", "stalls"))

CHECKS: dict[str, list[str]] = {
    "trace": [sys.executable, "-m", "tests.mutants.flights"],
    "past": [sys.executable, "-m", "tests.mutants.flights", *(flight.__name__ for flight in past.FLIGHTS)],
    "keys": [*_PYTEST, "tests/unit/groundstation/boards/test_keys.py"],
    "bench": [*_PYTEST, "tests/unit/hil/pico"],
    "returns": [*_PYTEST, "tests/unit/groundstation/flight/test_returns.py"],
    "golden": [*_PYTEST, "tests/golden/test_golden.py", "-k", "cpython"],
    "storms": [*_PYTEST, "tests/properties/firmware/test_storms.py"],
    "power cuts": [*_PYTEST, "tests/properties/firmware/test_power_cuts.py"],
    "rules": [*_PYTEST, "tests/unit/firmware/test_rules.py", "tests/properties/firmware/test_rules_against_history.py"],
    "quorum sizes": [*_PYTEST, "tests/unit/firmware/test_quorum_sizes.py"],
    "starve": [*_PYTEST, "tests/unit/firmware/swarm/test_starve.py"],
    "replica": [*_PYTEST, "tests/unit/firmware/swarm/test_replica.py"],
    "batches": [*_PYTEST, "tests/unit/firmware/swarm/test_batches.py"],
    "rejoin": [*_PYTEST, "tests/unit/firmware/swarm/test_rejoin.py"],
    "slot memory": [*_PYTEST, "tests/unit/firmware/test_slot_memory.py"],
    "lies": [*_PYTEST, "tests/unit/firmware/swarm/test_lies.py"],
    "learners": [*_PYTEST, "tests/on_board/test_learner.py", "tests/unit/firmware/swarm/test_cells.py"],
    "laggards": [*_PYTEST, "tests/unit/firmware/swarm/test_laggard_recovery.py"],
    "pending": [*_PYTEST, "tests/on_board/test_pending.py"],
    "operations": [*_PYTEST, "tests/on_board/test_operations.py"],
    "ledger on board": [*_PYTEST, "tests/on_board/test_ledger.py"],
    "state transfer": [*_PYTEST, "tests/on_board/test_state_transfer.py"],
    "timer oracles": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_laggards.py", "-k", "sound"],
    "log behaviours": [*_PYTEST, "tests/conformance/protocols/test_replicated_log_behaviours.py"],
    "hostile peers": [
        *_PYTEST,
        "tests/unit/firmware/swarm/test_hostile_peers.py",
        "tests/unit/firmware/swarm/test_lamport_liar.py",
    ],
    "journal": [*_PYTEST, "tests/on_board/test_journal.py", "tests/properties/firmware/test_journal_properties.py"],
    "pages": [*_PYTEST, "tests/unit/firmware/test_on_board.py", "-k", "test_pages"],
    "page cuts": [*_PYTEST, "tests/properties/firmware/test_page_cuts.py"],
    "ring of a node": [*_PYTEST, "tests/unit/firmware/test_ring_of_a_node.py"],
    "ring files": [*_PYTEST, "tests/conformance/boards/test_ring_files.py"],
    "lamport": [*_PYTEST, "tests/on_board/test_lamport.py"],
    "wire": [*_PYTEST, "tests/on_board/test_auth.py", "tests/unit/firmware/test_frames_bit_flips.py"],
    "main": [*_PYTEST, "tests/unit/firmware/test_runtime_main.py"],
    "runtime": [*_PYTEST, "tests/unit/firmware/test_runtime.py", "tests/unit/firmware/test_runtime_frames.py"],
    "requests of the station": [*_PYTEST, "tests/unit/groundstation/flight/test_telecommand.py"],
    "ticks": [*_PYTEST, "tests/unit/firmware/test_ticks.py"],
    "clocks": [*_PYTEST, "tests/unit/groundstation/clocks"],
    "self-test": [*_PYTEST, "tests/unit/hil/bench/test_self_test.py"],
    "clocks in simulation": [*_PYTEST, "tests/properties/groundstation/test_clock_estimates.py"],
    "ether": [*_PYTEST, "tests/unit/groundstation/faults/test_ether.py"],
    "codec": [*_PYTEST, "tests/unit/firmware/test_on_board.py", "-k", "test_codec"],
    "no effects": [*_PYTEST, "tests/unit/firmware/test_node_effects.py"],
    "framer": [*_PYTEST, "tests/properties/firmware/test_wire_framer.py"],
    "machine twins": [*_PYTEST, "tests/properties/firmware/test_wire_machine.py"],
    "surplus votes": [*_PYTEST, "tests/unit/firmware/test_surplus.py", "tests/unit/firmware/test_runtime_frames.py"],
    "calm swarms": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_surplus.py"],
    "flown twice": [*_PYTEST, "tests/properties/firmware/test_surplus_votes.py"],
    "guided receive": [*_PYTEST, "tests/properties/firmware/test_wire_guided.py"],
    "ledger": [*_PYTEST, "tests/unit", "-k", "ledger"],
    "ops": [
        *_PYTEST,
        *(f"tests/on_board/test_{part}.py" for part in _OPS),
        "tests/unit/firmware/swarm/test_operations.py",
    ],
    "detector": [*_PYTEST, "tests/on_board/test_detector.py", "tests/properties/firmware/test_detector_properties.py"],
    **{
        f"invariants of {part}": [*_PYTEST, "tests/conformance/protocols/test_every_invariant.py", "-k", words]
        for part, words in (
            ("a slot", "of_a_slot"),
            ("the ledger", "ledger"),
            ("operations", "operation_ids"),
            ("the services", "services"),
            ("the detector", "detector"),
        )
    },
    "messages": [*_PYTEST, "tests/unit/specs/checking/messages/test_messages.py"],
    "trace lines": [*_PYTEST, "tests/unit/specs/checking/test_trace.py"],
    "order": [*_PYTEST, "tests/unit/specs/checking/test_order.py"],
    "later lives": [*_PYTEST, "tests/unit/specs/checking/test_later_lives.py"],
    "transfers": [*_PYTEST, "tests/unit/specs/checking/test_transfers.py"],
    "log rules": [*_PYTEST, *_LOG_RULES, "-k", "not command_line"],
    "health": [*_PYTEST, "tests/unit/specs/checking/messages/test_health.py"],
    "procedure": [*_PYTEST, "tests/unit/specs/checking/test_procedure.py"],
    "sight": [*_PYTEST, "tests/unit/groundstation/procedures/test_sight.py"],
    "seen": [*_PYTEST, "tests/unit/groundstation/procedures/test_seen.py"],
    "crew's trace": [*_PYTEST, "tests/unit/groundstation/web/test_crew.py", "-k", _OF_A_CREW],
    "segments": [*_PYTEST, "tests/unit/specs/checking/test_segments.py"],
    "telecommands": [*_PYTEST, "tests/unit/specs/checking/test_telecommand_stages.py"],
    "requests": [*_PYTEST, "tests/unit/specs/checking/test_requests.py"],
    "words": [*_PYTEST, *_WORDS, "-k", "test_words or (by_name and (question or body or reply or " + _TOLD + "))"],
    "one run": [*_PYTEST, "tests/conformance/protocols/test_resumed_traces.py", "-k", "end or run"],
    "learner rules": [*_PYTEST, "tests/unit/specs/checking/test_learner_rules.py"],
    "reboots": [*_PYTEST, "tests/conformance/protocols/test_reboots_planted.py"],
    "oracles": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_oracles.py"],
    "SIM-JOURNAL": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_journal.py"],
    "SIM-REACH": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_past.py", "-k", "reach or REACH"],
    "laggards and timers": [*_PYTEST, "tests/unit/swarm_sim/world/test_sim_laggards.py"],
    "drill": [
        *_PYTEST,
        "tests/unit/groundstation/flight/test_diagnosis.py",
        "tests/unit/groundstation/flight/test_line_noise.py",
        "tests/unit/hil/bench/test_drill.py",
        "-k",
        "not test_a_virtual_board_passes",
    ],
    "why": [*_PYTEST, *_WHY],
    "why drawn": [*_PYTEST, *_WHY_DRAWN],
    "debrief": [*_PYTEST, *_DEBRIEF],
    "debrief figures": [*_PYTEST, "tests/unit/groundstation/debrief/test_traced.py"],
    "procedures": [*_PYTEST, "tests/unit/groundstation/procedures/test_runner.py"],
    "trace reader": [*_PYTEST, "tests/unit", "-k", "trace"],
}
