"""Planted bugs of the checkers: an invariant or a guard that is not evaluated, registers that are not compared.

The lists of invariants are read from the code: each one is cut by itself, and a test must miss it by its name.
"""

from collections.abc import Mapping
from functools import partial

from amu.wire import messages as m
from specs.checking.consensus import conformance as consensus
from specs.checking.consensus import knowledge, learner_rules, log_rules
from specs.checking.ledger import conformance as ledger
from specs.checking.services import detector
from specs.checking.services.conformance import PROTOCOLS
from tests.mutants.mutant import Mutant, cut

CHECK, MESSAGES, ORDER = (f"specs/checking/{part}.py" for part in ("check", "messages/checker", "order"))
ANSWERS = "specs/checking/messages/answers.py"
CONSENSUS = "specs/checking/consensus/conformance.py"
LOG_RULES = "specs/checking/consensus/log_rules.py"
LEARNER_RULES = "specs/checking/consensus/learner_rules.py"
LEDGER = "specs/checking/ledger/conformance.py"
OPERATIONS = "specs/checking/ledger/operations.py"
SERVICES = "specs/checking/services/conformance.py"
DETECTOR = "specs/checking/services/detector.py"
TETRABFT = "specs/tetrabft/tetrabft.tla"
NOTHING = "**{}"  # in the place of an entry of a dictionary

_cut = partial(cut, "checker")


def _entries(rules: Mapping[str, str], file: str, check: str) -> list[Mutant]:
    """One for each entry `"operator": identifier` of a dictionary."""
    return [
        _cut(
            f"without {name}",
            file,
            f'"{name}": ' + ("IS_STEP" if name.endswith("TypeOK") else f'"{identifier}"'),
            NOTHING,
            check,
        )
        for name, identifier in rules.items()
    ]


OF_A_SLOT = [(f'"{key}": "{name}"', name) for key, name in consensus.INVARIANTS.items() if key != consensus.AGREEMENT]
OF_SERVICES = {name: key for one in PROTOCOLS for name, key in {**one.invariants, **one.properties}.items()}

INVARIANTS = (
    _cut("without Agreement", CONSENSUS, 'AGREEMENT: "Agreement"', 'AGREEMENT: "TypeOK"', "invariants of a slot"),
    *(_cut(f"without {name}", CONSENSUS, text, NOTHING, "invariants of a slot") for text, name in OF_A_SLOT),
    *_entries({**ledger.INVARIANTS, **ledger.STEP_PROPERTIES}, LEDGER, "invariants of the ledger"),
    _cut("without WindowBounded", OPERATIONS, '("WindowBounded", "Cl', '("Cl', "invariants of operations"),
    _cut("without ClientsBounded", OPERATIONS, ' "ClientsBounded")', ")", "invariants of operations"),
    _cut(
        "without AnswersStandStep",
        OPERATIONS,
        "if not self.module.action(STEP_PROPERTY)(alone_before, alone_after):",
        "if False:",
        "invariants of operations",
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
        return _cut(f"without {name}", file, LEARNER_ANCHOR, less + LEARNER_ANCHOR, check)
    return _cut(f"without {guard} of {event}", file, ANCHOR, less + ANCHOR, LOG_CHECKS.get(guard, "log rules"))


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
        "without a question before an answer",
        MESSAGES,
        "if to != BROADCAST:\n            self._look",
        "if False:\n            self._look",
        "messages",
    ),
    _cut(
        "without the number of answers",
        ANSWERS,
        "if given[kind] > questions[asked.fields",
        "if False and questions[asked.fields",
        "messages",
    ),
    _cut("without the kind of a question", ANSWERS, ' or asked.fields["kind"] not in questions:', ":", "messages"),
    _cut("without who asked a question", ANSWERS, 'or asked.fields["from"] != to or', "or", "messages"),
    _cut("without the ground station's clock", ORDER, "if event.received < self._received:", "if False:", "order"),
    _cut(
        "without the word of a Control",
        "specs/checking/schema.py",
        '("action", _control)',
        '("action", words)',
        "trace lines",
    ),
    _cut("without the first receipt before its sending", ORDER, "self._unsent += [", "_ = [", "order"),
)

KNOWLEDGE = "specs/checking/consensus/knowledge.py"
ASKED = "if instance.module.predicate(SAYS[kind])(instance.state, *arguments):"


def _word(kind: int, guard: str) -> Mutant:
    """The rule of a message about the log without `guard`."""
    fewer = f'Rule("", tuple(one for one in SAYS[{kind}].guards if one[1] != "{guard}"))'
    text = f"SAYS = {{**SAYS, {kind}: {fewer}}}\n\n" + ANCHOR
    return _cut(f"without {guard} of a {m.BY_KIND[kind].__name__}", LOG_RULES, ANCHOR, text, "words")


WORDS = (
    *(
        _cut(f"without {operator}", KNOWLEDGE, ASKED, ASKED.replace("if ", f"if kind == {kind} or "), "words")
        for kind, operator in knowledge.SAYS.items()
    ),
    *(_word(kind, guard) for kind, rule in log_rules.SAYS.items() for _, guard in rule.guards),
)

LATER_LIVES = (
    _cut(
        "without the body of what is applied",
        CONSENSUS,
        "        self._look_for_body(value, event)\n",
        "",
        "later lives",
    ),
    _cut(
        "without the time of a decision on flash",
        CONSENSUS,
        " and self.knowledge.may_recover(action, arguments, event):",
        ":",
        "later lives",
    ),
    _cut(
        "without a state that its board had sent of the slot",
        CONSENSUS,
        "if is_of_flash and self._open_in_boot",
        "if False and self._open_in_boot",
        "later lives",
    ),
    _cut(
        "without a state of a decided slot",
        CONSENSUS,
        "if self._decided_in_boot.get(event.node) == event.boot:",
        "if False:",
        "later lives",
    ),
    _cut(
        "without the slot of a state",
        "specs/checking/consensus/reports.py",
        "if sent is not None and sent.slot != slot else",
        "if False else",
        "later lives",
    ),
)

REBOOTS = (
    *(
        _cut(
            f"without {name} of Restore",
            TETRABFT,
            f"    /\\ {name} = {operator}(p, {name[-1]}, MaxView + 1)\n",
            "",
            "reboots",
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
    _cut(
        "any node may lack its decisions", KNOWLEDGE, "if of == what and line < end}", "if of == what}", "later lives"
    ),
)

WHOLE_TRACES = (
    _cut(
        "messages that a run says it traces may be missing",
        MESSAGES,
        "self._tells_steps = run.traces_messages is True",
        "self._tells_steps = False",
        "messages",
    ),
    _cut(
        "a run that traces no messages may have some",
        MESSAGES,
        "if name in EVENTS and self.run.traces_messages is False:",
        "if False:",
        "messages",
    ),
    _cut(
        "receipts from a board without any Send are not looked up",
        ORDER,
        "is_traced = self.run.traces_messages or sender in self.run.sends.senders",
        "is_traced = sender in self.run.sends.senders",
        "messages",
    ),
    _cut(
        "lines of another run are taken",
        CHECK,
        "if self._end is not None or event.run != self._name or",
        "if self._end is not None or",
        "one run",
    ),
    _cut("a Resume may name any run", CHECK, "if self._name not in (None, resumed):", "if False:", "one run"),
    _cut(
        "a Resume brings dead boards back",
        "specs/checking/lives.py",
        "        if event.name in BOOT_ENDS and",
        '        if event.name == "Resume":\n            self._dead.clear()\n        if event.name in BOOT_ENDS and',
        "one run",
    ),
    _cut("events after RunEnd are taken", CHECK, "if self._end is not None or event.run", "if event.run", "one run"),
)

OWED = "specs/checking/messages/owed.py"
REQUESTS, TELECOMMAND = (f"specs/checking/ledger/{part}.py" for part in ("requests", "telecommand"))

OF_THE_GROUND = (
    _cut("requests need not reach a board", REQUESTS, "if heard <= asked.get(key, NOTHING):", "if False:", "requests"),
    _cut(
        "requests may reach a board before they are made",
        REQUESTS,
        "if heard <= asked.get(key, NOTHING):",
        "if heard == NOTHING:",
        "requests",
    ),
    _cut(
        "requests of an earlier life count", REQUESTS, "life = (node, event.boot)\n", "life = (node, 0)\n", "requests"
    ),
    _cut(
        "a board may answer the ground without a reply",
        TELECOMMAND,
        "for event in self._unsent:",
        "for event in ():",
        "requests",
    ),
    _cut(
        "an operation need not be answered",
        OWED,
        "if before is not None and before.name == APPLIED and not _is_reply(event):",
        "if False:",
        "requests",
    ),
    _cut(
        "a question need not be answered",
        OWED,
        "if asked is not None and asked.boot == event.boot:",
        "if False:",
        "requests",
    ),
    _cut("a reply needs no question", OWED, "elif _is_reply(event):", "elif False:", "requests"),
)

REFUSED_FOR_GOOD = 'event.fields["status"] == MALFORMED or (is_whole and is_remembered)'

FOR_GOOD = (
    _cut(
        "a malformed command may be applied",
        TELECOMMAND,
        REFUSED_FOR_GOOD,
        'event.fields["status"] == STALE and is_whole and is_remembered',
        "telecommands",
    ),
    _cut(
        "what boards remember may be stale",
        TELECOMMAND,
        REFUSED_FOR_GOOD,
        'event.fields["status"] == MALFORMED',
        "telecommands",
    ),
    _cut(
        "boards forget nothing",
        TELECOMMAND,
        "is_remembered = last[operation.client] < operation.operation + OPERATIONS_PER_CLIENT_MAX",
        "is_remembered = True",
        "telecommands",
    ),
    _cut(
        "clients of another station are not named",
        TELECOMMAND,
        "        if others:",
        "        if False:",
        "telecommands",
        "requests",
    ),
)

HEALTH = "specs/checking/messages/health.py"

REPORTS = (
    _cut(
        "without the slot of a Health",
        HEALTH,
        "if applied > self._applied[node] or (is_fresh",
        "if False and (is_fresh",
        "health",
    ),
    _cut("without the old slot of a Health", HEALTH, "(is_fresh and applied < self._applied[node])", "False", "health"),
    _cut("without the ticks of a Health", HEALTH, "if is_fresh and (ticks <", "if False and (ticks <", "health"),
    _cut("without when a Health is due", HEALTH, "if ticks % HEALTH_PERIOD_TICKS:", "if False:", "health"),
    _cut("without the heap of a Health", HEALTH, 'if fields["heap_run"] > fields["heap_free"]:', "if False:", "health"),
    _cut("without a Health read again", HEALTH, "self._fresh.clear()", "pass", "health"),
)

LINK = "specs/link/trace_link.tla"
REFUSALS = "specs/checking/messages/refusals.py"

SEGMENTS = (
    _cut("without IsHeard", LINK, "TracesMessages => heard[node][1] = peer", "TRUE", "segments"),
    _cut(
        "without IsCarried",
        LINK,
        "TracesMessages => heard[node][2] = AnyTime",
        "TRUE \\/ heard[node][2] = AnyTime",
        "segments",
    ),
    _cut(
        "without what the last message was",
        LINK,
        "IF kind = SegmentKind THEN <<from, sent>> ELSE",
        "IF TRUE THEN <<from, sent>> ELSE",
        "segments",
    ),
    _cut(
        "without when a segment left",
        LINK,
        "s[1] <= heard[node][2] /\\ s[2] >= sequence",
        "s[2] >= sequence",
        "segments",
    ),
    _cut(
        "messages of channels are never asked for",
        SERVICES,
        "found.update(TracesMessages=has_messages,",
        "found.update(TracesMessages=False,",
        "segments",
    ),
    _cut(
        "a flood of refusals hides no segment",
        SERVICES,
        "if self._refusals.is_flooded(event):",
        "if False:",
        "segments",
    ),
    _cut(
        "without the tick of a flood of refusals",
        REFUSALS,
        "(boot, ticks) == (event.boot, event.ticks) and",
        "",
        "segments",
    ),
)

MUTANTS = (
    *(*INVARIANTS, *GUARDS, *QUESTIONS, *WORDS, *LATER_LIVES, *REBOOTS, *WHOLE_TRACES),
    *(*OF_THE_GROUND, *FOR_GOOD, *SEGMENTS, *REPORTS),
)
