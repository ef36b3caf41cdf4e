"""Planted bugs of what explains and what leads: the engine of `amu explain`, and the runner of procedures."""

from tests.mutants.mutant import Mutant

LINK = "groundstation/why/link.py"
SEEN = "groundstation/why/seen.py"
CONDITIONS = "groundstation/why/conditions.py"
ENGINE = "groundstation/why/engine.py"
RUNNER = "groundstation/procedures/runner.py"


def _why(name: str, file: str, before: str, after: str, check: str = "why") -> Mutant:
    return Mutant(f"why: {name}", file, before, after, (check,))


def _led(name: str, before: str, after: str) -> Mutant:
    return Mutant(f"procedure: {name}", RUNNER, before, after, ("procedures",))


ENGINE_MUTANTS = (
    _why(
        "a board that hears f of the others takes part",
        ENGINE,
        "in usable for peer in group) < self.quorum",
        "in usable for peer in group) < self.quorum - 1",
    ),
    _why("a liar is counted on", ENGINE, "boards[node].kind == ABLE", "boards[node].kind in (ABLE, a.LIAR)"),
    _why("frames on their way are lost", ENGINE, "SLOW_LINKS = (*USABLE, a.LIGHT_TIME)", "SLOW_LINKS = USABLE"),
    _why("a lossy link carries nothing", ENGINE, "USABLE = (OPEN, a.LOSS)", "USABLE = (OPEN,)"),
    _why("a swarm is moving long after its last decision", ENGINE, "PATIENCE_TICKS = 100", "PATIENCE_TICKS = 1000"),
    _why("the light time of the nearest counts", ENGINE, "sorted(found)[self.quorum - 1]", "sorted(found)[0]"),
    _why("conditions of an earlier moment are kept", ENGINE, "        self._conditions = None\n", "        pass\n"),
    _why("the leader is not known", SEEN, "slot is None or slot.leads is None", "True"),
    _why(
        "a board that died is on",
        SEEN,
        "board.is_on, board.since, board.ended = False,",
        "board.is_on, board.since, board.ended = True,",
    ),
    _why("a board that forgot votes", SEEN, '"rejoining" if fields["journal"] == "blank" else "voting"', '"voting"'),
    _why(
        "a board that fell silent votes",
        SEEN,
        'board.mode, board.reason, board.mode_at = "silent"',
        'board.mode, board.reason, board.mode_at = "voting"',
    ),
    _why(
        "the frontier is what one board has applied", SEEN, "ranked[self.count - quorum_size(self.count)]", "ranked[0]"
    ),
    _why("a leader may propose two values", SEEN, "if len(values) > 1 and slot.leads is not None:", "if False:"),
    _why("restarts heal links", SEEN, "or not link.moments_unheard:", "or True:"),
    _why(
        "a link is heard when its sender speaks",
        LINK,
        "        self.sent_at = now\n",
        "        self.sent_at = self.heard_at = now\n",
    ),
    _why("the loss of a link is not measured", LINK, "self._sent[1] += self._pending", "self._sent[1] += 1"),
    _why(
        "an old delay counts forever",
        LINK,
        "return before if now < 0 else now",
        "return before if before >= 0 else now",
    ),
    _why(
        "no silence is chance",
        CONDITIONS,
        "return bool(self._loss(source, destination) ** missed > CHANCE)",
        "return False",
    ),
    _why(
        "every silence is chance",
        CONDITIONS,
        "return bool(self._loss(source, destination) ** missed > CHANCE)",
        "return True",
    ),
    _why("wrong tags tell nothing", CONDITIONS, "if link.refused >= SENT_MIN:", "if False:"),
    _why(
        "frames that wait are lost",
        CONDITIONS,
        "if loses_nothing or (link.on_the_way and link.delivered[1] == 0):",
        "if False:",
    ),
    _why("damage is loss", CONDITIONS, "if is_told and is_sent and link.delivered_unheard >= SENT_MIN:", "if False:"),
    _why(
        "a board that sends nothing is cut off",
        CONDITIONS,
        "if is_told and is_sent and not is_taken",
        "if False and is_sent and not is_taken",
    ),
    _why("a slow clock is right", CONDITIONS, "if rate < SLOW or rate > FAST:", "if rate > FAST:"),
    _why(
        "a clock that stands still is right", CONDITIONS, "if is_still and board.words_since >= WORDS_MIN:", "if False:"
    ),
    _why("a burst of loss is a cut", CONDITIONS, "return bool(loss > BURSTY and", "return bool(False and", "why drawn"),
    _why("all links are silent by chance", CONDITIONS, "if chance <= CHANCE:", "if False:", "why drawn"),
    _why(
        "a slow processor is a slow clock",
        CONDITIONS,
        "least = SLOW if is_still else RATE_MIN",
        "least = RATE_MIN",
        "why drawn",
    ),
    _why(
        "who lies to boards that hear nothing is able",
        CONDITIONS,
        "return self.seen.counts_links and is_old",
        "return False and is_old",
        "why drawn",
    ),
    _why(
        "a crew knows which boards are on",
        CONDITIONS,
        "ON_AND_QUIET if board.power_is_traced else NOT_HEARD",
        "ON_AND_QUIET",
    ),
    _why("a board that says nothing is able", CONDITIONS, "if self._ticks(heard_at) > still:", "if False:"),
)

RUNNER_MUTANTS = (
    _led("a poll needs no quorum", "GO for role in (QUORUM, *step.poll)", "GO for role in step.poll"),
    _led(
        "the quorum's word is never taken back",
        "if answers.get(QUORUM) != (NO_GO if why else GO):",
        "if answers.get(QUORUM) is None:",
    ),
    _led("a no-go holds nothing", "if answers.get(role) == NO_GO:", "if False:"),
    _led("one go is enough", "if all(answers.get(role)", "if any(answers.get(role)"),
    _led(
        "a held step goes on by itself",
        "if self._by_itself else None\n        if state.status == POLLING",
        "if True else None\n        if state.status == POLLING",
    ),
    _led("an expected state may come at any time", "if now >= self._now.since + step.within_seconds:", "if False:"),
    _led(
        "a delay is not waited for",
        "if state.status == DELAYING and now >= state.since + step.delay_seconds:",
        "if state.status == DELAYING:",
    ),
    _led(
        "a pause stops nothing",
        "or state.paused_at is not None:\n            return None",
        "or False:\n            return None",
    ),
    _led("time passes in a pause", "state.since += at - state.paused_at", "state.since += 0.0"),
    _led(
        "a refused order is done",
        "if state.outcome:\n                return self._enter",
        "if False:\n                return self._enter",
    ),
    _led(
        "an inject is played twice",
        '        if name in self._played:\n            raise RunnerError(f"inject',
        '        if False:\n            raise RunnerError(f"inject',
    ),
    _led("an inject at a time comes at once", "inject.at is not None and now >= inject.at", "inject.at is not None"),
    _led("a role that is not asked answers", "if role not in step.poll:", "if False:"),
    _led("a word for another step is taken", "if step.name != name:", "if False:"),
    _led(
        "a step that waits for nobody is stepped",
        "        if state.status != HELD:\n            raise",
        "        if False:\n            raise",
    ),
    _led("a retry gives the same order", "step/{self._now.number}/{self._now.attempt}", "step/{self._now.number}"),
    _led(
        "a failure without a crew does not end it",
        "return self._by_itself and self._now.status == FAILED",
        "return False",
    ),
)

MUTANTS = (*ENGINE_MUTANTS, *RUNNER_MUTANTS)
