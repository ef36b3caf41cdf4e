"""TetraBFT's Rules 1 to 4 as pure functions, named as in specs/tetrabft/tetrabft.tla. No state, no messages.

A register is (view, value) or None. A *report* is what a suggest or a proof says of its sender's votes:

    report = (hi_a, hi_b, second_b)

where, for a proposal (suggest), a = phase 3 and b = phase 2; for a voter (proof), a = phase 4 and b = phase 1. `hi` is
the sender's highest vote of that phase, `second` its highest vote of that phase for a value other than hi's. (Yu, Losa,
Wang, PODC 2024 and arXiv 2405.02615, section 3: Rules 1-4.)

All counts below are of members that each satisfy a condition on its own, so "there is a quorum whose members all ..."
is the same as "at least n - f reports ...", and the code enumerates no subsets.
"""

from amu.consensus.registers import names

if "":  # for the type checker; see amu.core.types
    from amu.consensus.quorum import Group
    from amu.core.types import Register, Report, Told


def claims_safe_at(value: bytes, view: int, hi: "Register", second: "Register") -> bool:
    """Rules 2 and 4: the sender of a report claims that `value` is safe at `view`.

    Claims only weaken as `view` grows: a sender that claims a value at some view claims it at every earlier one.
    """
    if view == 0:
        return True
    if hi is not None:
        hi_view, hi_value = hi
        if hi_view >= view and hi_value == value:
            return True
    if second is None:
        return False
    second_view, _ = second
    return second_view >= view


def _claim_count(value: bytes, view: int, reports: "list[Report]") -> int:
    count = 0
    for _, hi, second in reports:
        if claims_safe_at(value, view, hi, second):
            count += 1
    return count


def _permit_count(value: bytes, base: int, reports: "list[Report]") -> int:
    """How many reports allow `base` for `value`: (i) no vote-A after base, (ii) a vote-A at base is for value."""
    count = 0
    for hi, _, _ in reports:
        if hi is None:
            count += 1
            continue
        hi_view, hi_value = hi
        if hi_view < base or (hi_view == base and hi_value == value):
            count += 1
    return count


def _silent_count(reports: "list[Report]") -> int:
    count = 0
    for hi, _, _ in reports:
        if hi is None:
            count += 1
    return count


def _bases(view: int, reports: "list[Report]") -> list[int]:
    """The views v' worth trying. Between two vote-A views the conditions (i) and (ii) do not change and claims are
    easiest at the smallest view, so 0, each vote-A view and the view after it are enough."""
    bases = [0]
    for hi, _, _ in reports:
        if hi is not None:
            hi_view, _ = hi
            for base in (hi_view, hi_view + 1):
                if base < view and base not in bases:
                    bases.append(base)
    bases.sort()
    return bases


def _two_values_claimed(base: int, view: int, reports: "list[Report]", blocking: int) -> bool:
    """Clause (iii-B): two different values, claimed by blocking sets at views base <= a < b < view.

    Claims weaken with the view, so a = base and b = base + 1 are the easiest choice. A value that no highest vote names
    is claimed through `second` alone, which claims every value, and then clause (iii-A) holds already.
    """
    if base + 1 >= view:
        return False
    values = []
    for _, hi, _ in reports:
        if hi is not None:
            _, hi_value = hi
            if hi_value not in values:
                values.append(hi_value)
    for later in values:
        if _claim_count(later, base + 1, reports) < blocking:
            continue
        if base == 0:
            return True  # at view 0 everybody claims every other value
        for earlier in values:
            if earlier != later and _claim_count(earlier, base, reports) >= blocking:
                return True
    return False


def safe_at(value: bytes, view: int, reports: "list[Report]", group: "Group", is_voter: bool) -> bool:
    """Rule 1 (proposals) and Rule 3 (`is_voter`): may `value` be proposed or voted for in `view` on these reports?

    `reports`: one of each sender that has entered `view`. Clause (iii-B) is for voters only: without it a Byzantine
    replica can help the leader to a proposal that no voter may ever accept.
    """
    if view == 0:
        return True
    if len(reports) < group.quorum:
        return False
    if _silent_count(reports) >= group.quorum:
        return True
    for base in _bases(view, reports):
        if _permit_count(value, base, reports) < group.quorum:
            continue
        if _claim_count(value, base, reports) >= group.blocking:
            return True
        if is_voter and _two_values_claimed(base, view, reports, group.blocking):
            return True
    return False


def candidate_values(reports: "list[Report]") -> list[bytes]:
    """Values that a leader bound by the reports may try: those of the highest votes, latest view first."""
    registers = []
    for hi_a, hi_b, second_b in reports:
        for register in (hi_a, hi_b, second_b):
            if register is not None and register not in registers:
                registers.append(register)
    registers.sort(reverse=True)  # (view, value): a total order, the same on every interpreter
    values = []
    for _, value in registers:
        if value not in values:
            values.append(value)
    return values


def is_free(reports: "list[Report]", group: "Group") -> bool:
    """A quorum has never cast vote-A: any value at all is safe."""
    return _silent_count(reports) >= group.quorum


def reports_for(told: "list[Told | None]", view: int) -> "list[Report]":
    """Reports from what each peer last told in a proof, or in a suggest: those for `view`."""
    found = []
    for one in told:
        if one is not None:
            told_view, hi_b, second_b, hi_a = one
            if told_view == view:
                found.append((hi_a, hi_b, second_b))
    return found


def is_vouched(value: bytes, proofs: "list[Told | None]", votes: "list[list[Register]]", group: "Group") -> bool:
    """f+1 replicas have voted for the value: one of them is correct and has checked its requests."""
    count = 0
    for peer in range(group.size):
        seen = False
        proof = proofs[peer]
        if proof is not None:
            _, hi1, second1, hi4 = proof
            seen = names((hi1, second1, hi4), value)
        for phase in range(1, 5):
            vote = votes[phase][peer]
            if vote is not None:
                _, voted = vote
                seen = seen or voted == value
        if seen:
            count += 1
    return count >= group.blocking
