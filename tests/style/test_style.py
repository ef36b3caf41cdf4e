"""The project keeps its own rules, and each rule is seen to fail on a planted breach."""

import pytest

from tests.style import flight_rules, prose_rules, timer_rules, trace_rules, tree_rules
from tests.style.project import breaches

CORE = "firmware/amu/consensus/planted.py"
BOARD = "firmware/amu/boards/planted.py"


def rules_broken(path: str, source: str) -> list[str]:
    return [finding.rule for finding in flight_rules.check(path, source)]


def test_the_project_keeps_its_rules() -> None:
    found = breaches()
    assert not found, "\n" + "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("dict-iteration", "for x in {1, 2}:\n    pass\n"),
        ("dict-iteration", "for key, item in table.items():\n    pass\n"),
        ("dict-iteration", "found = [key for key in table.keys()]\n"),
        ("dict-iteration", "found = list(table.values())\n"),
        ("dict-iteration", "table = {}\nfor key in table:\n    pass\n"),
        ("dict-iteration", "def f(self):\n    self.votes = set()\n    return [vote for vote in self.votes]\n"),
        ("dict-iteration", "first = next(iter(set(names)))\n"),
        ("dict-iteration", "pair = table.popitem()\n"),
        ("dict-iteration", "f(*{1, 2})\n"),
        ("dict-iteration", "table: dict[int, int] = {}\nfor key in table:\n    pass\n"),
        ("imports", "import time\n"),
        ("imports", "from typing import Any\n"),
        ("typing", "from amu.core.types import Item\n"),
        ("typing", "from amu.core import seams\n"),
        ("typing", "import amu.node.seams\n"),
        ("annotations", "def f(slot):\n    pass\n"),
        ("annotations", "def f(slot: int):\n    pass\n"),
        ("annotations", "class Vote:\n    def slot(self):\n        return 1\n"),
        ("annotations", "def f(*fields) -> None:\n    pass\n"),
        ("imports", "from random import randrange\n"),
        ("imports", "import os\n"),
        ("imports", "from dataclasses import dataclass\n"),
        ("imports", "from groundstation import faults\n"),
        ("floats", "wait = 1.5\n"),
        ("floats", "half = total / 2\n"),
        ("world", "print(slot)\n"),
        ("world", "data = open('vote').read()\n"),
        ("language", "digest = h.hexdigest()\n"),
        ("language", "n = int.from_bytes(data, byteorder='big')\n"),
        ("language", "def f(a, /):\n    pass\n"),
        ("language", "match kind:\n    case 1:\n        pass\n"),
        ("language", "async def f():\n    pass\n"),
    ],
)  # fmt: skip
def test_flight_rules_catch(rule: str, source: str) -> None:
    assert rule in rules_broken(CORE, source)


@pytest.mark.parametrize(
    "source",
    [
        "for code in sorted(EVENTS):\n    pass\n",
        "total = sum(count for count in table.values())\n",
        "for pair in sorted(table.items()):\n    pass\n",
        "for replica in range(4):\n    pass\n",
        "votes = []\nfor vote in votes:\n    pass\n",
        "half = total // 2\n",
        "from amu.core import limits\nimport hashlib\n",
        'if "":\n    from typing import Any\n\n    from amu.core.types import Item\n',
        'class Vote:\n    def is_equal(self, other: "Any", *others: int) -> bool:\n        return False\n',
    ],
)
def test_flight_rules_let_pass(source: str) -> None:
    assert rules_broken(CORE, source) == []


def test_boards_may_read_the_world_but_no_upper_floor() -> None:
    assert rules_broken(BOARD, "import machine\nimport time\nprint(time.time() / 2)\n") == []
    assert rules_broken(BOARD, "from hil.boards import virtual\n") == ["imports"]
    assert rules_broken("firmware/main.py", "import socket\n") == ["imports"]


def test_sizes_catch() -> None:
    long_function = "def f():\n" + "    pass\n" * 100
    assert [f.rule for f in tree_rules.sizes("a.py", long_function, 500, 100)] == ["size"]
    assert [f.rule for f in tree_rules.sizes("a.py", "x = 1\n" * 501, 500, 100)] == ["size"]
    assert not list(tree_rules.sizes("a.py", "x = 1\n" * 500, 500, 100))


@pytest.mark.parametrize("word", tree_rules.FORBIDDEN_WORDS)
def test_words_catch(word: str) -> None:
    assert [f.rule for f in tree_rules.words("README.md", f"see {word} for more\n")] == ["words"]


def test_packages_catch() -> None:
    assert [f.path for f in tree_rules.packages(["hil/__init__.py", "hil/new/board.py"])] == ["hil/new"]


def test_trace_rules_catch() -> None:
    def texts(source: str) -> list[str]:
        return [f.text for f in trace_rules.unknown_events(CORE, source, {"Vote1": 3})]

    assert texts('tracer.emit("Vote1", lamport, slot, view, value)\neffects.trace("Vote1", *fields)\n') == []
    assert texts('tracer.emit("Vote5", lamport, slot, view, value)\n') == [
        "event Vote5 is not in amu.node.events.EVENTS"
    ]
    assert texts('effects.trace("Vote1", slot, view)\n') == ["event Vote1 has 3 fields, here 2"]
    assert [f.text for f in trace_rules.silent_events(['trace("Vote1")'], ["Vote1", "Vote2"])] == [
        "nothing emits Vote2"
    ]


def test_actions_without_events_are_caught() -> None:
    module = "ShardCreate(s) == a' = s\nShardEat(s) == a' = 0\nNext == ShardCreate(1) \\/ ShardEat(1)\n"
    commands = {trace_rules.action_of_command("shard-create")}
    assert [f.text for f in trace_rules.untraced_actions("a.tla", module, commands)] == [
        "action ShardEat has no trace event"
    ]
    assert [f.text for f in trace_rules.untraced_actions("a.tla", "Next ==\n", commands)] == ["no action found in Next"]


def test_actions_of_a_module() -> None:
    module = r"""
    Replica == 1 .. 4
    Set(p, v) == view' = [view EXCEPT ![p] = v]
    Vote1(p, v) == p > 1 /\ Set(p, v)
    Unused == view' = 1 (* Next == Nothing *)
    Next == \E p \in Replica : \/ Vote1(p, 1)   \* Vote9
                               \/ Idle
    Idle == UNCHANGED view
    """
    unindented = "\n".join(line.strip() for line in module.splitlines())
    assert trace_rules.actions(unindented) == {"Vote1", "Idle"}


@pytest.mark.parametrize(
    "line",
    [
        "return self.waited >= PAUSE_TICKS << self.attempts",
        "return first * (1 << min(attempts, 4))",
        "self.pause = min(2 * self.pause, PAUSE_TICKS_MAX)",
        "self.pause *= 2",
        "pause <<= 1",
    ],
)
def test_growing_timers_are_noticed(line: str) -> None:
    source = f"class Timer:\n    def tick(self, first, attempts):\n        {line}\n"
    assert timer_rules.growing(CORE, source) == {f"{CORE}: Timer.tick"}
    found = list(timer_rules.breaches({CORE: source}, f"{timer_rules.HEADING}\n| what | code |\n|---|---|\n"))
    assert [(finding.path, finding.rule) for finding in found] == [(CORE, "timers")]


def test_constant_shifts_and_plain_products_are_not_timers() -> None:
    source = "def f(n):\n    a = 1 << 20\n    b = 3 * n\n    return a << limits.DOUBLINGS_MAX\n"
    assert timer_rules.growing(CORE, source) == set()


def test_a_row_without_a_timer_is_noticed() -> None:
    table = (
        f"{timer_rules.HEADING}\n| what | code |\n|---|---|\n| gone | `{CORE}: Timer.tick` |\n\n## Next\n| a | b |\n"
    )
    found = list(timer_rules.breaches({CORE: "x = 1\n"}, table))
    assert [(finding.path, finding.text) for finding in found] == [
        (timer_rules.TABLE, f"nothing grows in {CORE}: Timer.tick")
    ]


@pytest.mark.parametrize(
    "phrase",
    [
        "silence is no release",
        "0 is none",
        "whoever asks first",
        "the clock starts anew",
        "it waits for ever",
        "what befell the boards",
        "a frame that nobody asked for",
        "one file a kind",
        "a board that died of itself",
        "the operator is told",
        "a page that cannot be had",
        "a run that was gone on with",
        "every step is held\nagainst the module",
    ],
)
def test_phrases_are_noticed_in_every_kind_of_prose(phrase: str) -> None:
    words = " ".join(phrase.split())
    for path, source in (
        ("docs/planted.md", f"# Title\n\nText: {words}.\n"),
        ("docs/planted.py", f'def f():\n    """{phrase}."""\n'),
        ("docs/planted.py", f"x = 1  # {words}\n"),
        ("docs/planted.py", f'raise ValueError(f"{words} {{x}}")\n'),
    ):
        found = list(prose_rules.breaches([(path, source)]))
        assert [finding.rule for finding in found] == ["prose"], source
        assert ": write " in found[0].text


@pytest.mark.parametrize(
    "text",
    [
        "There is no such folder, and there is none above it.",
        "It is no longer open. The two are told apart; it cannot be told from a crash.",
        "`one file a kind` is code.",
        '| Mutant | "what a liar says is lost for ever" |',
        "One of a kind, one in a hundred, one is a leader.",
    ],
)
def test_plain_words_pass(text: str) -> None:
    assert list(prose_rules.phrases("docs/planted.md", f"{text}\n")) == []


def test_a_room_may_keep_the_phrases_that_it_has_and_get_no_more() -> None:
    sources = [("tests/planted.py", "# whoever\n" * (prose_rules.LEFT["tests"] + 1))]
    assert list(prose_rules.breaches([("tests/planted.py", "# whoever\n")])) == []
    assert [finding.path for finding in prose_rules.breaches(sources)] == ["tests"]
    assert [finding.path for finding in prose_rules.breaches([("newroom/a.py", "# whoever\n")])] == ["newroom"]
