"""Adversaries: Byzantine behaviour on top of the flight software, by name.

    wrap(node, name, parameters) -> an object with the node's interface

Rules
- Deterministic: the draws depend on the parameter `seed` and on what the node does, on nothing else.
- Bounded, in memory and in frames a tick: a board must live to do harm.
- Every message is well formed and sealed with the board's own keys; `bad_mac` alone spoils tags.
"""

from amu.core.errors import ConfigError

from .bad_mac import BadMac
from .base import SEED_MAX, Adversary, Draws, number
from .equivocate import Equivocate
from .flood import Flood
from .hurry import Hurry
from .lie import Lie
from .replay import Replay
from .silence import TICKS_MAX, Silence
from .starve import Starve

KINDS = (
    ("equivocate", Equivocate),
    ("lie", Lie),
    ("silence", Silence),
    ("replay", Replay),
    ("flood", Flood),
    ("bad_mac", BadMac),
    ("starve", Starve),
    ("hurry", Hurry),
)
MIXED = "mixed"  # all of them in turn, for `period_ticks` each
NAMES = tuple([name for name, _ in KINDS]) + (MIXED,)


def wrap(node, name, parameters):
    """`node` with the behaviour `name` around it.

    parameters: a map of `seed` and of what the behaviour takes, all optional. Raises ConfigError naming what is wrong.
    """
    # An adversary knows its own node inside out; nobody else may.
    me, replica_count = node._me, node._group.size
    draws = Draws(number(parameters, "seed", 1, 0, SEED_MAX))
    if name == MIXED:
        _check_names(name, parameters, ("seed", "period_ticks"))
        behaviours = [behaviour(me, replica_count, draws, {}) for _, behaviour in KINDS]
        return Adversary(node, behaviours, number(parameters, "period_ticks", 50, 1, TICKS_MAX))
    for known, behaviour in KINDS:
        if known == name:
            numbers = tuple([row[0] for row in behaviour.PARAMETERS])
            _check_names(name, parameters, ("seed",) + behaviour.TEXTS + numbers)
            return Adversary(node, [behaviour(me, replica_count, draws, parameters)], 1)
    raise ConfigError("adversary: there is no %r; known are %s" % (name, ", ".join(NAMES)))


def _check_names(name, parameters, known):
    """A misspelt parameter that is left out in silence would make a rehearsal milder than it says."""
    for parameter in sorted(parameters.keys()):
        if parameter not in known:
            raise ConfigError("adversary %s: no parameter %r; known are %s" % (name, parameter, ", ".join(known)))
