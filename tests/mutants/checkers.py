"""Planted bugs of the checkers: an invariant or a guard that is not evaluated, registers that are not compared.

The lists of invariants are read from the code: each one is cut by itself, and a test must miss it by its name.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from amu.wire import messages as m
from specs.checking.consensus import conformance as consensus
from specs.checking.consensus import knowledge, learner_rules, log_rules
from specs.checking.ledger import conformance as ledger
from specs.checking.services import detector
from specs.checking.services.conformance import PROTOCOLS
from tests.mutants.mutant import Mutant, cut

CONSENSUS = "specs/checking/consensus/conformance.py"
LOG_RULES = "specs/checking/consensus/log_rules.py"
LEARNER_RULES = "specs/checking/consensus/learner_rules.py"
LEDGER = "specs/checking/ledger/conformance.py"
OPERATIONS = "specs/checking/ledger/operations.py"
SERVICES = "specs/checking/services/conformance.py"
DETECTOR = "specs/checking/services/detector.py"
TETRABFT = "specs/tetrabft/tetrabft.tla"
STEPS = frozenset({consensus.IS_STEP, ledger.IS_STEP, detector.IS_STEP})  # the identifiers of "each event is a step"
NOTHING = "**{}"  # in the place of an entry of a dictionary

_cut = partial(cut, "checker")


def _entries(rules: Mapping[str, str], file: str, check: str) -> list[Mutant]:
    """One for each entry `"operator": identifier` of a dictionary."""
    return [
        _cut(
            f"without {name}",
            file,
            f'"{name}": ' + ("IS_STEP" if name.endswith("TypeOK") and identifier in STEPS else f'"{identifier}"'),
            NOTHING,
            check,
        )
        for name, identifier in rules.items()
    ]


OF_A_SLOT = [(f'"{key}": "{name}"', name) for key, name in consensus.INVARIANTS.items() if key != consensus.AGREEMENT]
OF_SERVICES = {name: key for one in PROTOCOLS for name, key in one.rules.items()}

INVARIANTS = (
    _cut("without Agreement", CONSENSUS, 'AGREEMENT: "Agreement"', 'AGREEMENT: "TypeOK"', "invariants of a slot"),
    *(_cut(f"without {name}", CONSENSUS, text, NOTHING, "invariants of a slot") for text, name in OF_A_SLOT),
    *[
        replace(one, name=f"{one.name} in each state")
        for one in _entries(consensus.PROVED, CONSENSUS, "invariants of a slot")
    ],
    _cut("without states after a view", CONSENSUS, "if self._has_left_view_0:", "if False:", "invariants of a slot"),
    *_entries({**ledger.STATE_PREDICATES, **ledger.STEP_PROPERTIES}, LEDGER, "invariants of the ledger"),
    _cut("without WindowBounded", OPERATIONS, '("WindowBounded", "Cl', '("Cl', "invariants of operations"),
    _cut("without ClientsBounded", OPERATIONS, ' "ClientsBounded")', ")", "invariants of operations"),
    _cut(
        "without AnswersStandStep",
        OPERATIONS,
        "if not self.module.action(STEP_PROPERTY)(alone_before, alone_after):",
        "if False:",
        "invariants of operations",
    ),
    *[
        replace(one, name=f"{one.name} of services") if one.name.endswith("TypeOK") else one
        for one in _entries(OF_SERVICES, SERVICES, "invariants of the services")
    ],
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

APPLIED = (
    _cut(
        "a wish in an applied slot",
        CONSENSUS,
        "            if known is not None:\n",
        "            if False:\n",
        "words",
    ),
    _cut(
        "a question for the body of what is applied",
        CONSENSUS,
        "            if (event.node, event.boot) in self._applied_in:\n                self._bad(knowledge.T",
        "            if False:\n                self._bad(knowledge.T",
        "words",
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

TRANSFERS_FILE = "specs/checking/consensus/transfers.py"

TRANSFERS = (
    _cut(
        "a state may have any number of pieces",
        "specs/checking/ledger/checker.py",
        "elif pieces < wanted:",
        "elif False:",
        "transfers",
    ),
    _cut(
        "a question to another node keeps the pieces",
        TRANSFERS_FILE,
        "(present.slot, present.peer) != (slot, peer):",
        "present.slot != slot:",
        "transfers",
    ),
    _cut("a flood of refusals hides no piece", TRANSFERS_FILE, "present.is_known = False", "pass", "transfers"),
)

PROPOSERS = (
    _cut(
        "a proposal that died with its board is not looked for in registers",
        LOG_RULES,
        'if event.name == "Restore":',
        "if False:",
        "log rules",
    ),
)

MUTANTS = (*PROPOSERS, *INVARIANTS, *GUARDS, *WORDS, *LATER_LIVES, *APPLIED, *REBOOTS, *TRANSFERS)
