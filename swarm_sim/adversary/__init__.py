"""Adversaries: Byzantine behaviour on top of the flight software, by name.

    wrap(node, name, parameters) -> an object with the node's interface

Rules
- Deterministic: the draws depend on the parameter `seed` and on what the node does, on nothing else.
- Bounded, in memory and in frames per tick: a board must live to do harm.
- A board knows this package as `adversary`, wherever the host keeps it, so modules of the package import each other by
  relative names.
- Every message is well formed and sealed with the board's own keys; `bad_mac` alone spoils tags.
"""

from amu.core.errors import ConfigError

from .base import SEED_MAX, TICKS_MAX, Adversary, Draws, number

if "":  # for the type checker; see amu.core.types
    from amu.node.node import Node

    from .base import Behaviour, Parameters

# Name, which is that of its module, and class.
KINDS = (
    ("equivocate", "Equivocate"),
    ("lie", "Lie"),
    ("silence", "Silence"),
    ("replay", "Replay"),
    ("flood", "Flood"),
    ("bad_mac", "BadMac"),
    ("starve", "Starve"),
    ("hurry", "Hurry"),
    ("forge", "Forge"),
    ("understate", "Understate"),
    ("counterfeit", "Counterfeit"),
)
MIXED = "mixed"  # all of them in turn, for `period_ticks` each
NAMES = tuple([name for name, _ in KINDS]) + (MIXED,)


def behaviour_of(name: str) -> "type[Behaviour]":
    """The class behind one of KINDS. Its module is imported only now: all together take 23 KB of a board's heap."""
    known = dict(KINDS)[name]
    found: type[Behaviour] = getattr(__import__(__name__ + "." + name, None, None, (known,)), known)
    return found


def load(name: str) -> None:
    """Import what the behaviour `name` needs. An unknown name is left to `wrap`."""
    for known, _ in KINDS:
        if name == known or name == MIXED:
            behaviour_of(known)


def wrap(node: "Node", name: str, parameters: "Parameters") -> Adversary:
    """`node` with the behaviour `name` around it.

    parameters: a map of `seed` and of what the behaviour takes, all optional. Raises ConfigError naming what is wrong.
    """
    # Only an adversary may know the inside of its own node.
    me, replica_count = node.me, node.group.size
    draws = Draws(number(parameters, "seed", 1, 0, SEED_MAX))
    if name == MIXED:
        _check_names(name, parameters, ("seed", "period_ticks"))
        behaviours = [behaviour_of(known)(me, replica_count, draws, {}) for known, _ in KINDS]
        return Adversary(node, behaviours, number(parameters, "period_ticks", 50, 1, TICKS_MAX))
    for known, _ in KINDS:
        if known == name:
            behaviour = behaviour_of(name)
            numbers = tuple([row[0] for row in behaviour.PARAMETERS])
            _check_names(name, parameters, ("seed",) + behaviour.TEXTS + numbers)
            return Adversary(node, [behaviour(me, replica_count, draws, parameters)], 1)
    raise ConfigError("adversary: there is no %r; known are %s" % (name, ", ".join(NAMES)))


def _check_names(name: str, parameters: "Parameters", known: tuple[str, ...]) -> None:
    """Refuse unknown parameters: a misspelt one, silently ignored, would make a rehearsal milder than it claims."""
    for parameter in sorted(parameters.keys()):
        if parameter not in known:
            raise ConfigError("adversary %s: no parameter %r; known are %s" % (name, parameter, ", ".join(known)))
