"""Planted bugs of the checkers of all that is not consensus: messages, channels, what the ground station reports."""

from functools import partial

from tests.mutants.mutant import cut

CHECK, MESSAGES, ORDER = (f"specs/checking/{part}.py" for part in ("check", "messages/checker", "order"))
ANSWERS = "specs/checking/messages/answers.py"
SERVICES = "specs/checking/services/conformance.py"

_cut = partial(cut, "checker")

TELECOMMAND = "specs/checking/ledger/telecommand.py"

STATION = (
    _cut(
        "a run that says that it traces uplinks need not have any",
        TELECOMMAND,
        "self._uplinks > 0 if tells_uplinks is None else tells_uplinks)",
        "self._uplinks > 0)",
        "telecommands",
    ),
    _cut(
        "a run that traces no uplinks may have some",
        TELECOMMAND,
        "if self.run.traces_uplinks is False and",
        "if False and",
        "telecommands",
    ),
    _cut(
        "stages hold where nobody says that uplinks are not traced",
        TELECOMMAND,
        "if tells_uplinks is None and not self._uplinks:",
        "if False:",
        "telecommands",
    ),
    _cut("a telecommand takes any time", TELECOMMAND, "> ROUNDED_SECONDS:", "> 1e9:", "telecommands"),
    _cut(
        "the ground station's own events come at any time",
        ORDER,
        "def ground(self, event: Event) -> None:\n        self._check_clock(event)",
        "def ground(self, event: Event) -> None:\n        pass",
        "order",
    ),
    _cut(
        "the ticks of a board run as they like",
        ORDER,
        "_ran_backward(before.ticks, event.ticks):",
        "False:",
        "order",
    ),
    _cut(
        "channels hold where nobody says that messages are not traced",
        SERVICES,
        "if run.traces_messages is None and not run.has_messages:",
        "if False:",
        "segments",
    ),
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
REQUESTS = "specs/checking/ledger/requests.py"

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
        "(self._unsent if run.has_messages else [],",
        "([],",
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
    _cut("without the ticks of a Health", HEALTH, "if is_fresh and (advanced(", "if False and (advanced(", "health"),
    _cut("without when a Health is due", HEALTH, "if ticks % HEALTH_PERIOD_TICKS:", "if False:", "health"),
    _cut("without the heap of a Health", HEALTH, 'if fields["heap_run"] > fields["heap_free"]:', "if False:", "health"),
    _cut(
        "without the drops of a Health",
        HEALTH,
        'if is_fresh and fields["frames_surplus"] <',
        "if False and 0 <",
        "health",
    ),
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

MUTANTS = (*STATION, *QUESTIONS, *WHOLE_TRACES, *OF_THE_GROUND, *FOR_GOOD, *SEGMENTS, *REPORTS)
