"""Planted bugs of the bench: what a flight on boards finds out about its hardware."""

from tests.mutants.mutant import Mutant

DIAGNOSIS = "groundstation/flight/diagnosis.py"
DRILL = "hil/bench/drill.py"

MUTANTS = (
    Mutant("damage on a line goes unnoticed", DIAGNOSIS, "if damaged > before:", "if False:", ("drill",)),
    Mutant(
        "a line that was not read goes unnoticed",
        DIAGNOSIS,
        "and count >= LATE_BYTES_MIN:",
        "and False:",
        ("drill",),
    ),
    Mutant(
        "damage is reported again and again",
        DIAGNOSIS,
        "            self._is_damaged.discard(node)",
        "            pass",
        ("drill",),
    ),
    Mutant(
        "a drill passes whatever the checker says",
        DRILL,
        "if judgement.verdict == VIOLATION:",
        "if False:",
        ("drill",),
    ),
    Mutant(
        "noise depends on how bytes are grouped",
        "groundstation/flight/line_noise.py",
        "            self._sound -= len(data)\n",
        "            self._sound = self._stretch()\n",
        ("drill",),
    ),
    Mutant(
        "what was lost before an answer counts against the board",
        "specs/checking/ledger/telecommand.py",
        "if run.continuity.is_hole(board, place):",
        "if False:",
        ("requests",),
    ),
)
