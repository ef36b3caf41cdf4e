"""Planted bugs of the checkers: an invariant or a guard that is not evaluated, registers that are not compared.

The lists of invariants are read from the code: each one is cut by itself, and a test must miss it by its name.
"""

from collections.abc import Mapping

from amu.wire import messages as m
from specs.checking.consensus import conformance as consensus
from specs.checking.consensus import knowledge, learner_rules, log_rules
from specs.checking.ledger import conformance as ledger
from specs.checking.services import detector
from specs.checking.services.conformance import PROTOCOLS
from tests.mutants.mutant import Mutant

CHECK, MESSAGES, ORDER = (f"specs/checking/{part}.py" for part in ("check", "messages", "order"))
ANSWERS = "specs/checking/answers.py"
CONSENSUS = "specs/checking/consensus/conformance.py"
LOG_RULES = "specs/checking/consensus/log_rules.py"
LEARNER_RULES = "specs/checking/consensus/learner_rules.py"
LEDGER = "specs/checking/ledger/conformance.py"
OPERATIONS = "specs/checking/ledger/operations.py"
SERVICES = "specs/checking/services/conformance.py"
DETECTOR = "specs/checking/services/detector.py"
TETRABFT = "specs/tetrabft/tetrabft.tla"
NOTHING = "**{}"  # in the place of an entry of a dictionary


def _cut(name: str, file: str, before: str, check: str, after: str = NOTHING) -> Mutant:
    return Mutant(f"checker: {name} is not evaluated", file, before, after, (check,))


def _entries(rules: Mapping[str, str], file: str, check: str) -> list[Mutant]:
    """One for each entry `"operator": identifier` of a dictionary."""
    return [
        _cut(name, file, f'"{name}": ' + ("IS_STEP" if name.endswith("TypeOK") else f'"{identifier}"'), check)
        for name, identifier in rules.items()
    ]


OF_A_SLOT = [(f'"{key}": "{name}"', name) for key, name in consensus.INVARIANTS.items() if key != consensus.AGREEMENT]
OF_SERVICES = {name: key for one in PROTOCOLS for name, key in {**one.invariants, **one.properties}.items()}

INVARIANTS = (
    _cut("Agreement", CONSENSUS, 'AGREEMENT: "Agreement"', "invariants of a slot", 'AGREEMENT: "TypeOK"'),
    *(_cut(name, CONSENSUS, text, "invariants of a slot") for text, name in OF_A_SLOT),
    *_entries({**ledger.INVARIANTS, **ledger.STEP_PROPERTIES}, LEDGER, "invariants of the ledger"),
    _cut("WindowBounded", OPERATIONS, '("WindowBounded", "Cl', "invariants of operations", '("Cl'),
    _cut("ClientsBounded", OPERATIONS, ' "ClientsBounded")', "invariants of operations", ")"),
    _cut(
        "AnswersStandStep",
        OPERATIONS,
        "if not self.module.action(STEP_PROPERTY)(alone_before, alone_after):",
        "invariants of operations",
        "if False:",
    ),
    *_entries(OF_SERVICES, SERVICES, "invariants of the services"),
    *_entries({**detector.INVARIANTS, **detector.STEP_PROPERTIES}, DETECTOR, "invariants of the detector"),
)


ANCHOR = "# A guard's parameters have the names of the event's fields, except for these."


LEARNER_ANCHOR = "class LearnerChecker(Checker):"
LEARNER_CHECKS = {"KnowsState": "log rules", "IsGiven": "log rules"}  # the others: "learner rules"
LOG_CHECKS = {"KnowsState": "rejoin", "IsGiven": "later lives"}  # the others: "log rules"


def _guard(event: str, guard: str, file: str = LOG_RULES) -> Mutant:
    """The rule of `event` without `guard`, written behind the table of rules."""
    rule = f'RULES["{event}"]'
    fewer = f'Rule({rule}.told, tuple(one for one in {rule}.guards if one[1] != "{guard}"))'
    less = f'RULES = {{**RULES, "{event}": {fewer}}}\n\n'
    if file == LEARNER_RULES:
        name, check = f"{guard} of a learner's {event}", LEARNER_CHECKS.get(guard, "learner rules")
        return _cut(name, file, LEARNER_ANCHOR, check, less + LEARNER_ANCHOR)
    return _cut(f"{guard} of {event}", file, ANCHOR, LOG_CHECKS.get(guard, "log rules"), less + ANCHOR)


GUARDS = (
    *(
        _guard(event, guard)
        for event, rule in log_rules.RULES.items()
        for _, guard in rule.guards
        if event not in ("Vote2", "Vote3", "Vote4")  # as Vote1
    ),
    *(_guard(event, guard, LEARNER_RULES) for event, rule in learner_rules.RULES.items() for _, guard in rule.guards),
)

QUESTIONS = (
    _cut(
        "a question before an answer",
        MESSAGES,
        "if to != BROADCAST:\n            self._look",
        "messages",
        "if False:\n            self._look",
    ),
    _cut(
        "the number of answers",
        ANSWERS,
        "if given[kind] > questions[asked.fields",
        "messages",
        "if False and questions[asked.fields",
    ),
    _cut("the kind of a question", ANSWERS, ' or asked.fields["kind"] not in questions:', "messages", ":"),
    _cut("who asked a question", ANSWERS, 'or asked.fields["from"] != to or', "messages", "or"),
    _cut("the ground station's clock", ORDER, "if event.received < self._received:", "order", "if False:"),
    _cut(
        "the word of a Control", "specs/checking/schema.py", '("action", _control)', "trace lines", '("action", words)'
    ),
    _cut("the first receipt before its sending", ORDER, "self._unsent += [", "order", "_ = ["),
)

KNOWLEDGE = "specs/checking/consensus/knowledge.py"
ASKED = "if instance.module.predicate(SAYS[kind])(instance.state, *arguments):"


def _word(kind: int, guard: str) -> Mutant:
    """The rule of a message about the log without `guard`."""
    fewer = f'Rule("", tuple(one for one in SAYS[{kind}].guards if one[1] != "{guard}"))'
    text = f"SAYS = {{**SAYS, {kind}: {fewer}}}\n\n" + ANCHOR
    return _cut(f"{guard} of a {m.BY_KIND[kind].__name__}", LOG_RULES, ANCHOR, "words", text)


WORDS = (
    *(
        _cut(operator, KNOWLEDGE, ASKED, "words", ASKED.replace("if ", f"if kind == {kind} or "))
        for kind, operator in knowledge.SAYS.items()
    ),
    *(_word(kind, guard) for kind, rule in log_rules.SAYS.items() for _, guard in rule.guards),
)

LATER_LIVES = (
    _cut("the body of what is applied", CONSENSUS, "        self._look_for_body(value, event)\n", "later lives", ""),
    _cut(
        "the time of a decision on flash",
        CONSENSUS,
        " and self.knowledge.may_recover(action, arguments, event):",
        "later lives",
        ":",
    ),
    _cut(
        "a state that its board had sent of the slot",
        CONSENSUS,
        "if is_of_flash and self._open_in_boot",
        "later lives",
        "if False and self._open_in_boot",
    ),
    _cut(
        "a state of a decided slot",
        CONSENSUS,
        "if self._decided_in_boot.get(event.node) == event.boot:",
        "later lives",
        "if False:",
    ),
    _cut(
        "the slot of a state",
        "specs/checking/consensus/reports.py",
        "if sent is not None and sent.slot != slot else",
        "later lives",
        "if False else",
    ),
)

REBOOTS = (
    *(
        _cut(
            f"{name} of Restore", TETRABFT, f"    /\\ {name} = {operator}(p, {name[-1]}, MaxView + 1)\n", "reboots", ""
        )
        for name, operator in (
            ("hi1", "HighestVote"),
            ("second1", "SecondVote"),
            ("hi2", "HighestVote"),
            ("second2", "SecondVote"),
            ("hi3", "HighestVote"),
            ("hi4", "HighestVote"),
        )
    ),
    Mutant(
        "checker: any node may lack its decisions",
        KNOWLEDGE,
        "if of == what and line < end}",
        "if of == what}",
        ("later lives",),
    ),
)

WHOLE_TRACES = (
    Mutant(
        "checker: messages that a run says it traces may be missing",
        MESSAGES,
        "self._tells_steps = run.traces_messages is True",
        "self._tells_steps = False",
        ("messages",),
    ),
    Mutant(
        "checker: a run that traces no messages may have some",
        MESSAGES,
        "if name in EVENTS and self.run.traces_messages is False:",
        "if False:",
        ("messages",),
    ),
    Mutant(
        "checker: receipts from a board without any Send are not looked up",
        ORDER,
        "is_traced = self.run.traces_messages or sender in self.run.sends.senders",
        "is_traced = sender in self.run.sends.senders",
        ("messages",),
    ),
    Mutant(
        "checker: lines of another run are taken",
        CHECK,
        "if self._end is not None or event.run != self._name or",
        "if self._end is not None or",
        ("one run",),
    ),
    Mutant(
        "checker: a Resume may name any run",
        CHECK,
        "if self._name not in (None, resumed):",
        "if False:",
        ("one run",),
    ),
    Mutant(
        "checker: a Resume brings dead boards back",
        "specs/checking/lives.py",
        "        if event.name in BOOT_ENDS and",
        '        if event.name == "Resume":\n            self._dead.clear()\n        if event.name in BOOT_ENDS and',
        ("one run",),
    ),
    Mutant(
        "checker: events after RunEnd are taken",
        CHECK,
        "if self._end is not None or event.run",
        "if event.run",
        ("one run",),
    ),
)

OWED = "specs/checking/owed.py"
REQUESTS, TELECOMMAND = (f"specs/checking/ledger/{part}.py" for part in ("requests", "telecommand"))

OF_THE_GROUND = (
    Mutant(
        "checker: requests need not reach a board",
        REQUESTS,
        "if heard <= asked.get(key, NOTHING):",
        "if False:",
        ("requests",),
    ),
    Mutant(
        "checker: requests may reach a board before they are made",
        REQUESTS,
        "if heard <= asked.get(key, NOTHING):",
        "if heard == NOTHING:",
        ("requests",),
    ),
    Mutant(
        "checker: requests of an earlier life count",
        REQUESTS,
        "life = (node, event.boot)\n",
        "life = (node, 0)\n",
        ("requests",),
    ),
    Mutant(
        "checker: a board may answer the ground without a reply",
        TELECOMMAND,
        "for event in self._unsent:",
        "for event in ():",
        ("requests",),
    ),
    Mutant(
        "checker: an operation need not be answered",
        OWED,
        "if before is not None and before.name == APPLIED and not _is_reply(event):",
        "if False:",
        ("requests",),
    ),
    Mutant(
        "checker: a question need not be answered",
        OWED,
        "if asked is not None and asked.boot == event.boot:",
        "if False:",
        ("requests",),
    ),
    Mutant(
        "checker: a reply needs no question",
        OWED,
        "elif _is_reply(event):",
        "elif False:",
        ("requests",),
    ),
)

REFUSED_FOR_GOOD = 'event.fields["status"] == MALFORMED or (is_whole and is_remembered)'

FOR_GOOD = (
    Mutant(
        "checker: a malformed command may be applied",
        TELECOMMAND,
        REFUSED_FOR_GOOD,
        'event.fields["status"] == STALE and is_whole and is_remembered',
        ("telecommands",),
    ),
    Mutant(
        "checker: what boards remember may be stale",
        TELECOMMAND,
        REFUSED_FOR_GOOD,
        'event.fields["status"] == MALFORMED',
        ("telecommands",),
    ),
    Mutant(
        "checker: boards forget nothing",
        TELECOMMAND,
        "is_remembered = last[operation.client] < operation.operation + OPERATIONS_PER_CLIENT_MAX",
        "is_remembered = True",
        ("telecommands",),
    ),
    Mutant(
        "checker: clients of another station are not named",
        TELECOMMAND,
        "        if others:",
        "        if False:",
        ("telecommands", "requests"),
    ),
)

HEALTH = "specs/checking/health.py"

REPORTS = (
    _cut(
        "the slot of a Health",
        HEALTH,
        "if applied > self._applied[node] or (is_fresh",
        "health",
        "if False and (is_fresh",
    ),
    _cut("the old slot of a Health", HEALTH, "(is_fresh and applied < self._applied[node])", "health", "False"),
    _cut("the ticks of a Health", HEALTH, "if is_fresh and (ticks <", "health", "if False and (ticks <"),
    _cut("when a Health is due", HEALTH, "if ticks % HEALTH_PERIOD_TICKS:", "health", "if False:"),
    _cut("the heap of a Health", HEALTH, 'if fields["heap_run"] > fields["heap_free"]:', "health", "if False:"),
    _cut("a Health read again", HEALTH, "self._fresh.clear()", "health", "pass"),
)

LINK = "specs/link/trace_link.tla"
REFUSALS = "specs/checking/refusals.py"

SEGMENTS = (
    _cut("IsHeard", LINK, "TracesMessages => heard[node][1] = peer", "segments", "TRUE"),
    _cut(
        "IsCarried", LINK, "TracesMessages => heard[node][2] = AnyTime", "segments", "TRUE \\/ heard[node][2] = AnyTime"
    ),
    _cut(
        "what the last message was",
        LINK,
        "IF kind = SegmentKind THEN <<from, sent>> ELSE",
        "segments",
        "IF TRUE THEN <<from, sent>> ELSE",
    ),
    _cut("when a segment left", LINK, "s[1] <= heard[node][2] /\\ s[2] >= sequence", "segments", "s[2] >= sequence"),
    Mutant(
        "checker: messages of channels are never asked for",
        SERVICES,
        "found.update(TracesMessages=has_messages,",
        "found.update(TracesMessages=False,",
        ("segments",),
    ),
    Mutant(
        "checker: a flood of refusals hides no segment",
        SERVICES,
        "if self._refusals.is_flooded(event):",
        "if False:",
        ("segments",),
    ),
    _cut("the tick of a flood of refusals", REFUSALS, "(boot, ticks) == (event.boot, event.ticks) and", "segments", ""),
)

MUTANTS = (
    *(*INVARIANTS, *GUARDS, *QUESTIONS, *WORDS, *LATER_LIVES, *REBOOTS, *WHOLE_TRACES),
    *(*OF_THE_GROUND, *FOR_GOOD, *SEGMENTS, *REPORTS),
)
