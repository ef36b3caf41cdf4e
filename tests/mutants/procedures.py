"""Planted bugs of procedures: of the rules that judge their record, of what a crew may see, and of when it knows it."""

from tests.mutants.mutant import Mutant, cut

RULES = "specs/checking/procedure.py"
SIGHT = "groundstation/procedures/sight.py"
HORIZON = "groundstation/procedures/horizon.py"
SEEN = "groundstation/procedures/seen.py"
CREW = "groundstation/web/crew.py"
ARRIVALS = "groundstation/procedures/arrivals.py"
CAUGHT_BY = {SIGHT: "sight", HORIZON: "sight", SEEN: "seen", CREW: "crew's trace", ARRIVALS: "crew's trace"}


def _rule(name: str, before: str, after: str) -> Mutant:
    return cut("checker", name, RULES, before, after, "procedure")


def _known(name: str, file: str, before: str, after: str) -> Mutant:
    return Mutant(name, file, before, after, (CAUGHT_BY[file],))


OF_THE_RECORD = (
    _rule("procedure: any plan", "if self._plan is not None:\n", "if False:\n"),
    _rule("procedure: any step", 'if (fields["step"], fields["number"]) != (', "if () == ("),
    _rule("procedure: any phase", "if status not in self._next(", "if False and ("),
    _rule("procedure: moves in a pause", "if now.paused is not None and status != CONTINUED:", "if False:"),
    _rule("procedure: any delay", "if status == DONE and now.status == DELAYING and", "if False and"),
    _rule("procedure: a pause counts as delay", "now.since += at - (", "now.since += 0 * ("),
    _rule("procedure: fails early", "if status == FAILED and now.status == EXPECTING and", "if False and"),
    _rule("procedure: nobody's word", 'return "it takes a person\'s word" if needs else None', "return None"),
    _rule("procedure: anybody's word", 'if order is None or order["sender"] != sender:', "if order is None:"),
    _rule("procedure: a refused word", 'if fields["outcome"] == "accepted":', "if True:"),
    _rule(
        "procedure: any order is a word",
        'return all(order["told"].get(key) == value for key, value in told.items())',
        "return True",
    ),
    _rule(
        "procedure: an automatic word at any time",
        'return None if now.status == HELD else "nobody was asked for a word"',
        "return None",
    ),
    _rule(
        "procedure: the station tries again",
        "if now.status == EXPECTING and sender != RUNNER:",
        "if now.status == EXPECTING:",
    ),
    _rule("poll: goes on without a go", "if lacking else []", "if False else []"),
    _rule("poll: without the quorum", 'asked = (QUORUM, *step["poll"])', 'asked = tuple(step["poll"])'),
    _rule("poll: back without a no-go", 'else ["no role said no-go"]', "else []"),
    _rule("poll: old answers count", "now.answers = {}", "pass"),
    _rule("poll: outside a poll", 'fields["step"] != step["name"] or now.status != POLLING', "False"),
    _rule("poll: anybody for the quorum", "elif (sender == RUNNER) != (role == QUORUM):", "elif False:"),
    _rule("poll: without an order", "elif sender not in (RUNNER, AUTOMATIC) and not", "elif False and not"),
    _rule("order: any outcome", "if now.outcome == wanted else", "if True else"),
    _rule("quorum: go without one", "if answer == GO and", "if False and"),
    _rule("quorum: no-go with one", "if answer == NO_GO and", "if False and"),
    _rule("quorum: silent boards are heard", "board.heard >= at - self._heard_seconds - late - SLACK and", "True and"),
    _rule(
        "quorum: boards that do not vote", "self._votes(board, event.fields", "self._votes(board, True or event.fields"
    ),
    _rule("quorum: light takes no time", "late = light + self._heard_seconds * GRAIN if light else 0.0", "late = 0.0"),
    _rule("inject: without its order", "elif self._injects[rest] != fields", "elif False and fields"),
    _rule("inject: an order without it", "if rest not in self._injects or self._injects[rest] is None:", "if False:"),
    _rule(
        "inject: twice",
        'if name in self._injects:\n            self._violate(PLAYED, event, "it had',
        'if False:\n            self._violate(PLAYED, event, "it had',
    ),
    _rule(
        "inject: nobody's",
        "if sender != RUNNER and not self._is_ordered_by(sender, {",
        "if False and not self._is_ordered_by(sender, {",
    ),
)

OF_THE_CREW = (
    _known(
        "crew: events of a later version are seen", SIGHT, "    if name not in EVENTS:\n", '    if name == "Inject":\n'
    ),
    _known(
        "crew: all fields are seen", SIGHT, "for key in (*ENVELOPE, *EVENTS[name]) if key in line}", "for key in line}"
    ),
    _known("crew: liars are named", SIGHT, 'seen["byzantine"] = []', 'seen["byzantine"] = line["byzantine"]'),
    _known("crew: faults are counted by name", SIGHT, "key = name if is_known else OTHER", "key = name"),
    _known(
        "crew: requests show who is on", SIGHT, 'return None if line.get("stage") == UPLINKED else seen', "return seen"
    ),
    _known(
        "crew: orders of a later version are seen", SIGHT, "    if kind not in ORDERS:\n", '    if kind == "inject":\n'
    ),
    _known(
        "crew: the director's notes are seen",
        SIGHT,
        'return seen if is_to_crew or line.get("role") not in (None, DIRECTOR) else None',
        "return seen",
    ),
    _known(
        "crew: a refusal says that a board is off",
        SIGHT,
        'NOT_TOLD if kind == "control" else line["reason"]',
        'line["reason"]',
    ),
    _known(
        "crew: a failed step names the fault",
        SIGHT,
        "ORDER_REFUSED if reason.startswith(ORDER_REFUSED) else reason",
        "reason",
    ),
    _known("crew: knows the faults beforehand", SIGHT, "if isinstance(rule, GEOMETRY)]", "]"),
    _known("crew: knows the injects beforehand", SIGHT, '"liveness": None, "injects": []', '"liveness": None'),
    _known(
        "horizon: a confirmation is known at once",
        HORIZON,
        "return FARTHEST if board is None else int(board)",
        "return board",
    ),
    _known(
        "horizon: no light time",
        HORIZON,
        "return float(at) if board is None else float(at) + self.seconds(board, at)",
        "return float(at)",
    ),
    _known(
        "horizon: a step knows at once",
        SEEN,
        "at <= now for place, at in reached.items()",
        "True for place, at in reached.items()",
    ),
    _known(
        "horizon: words on their way are not bounded",
        SEEN,
        "if last is None or at > last.first + self._grain:",
        "if True:",
    ),
    _known(
        "crew: the numbers of the ground show gaps", CREW, 'line["seq"], self._seq = self._seq, self._seq + 1', "pass"
    ),
    _known(
        "crew: told before it can have come",
        ARRIVALS,
        "while self._pending and self._pending[0][0] <= max(now, self.now):",
        "while self._pending:",
    ),
    _known(
        "crew: a lost run is revealed",
        CREW,
        "OVER_STATES = (CHECKING, OVER, STORED)",
        'OVER_STATES = (CHECKING, OVER, STORED, "lost")',
    ),
    _known(
        "crew: a resumed run stays revealed",
        CREW,
        "self.is_revealed = is_over and",
        "self.is_revealed = self.is_revealed or is_over and",
    ),
)

MUTANTS = (*OF_THE_RECORD, *OF_THE_CREW)
