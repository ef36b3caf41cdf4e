"""Planted bugs of the rule that drops surplus votes before they are authenticated."""

from tests.mutants.mutant import Mutant

INSTANCE = "firmware/amu/consensus/instance.py"
REPLICA = "firmware/amu/consensus/replica.py"
RUNTIME = "firmware/amu/boards/runtime.py"
_BOTH = ("surplus votes", "flown twice")

MUTANTS = (
    Mutant(
        "surplus: votes of the phase that was voted in last",
        INSTANCE,
        "else self.registers.value_in(phase + 1, view))",
        "else self.registers.value_in(phase, view))",
        (*_BOTH, "calm swarms"),
    ),
    Mutant(
        "surplus: last votes of a slot that is not decided",
        INSTANCE,
        "value == (self.decision if phase == 4",
        "value == (self.registers.value_in(4, view) if phase == 4",
        (*_BOTH, "calm swarms"),
    ),
    Mutant(
        "surplus: a vote of a higher view",
        INSTANCE,
        "is_repeated = counted is not None and counted[0] >= view\n",
        "is_repeated = counted is not None\n",
        _BOTH,
    ),
    Mutant(
        "surplus: a last vote for another value than the decided one",
        INSTANCE,
        "value == (self.decision if phase == 4 else self.registers.value_in(phase + 1, view))",
        "((self.decision is not None) if phase == 4 else value == self.registers.value_in(phase + 1, view))",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: every vote of a decided slot",
        INSTANCE,
        "return is_repeated or value == (",
        "return is_repeated or self.decision is not None or value == (",
        _BOTH,
    ),
    Mutant(
        "surplus: votes of the oldest slot that counts",
        REPLICA,
        "        if index < 0:\n            return True  # its instance",
        "        if index <= 0:\n            return True  # its instance",
        ("surplus votes",),
    ),
    Mutant(
        "surplus: the first votes of a slot",
        REPLICA,
        "        return instance is not None and instance.is_surplus(",
        "        return instance is None or instance.is_surplus(",
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
        "            if at == 0:\n                return False\n",
        "            if at == 0:\n                return True\n",
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
