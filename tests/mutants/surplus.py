"""Planted bugs of the rule that drops surplus votes before they are authenticated."""

from tests.mutants.mutant import Mutant

RULE = "firmware/amu/consensus/surplus.py"
RUNTIME = "firmware/amu/boards/runtime.py"
_BOTH = ("surplus votes", "flown twice")

MUTANTS = (
    Mutant(
        "surplus: votes of the phase that was voted in last",
        RULE,
        "cast = instance.registers.hi[phase + 1]",
        "cast = instance.registers.hi[phase]",
        (*_BOTH, "calm swarms"),
    ),
    Mutant(
        "surplus: last votes of a slot that is not decided",
        RULE,
        "        value = instance.decision\n",
        "        value = data[vote[0] : vote[0] + 32] if instance.registers.hi[4] else None\n",
        (*_BOTH, "calm swarms"),
    ),
    Mutant(
        "surplus: a vote of a higher view",
        RULE,
        "    if cast is not None and cast[0] >= vote[2]:",
        "    if cast is not None:",
        _BOTH,
    ),
    Mutant(
        "surplus: a last vote for another value than the decided one",
        RULE,
        "        return value is not None and data.startswith(value, vote[0])\n",
        "        return value is not None\n",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: every vote of a decided slot",
        RULE,
        "    if instance is None:\n        return False\n",
        "    if instance is None or instance.decision is not None:\n        return instance is not None\n",
        _BOTH,
    ),
    Mutant(
        "surplus: votes of the oldest slot that counts",
        RULE,
        "    if index < 0:\n",
        "    if index <= 0:\n",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: the first votes of a slot",
        RULE,
        "    if instance is None:\n        return False\n",
        "    if instance is None:\n        return True\n",
        _BOTH,
    ),
    Mutant(
        "surplus: votes of a peer that was not heard lately",
        "firmware/amu/node/node.py",
        " and self.services.is_current(source)",
        "",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: votes of a peer that was silent for some ticks",
        "firmware/amu/services/detector.py",
        "last != UNKNOWN and tick - last <= 1",
        "last != UNKNOWN and tick - last <= 3",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: proposals",
        RUNTIME,
        "            if not codec.peek_vote(payload, end, len(payload), vote) or not",
        "            if not codec.peek_vote(payload, end, len(payload), vote):\n                return True\n"
        "            if not",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: dropped frames are not counted",
        RUNTIME,
        "            self.frames_surplus += 1\n",
        "            pass\n",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: boards on a host receive every vote",
        "firmware/amu/boards/host.py",
        "            if message.KIND != messages.Vote.KIND or not self._node.is_surplus(\n",
        "            if True or not self._node.is_surplus(\n",
        ("flown twice",),
    ),
    Mutant(
        "machine code peeks at slots that do not exist",
        "firmware/amu/wire/machine.py",
        "                if k:\n                    return 0\n",
        "                numbers[k] = 0\n",
        ("machine twins",),
    ),
)
