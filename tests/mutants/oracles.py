"""Planted bugs of the simulator's oracles: a bound ten times as wide, an item that is not compared, a moment at which
nobody asks."""

from functools import partial

from tests.mutants.mutant import cut

AGREEMENT = "swarm_sim/oracles/agreement.py"
HISTORIES = "swarm_sim/oracles/histories.py"
JOURNAL = "swarm_sim/oracles/journal.py"
LAGGARDS = "swarm_sim/oracles/laggards.py"
MEMORY = "swarm_sim/oracles/memory.py"
REACH = "swarm_sim/oracles/reach.py"
TIMERS = "swarm_sim/oracles/timers.py"
VALIDITY = "swarm_sim/oracles/validity.py"
DRAW = "swarm_sim/draw/draw.py"
WORLD = "swarm_sim/world/world.py"


_cut = partial(cut, "oracle")


MUTANTS = (
    *(
        _cut(f"SIM-JOURNAL without the {what}", JOURNAL, f'        ("{what}", {pair}),\n', "", "SIM-JOURNAL")
        for what, pair in (
            ("view", "live.view, again.view"),
            ("registers", "live.registers.as_list(), again.registers.as_list()"),
            ("registers at entry", "live.entry, again.entry"),
            ("proposed view", "live.proposed_view, again.proposed_view"),
        )
    ),
    _cut("SIM-JOURNAL without the vote floor", JOURNAL, "if again.floor != live.floor:", "if False:", "SIM-JOURNAL"),
    _cut(
        "SIM-JOURNAL without slots that flash does not know",
        JOURNAL,
        '        return _differs(board, live.slot, "slot", "voted in", "unknown")\n',
        "        return None\n",
        "SIM-JOURNAL",
    ),
    _cut("SIM-JOURNAL without stray files", JOURNAL, "    if stray:\n", "    if False:\n", "SIM-JOURNAL"),
    _cut(
        "SIM-JOURNAL is not asked at a kill",
        WORLD,
        '        if event == "BoardKill":\n            self.on_kill(board)\n',
        "",
        "SIM-JOURNAL",
    ),
    _cut(
        "SIM-ASKED with other words", VALIDITY, 'elif as_read(command) != fields["command"]:', "elif False:", "oracles"
    ),
    _cut("SIM-ASKED with operations of nobody", VALIDITY, "if command is None:", "if False:", "oracles"),
    _cut(
        "SIM-MEMORY ten times as high",
        MEMORY,
        "    return limits.INSTANCES_MAX * i",
        "    return 10 * limits.INSTANCES_MAX * i",
        "oracles",
    ),
    _cut(
        "SIM-LAG ten times as late",
        LAGGARDS,
        "    return int(start + ",
        "    return int(10 * start + ",
        "laggards and timers",
    ),
    _cut(
        "SIM-LAG with ten times the patience",
        LAGGARDS,
        "    patience = min(vain_ticks // holders, longest)",
        "    patience = 10 * min(vain_ticks // holders, longest)",
        "laggards and timers",
    ),
    _cut(
        "SIM-LAG on f helpers",
        LAGGARDS,
        "limits.blocking_size(len(boards))",
        "limits.faults_max(len(boards))",
        "laggards and timers",
    ),
    _cut(
        "SIM-TIMER of views ten times as late",
        TIMERS,
        "            allowed = self._view_ticks << ",
        "            allowed = 10 * self._view_ticks << ",
        "laggards and timers",
    ),
    _cut(
        "SIM-TIMER of channels ten times as late",
        TIMERS,
        "allowed = min(limits.CHANNEL_RETRANSMIT_TICKS + grown, LONGEST)",
        "allowed = 10 * min(limits.CHANNEL_RETRANSMIT_TICKS + grown, LONGEST)",
        "laggards and timers",
    ),
    _cut(
        "SIM-LIVE ten times as late",
        DRAW,
        "return round(2 * leaders * longest_timer + 60, 1)",
        "return round(20 * leaders * longest_timer + 600, 1)",
        "oracles",
    ),
    _cut(
        "SIM-REACH with floors ten times as far",
        REACH,
        "+ 2 * limits.WINDOW_SLOTS",
        "+ 2_000 * limits.WINDOW_SLOTS",
        "SIM-REACH",
    ),
    _cut(
        "SIM-REACH on f+1 boards",
        REACH,
        "limits.quorum_size(len(boards))",
        "limits.blocking_size(len(boards))",
        "SIM-REACH",
    ),
    _cut("SIM-LIN without contradictions", HISTORIES, "    if contradictions:\n", "    if False:\n", "oracles"),
    _cut("SIM-LIN without histories", HISTORIES, "if result.verdict != ILLEGAL:", "if True:", "oracles"),
    _cut("SIM-LOG without ledgers", AGREEMENT, "elif known[1] != digest:", "elif False:", "oracles"),
    _cut("SIM-LOG without values", AGREEMENT, "if known[0] != value:", "if False:", "oracles"),
    _cut("SIM-LOG without order", AGREEMENT, "if self._at.get(event.node, 0) + 1 != slot:", "if False:", "oracles"),
    _cut("SIM-LOG without what was before", AGREEMENT, "elif known[2] != link:", "elif False:", "oracles"),
)
