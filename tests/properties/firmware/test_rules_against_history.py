"""The rules on six registers and by counting, against the definition on full vote histories and with sets.

The definition: Yu, Losa, Wang, PODC 2024, section 3, with quorums and blocking sets enumerated and every view tried.
"""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.consensus import rules
from amu.consensus.quorum import Group
from amu.consensus.registers import Registers

VALUES = [bytes([i]) * 32 for i in range(3)]
VIEW = 4
History = list[tuple[int, bytes]]  # votes of one phase, in the order of views


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[History, History]]:
    """For each of four replicas: its votes of phase A and of phase B before VIEW."""

    def one() -> History:
        return [(view, draw(st.sampled_from(VALUES))) for view in range(VIEW) if draw(st.booleans())]

    return [(one(), one()) for _ in range(draw(st.integers(3, 4)))]


def claims(value: bytes, view: int, history: History) -> bool:
    if view == 0:
        return True
    return any(
        view <= r1 and (v1 == value or any(view <= r2 < r1 and v2 != v1 for r2, v2 in history)) for r1, v1 in history
    )


def blocking_claims(value: bytes, view: int, replicas: list[tuple[History, History]]) -> bool:
    return sum(claims(value, view, b) for _, b in replicas) >= 2


def safe_by_definition(value: bytes, replicas: list[tuple[History, History]], is_voter: bool) -> bool:
    other = b"z" * 32  # a value that nobody voted for
    for quorum in combinations(replicas, 3):
        if all(not a for a, _ in quorum):
            return True
        for base in range(VIEW):
            votes = [vote for a, _ in quorum for vote in a]
            if any(view > base for view, _ in votes) or any(view == base and v != value for view, v in votes):
                continue
            if blocking_claims(value, base, replicas):
                return True
            pairs = [(x, y) for x in [*VALUES, other] for y in [*VALUES, other] if x != y]
            if is_voter and any(
                blocking_claims(x, a, replicas) and blocking_claims(y, b, replicas)
                for a in range(base, VIEW)
                for b in range(a + 1, VIEW)
                for x, y in pairs
            ):
                return True
    return False


def report(a: History, b: History) -> tuple[object, object, object]:
    registers = Registers()
    for view, value in b:
        registers.vote(1, view, value)
    return (a[-1] if a else None, registers.hi[1], registers.second[1])


@settings(max_examples=600)
@given(histories(), st.sampled_from(VALUES), st.booleans())
def test_constant_storage_and_counting_equal_the_definition(
    replicas: list[tuple[History, History]], value: bytes, is_voter: bool
) -> None:
    reports = [report(a, b) for a, b in replicas]
    assert rules.safe_at(value, VIEW, reports, Group(4), is_voter) == safe_by_definition(value, replicas, is_voter)
