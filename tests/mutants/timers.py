"""Planted bugs of timers: pauses that grow and never fall back, and boards that wait where they should ask."""

from tests.mutants.mutant import Mutant

CHANNEL = "firmware/amu/services/channel.py"
CHECKPOINTS = "firmware/amu/consensus/checkpoints.py"
INSTANCE = "firmware/amu/consensus/instance.py"

REPLICA = "firmware/amu/consensus/replica.py"
PENDING = "firmware/amu/consensus/pending.py"
BATCH_TIMER = "firmware/amu/consensus/batch_timer.py"

MUTANTS = (
    Mutant(
        "a state is asked for again in every period, however long the round trip",
        CHECKPOINTS,
        "            if transfer.idle_periods < self._patience_periods:",
        "            if False:",
        ("hostile peers",),
    ),
    Mutant(
        "patience for a state grows with each state that is taken over",
        CHECKPOINTS,
        "        self.progressed(transfer.slot)\n        return transfer.slot, data",
        "        self._patience_periods = min(2 * self._patience_periods, self._patience_periods_max)\n"
        "        return transfer.slot, data",
        ("state transfer",),
    ),
    Mutant(
        "patience for a state never falls back",
        CHECKPOINTS,
        "        self._patience_periods = limits.TRANSFER_PATIENCE_PERIODS_MIN\n        if",
        "        if",
        ("timer oracles", "state transfer"),
    ),
    Mutant(
        "a laggard asks for a state once only",
        CHECKPOINTS,
        "            if transfer.idle_periods < self._patience_periods:",
        "            if True:",
        ("timer oracles", "state transfer"),
    ),
    Mutant(
        "a laggard waits for a state that its holder no longer has",
        CHECKPOINTS,
        "if transfer is not None and (transfer.slot, transfer.digest) in self._reported[transfer.peer]:",
        "if transfer is not None:",
        ("state transfer",),
    ),
    Mutant(
        "the view timer of a new slot is as long as that of the last",
        INSTANCE,
        "        doublings = min(self.view, limits.VIEW_TIMEOUT_DOUBLINGS_MAX)\n",
        '        self.log.doublings = max(self.view, getattr(self.log, "doublings", 0))\n'
        "        doublings = min(self.log.doublings, limits.VIEW_TIMEOUT_DOUBLINGS_MAX)\n",
        ("timer oracles",),
    ),
    Mutant(
        "the pause until a state is sent again never falls back",
        INSTANCE,
        "        self._ticks_still = 0\n        self._repeats = 0\n\n",
        "        self._ticks_still = 0\n\n",
        ("timer oracles",),
    ),
    Mutant(
        "a state is not sent again",
        INSTANCE,
        "limits.STATUS_DOUBLINGS_MAX)\n            self.send_state(BROADCAST)\n",
        "limits.STATUS_DOUBLINGS_MAX)\n",
        ("replica",),
    ),
    Mutant(
        "channel: pauses never start over",
        CHANNEL,
        "    def _start_waiting(self) -> None:\n        self._waited_ticks = 0\n        self._doublings = 0\n",
        "    def _start_waiting(self) -> None:\n        self._waited_ticks = 0\n",
        ("timer oracles", "ops"),
    ),
    Mutant(
        "each request gets a slot of its own",
        REPLICA,
        "return not is_full and self._has_proposal_under_way() and",
        "return False and",
        ("batches",),
    ),
    Mutant(
        "a leader waits for company with nothing under way",
        REPLICA,
        "return not is_full and self._has_proposal_under_way() and",
        "return not is_full and",
        ("batches",),
    ),
    Mutant(
        "a full body is kept back",
        REPLICA,
        "return not is_full and self._has_proposal_under_way() and",
        "return self._has_proposal_under_way() and",
        ("batches",),
    ),
    Mutant(
        "a body without room for the next request is kept back",
        PENDING,
        "return self._waiting >= limits.BATCH_REQUESTS_MAX or",
        "return self._waiting >= limits.BATCH_REQUESTS_MAX or False and",
        ("batches",),
    ),
    Mutant(
        "a body is kept back until the slot before it is decided",
        BATCH_TIMER,
        "        return self._ticks_left > 0",
        "        return True",
        ("batches",),
    ),
    Mutant(
        "a body that was kept back is offered only when something else happens",
        REPLICA,
        "        if self._batch_timer.tick():\n            self._retry_open()\n",
        "        self._batch_timer.tick()\n",
        ("batches",),
    ),
    Mutant(
        "after the first wait no body is kept back",
        REPLICA,
        "            self._batch_timer.stop()\n",
        "",
        ("batches",),
    ),
)
