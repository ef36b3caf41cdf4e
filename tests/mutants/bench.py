"""Planted bugs of the bench: what a flight on boards finds out about its hardware."""

from tests.mutants.mutant import Mutant

DIAGNOSIS = "groundstation/flight/diagnosis.py"
DRILL = "hil/bench/drill.py"
FLEET = "groundstation/flight/fleet.py"

RETURNS = (
    Mutant(
        "the end of a life that a board ended itself is not recorded",
        FLEET,
        '            self._reports.record("BoardKill", now, board=node, reason=BY_ITSELF)\n',
        "",
        ("returns",),
    ),
    Mutant("a line that is gone is the end of a life", FLEET, "if event != LINE_LOST:", "if True:", ("returns",)),
    Mutant(
        "a board that does not come back is forgotten",
        FLEET,
        "if event == LINE_LOST)",
        "if event == LINE_LOST and False)",
        ("returns",),
    ),
    Mutant(
        "a board that starts again after a traceback has not crashed",
        FLEET,
        ' and TRACEBACK not in self._said.get(node, b"")',
        "",
        ("returns",),
    ),
    Mutant(
        "a board is never taken up on its new line",
        FLEET,
        "            self._look_for_return(node)\n",
        "            pass\n",
        ("returns",),
    ),
)

KEYS = "groundstation/boards/keys.py"
FLIGHTS = "hil/boards/pico/flights.py"
APPROACH = "hil/boards/pico/approach.py"
HOLDERS = "hil/boards/pico/holders.py"

OF_THE_BENCH = (
    Mutant("keys that others can read are taken", KEYS, "if mode & _PRIVATE:", "if False:", ("keys",)),
    Mutant("keys are made over others", KEYS, "        if os.path.lexists(path):\n", "        if False:\n", ("keys",)),
    Mutant(
        "two epochs share a secret",
        KEYS,
        "epochs = (*keys.epochs, _draw(keys.latest.epoch + 1))",
        "epochs = (*keys.epochs, Epoch(keys.latest.epoch + 1, keys.latest.secret, keys.latest.made))",
        ("keys",),
    ),
    Mutant(
        "epochs with holes are taken",
        KEYS,
        "numbers != list(range(numbers[0], numbers[0] + len(numbers)))",
        "False",
        ("keys",),
    ),
    Mutant(
        "a flight is noted under the case of its number",
        FLIGHTS,
        "quote(serial_number.upper(), safe='')",
        "quote(serial_number, safe='')",
        ("bench",),
    ),
    Mutant(
        "a Pico in flight is put into BOOTSEL",
        "hil/boards/pico/bootsel.py",
        'if flight["serial_number"].lower() == serial_number.lower():',
        "if False:",
        ("bench",),
    ),
    Mutant("a board of another swarm is not told", APPROACH, "if isinstance(item, Frame):", "if False:", ("bench",)),
    Mutant(
        "the holder of a line is not named", HOLDERS, "    found = holder(device)\n", "    found = None\n", ("bench",)
    ),
    Mutant(
        "a device's words reach the terminal as they are",
        APPROACH,
        "it says {shown!r}",
        "it says {shown}",
        ("bench",),
    ),
)

MUTANTS = (
    *RETURNS,
    *OF_THE_BENCH,
    Mutant("damage on a line goes unnoticed", DIAGNOSIS, "if damaged > before:", "if False:", ("drill",)),
    Mutant(
        "a line that was not read goes unnoticed",
        DIAGNOSIS,
        "and count >= LATE_BYTES_MIN:",
        "and False:",
        ("drill",),
    ),
    Mutant("a line that is gone goes unnoticed", DIAGNOSIS, "self._is_gone.add(node)\n", "return\n", ("drill",)),
    Mutant(
        "a board's want of memory goes unnoticed",
        DIAGNOSIS,
        'if name == "Restart" and "MemoryError" in reason:',
        "if False:",
        ("drill",),
    ),
    Mutant(
        "the watchdog is taken for a failure of power",
        DIAGNOSIS,
        "for known, *rest in _RESETS if known in words)",
        "for known, *rest in _RESETS[1:] if known in words)",
        ("drill",),
    ),
    Mutant("a wrong baud is taken for noise", DIAGNOSIS, "is_all=sound == first)", "is_all=False)", ("drill",)),
    Mutant("a silent board goes unnoticed", DIAGNOSIS, 'elif name == "Silent":', "elif False:", ("drill",)),
    Mutant(
        "a full flash silences a board for good",
        "firmware/main.py",
        "elif life.is_full and ticks.now() >= limits.FULL_RETRY_TICKS:",
        "elif False:",
        ("main",),
    ),
    Mutant(
        "a full flash is taken for a worn one",
        "firmware/amu/node/journal.py",
        "return FullError(text) if error.args[0] == _NO_SPACE else JournalError(text)",
        "return JournalError(text)",
        ("main",),
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
