"""Why does a healthy core make no progress? Diagnoses it from the memory of its boards, after the bound has passed.

The cause names the protocol step that does not happen in the first undecided slot, so that equal failures are counted
together. The detail shows the state of each board.
"""

from collections.abc import Mapping

from amu.node.node import VOTING
from swarm_sim.oracles.finding import Finding
from swarm_sim.oracles.slots import Member, slot_texts
from swarm_sim.world.board import Board

ORACLE = "SIM-LIVE"


def explain(boards: list[Board], open_operations: int, waits_for: list[str]) -> Finding:
    """`boards`: those that should have made progress. `waits_for`: what the mission's end was waiting for."""
    slot = 1 + min((board.flight.applied_slot for board in boards if board.flight is not None), default=0)
    detail = [*waits_for, f"{open_operations} operations open; first slot that is not applied everywhere: {slot}"]
    detail += [_describe(board, slot) for board in boards]
    return Finding(ORACLE, _cause(boards, slot, open_operations), "\n".join(detail))


def slot(boards: list[Board], adversaries: Mapping[int, str], number: int) -> list[str]:
    """Which votes slot `number` lacks, and whether a quorum of the swarm's `boards` is possible at all."""
    return slot_texts(number, [_member(board, adversaries.get(board.node), number) for board in boards])


def _member(board: Board, liar: str | None, slot: int) -> Member:
    flight = board.flight
    if flight is None:
        return Member(board.node, why_off="off", liar=liar)
    instance = flight.replica.find(slot)
    vote = None
    if instance is not None:
        view = instance.view
        vote = (view, max([phase for phase in range(1, 5) if instance.registers.voted(phase, view)], default=0))
    has_decided = instance is not None and instance.decision is not None
    return Member(board.node, None, liar, flight.mode, flight.applied_slot, has_decided, vote)


def _cause(boards: list[Board], slot: int, open_operations: int) -> str:
    for board in boards:
        if board.flight is None:
            return "a board of the core is down"
        if board.flight.mode != VOTING:
            return f"a board of the core is {board.flight.mode}"
    ahead = [board for board in boards if board.flying.applied_slot >= slot]
    if ahead:
        return "a board of the core does not catch up"
    found = [board.flying.replica.find(slot) for board in boards]
    instances = [instance for instance in found if instance is not None]
    if not instances:
        return "no board begins the next slot" if open_operations else "too few operations for the wanted slots"
    if any(instance.decision is not None for instance in instances):
        return "a decided slot is not applied"
    if any(instance.view != instances[0].view for instance in instances):
        return "the core does not agree on a view"
    view = instances[0].view
    leader = instances[0].log.leader(slot, view)
    votes = sum(instance.registers.voted(1, view) for instance in instances)
    proposals = [instance._proposals[leader] for instance in instances]
    if not any(proposal is not None and proposal[0] == view for proposal in proposals):
        return "the leader does not propose"
    if votes < len(instances):
        return "a proposal that not all of the core votes for"
    return "votes do not lead to a decision"


def _describe(board: Board, slot: int) -> str:
    flight = board.flight
    if flight is None:
        return f"board {board.node}: down"
    replica = flight.replica
    waiting = replica.pending.waiting()
    said = f"board {board.node}: {flight.mode}, applied {flight.applied_slot}, {waiting} requests waiting"
    instance = replica.find(slot)
    if instance is None:
        return f"{said}; nothing known of slot {slot}"
    registers = [None if vote is None else (vote[0], vote[1].hex()[:8]) for vote in instance.registers.as_list()]
    leader = replica.leader(slot, instance.view) if instance.decision is None else "-"
    return (
        f"{said}; slot {slot}: view {instance.view}, wishes {instance.synchroniser.wishes}, leader {leader}, "
        f"proposed in view {instance.proposed_view}, registers {registers}, "
        f"{'decided' if instance.decision is not None else 'not decided'}"
    )
