"""Clause (iii-B), by a schedule that needs it: with it voters accept the leader's proposal, without it none can.

The module that the authors of TetraBFT published lost the clause in a refactoring; see specs/tetrabft/behavior.md.
The schedule is played on that module (if AMU_TETRABFT_PUBLIC names it), on ours and on the flight code, each with
what happens next; `pytest -s -k published` prints the comparison.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from amu.consensus import rules
from specs.checking.consensus.instance import MODULE
from specs.tla.language import language
from specs.tla.language.language import Module, State, to_tla
from specs.tlc import runner as tlc
from tests import ROOT
from tests.conformance.protocols import public_module, starved_flight

SCHEDULE = ROOT / "tests" / "conformance" / "data" / "starved_voters.txt"
GOOD_VIEW = 3
HONEST = (1, 2, 4)
LIAR = 3
LEADERS = {0: LIAR, 1: LIAR, 2: LIAR, GOOD_VIEW: 1}


def steps() -> Iterator[tuple[str, tuple[Any, ...]]]:
    for line in SCHEDULE.read_text().splitlines():
        if not line.startswith("#"):
            action, replica, view, *value = line.split()
            yield action, (int(replica), int(view), *value)


def constants(clause: bool, byzantine: frozenset[int] = frozenset({LIAR})) -> dict[str, Any]:
    return {
        "Replica": frozenset({1, 2, 3, 4}),
        "Byzantine": byzantine,
        "FaultsMax": 1,
        "Value": frozenset({"a", "c", "d"}),
        "NoValue": "none",
        "MaxView": GOOD_VIEW,
        "WithClauseIIIB": clause,
    }


def initial(module: Module) -> State:
    nothing = dict.fromkeys(range(GOOD_VIEW + 1), "none")
    replicas = range(1, 5)
    return module.state(
        leader=LEADERS,
        view=dict.fromkeys(replicas, 0),
        proposal=nothing,
        votes={replica: dict.fromkeys(range(1, 5), nothing) for replica in replicas},
        decided=dict.fromkeys(replicas, "none"),
    )


def after(module: Module, state: State, action: str, arguments: tuple[Any, ...]) -> State:
    """The state that the action makes."""
    votes: Any = {replica: dict(enumerate(phases, 1)) for replica, phases in enumerate(state["votes"], 1)}
    if action == "EnterView":
        view = dict(enumerate(state["view"], 1))
        return module.replace(state, view={**view, arguments[0]: arguments[1]})
    if action == "Propose":
        return module.replace(state, proposal={**state["proposal"], arguments[1]: arguments[2]})
    if action == "Decide":
        decided = dict(enumerate(state["decided"], 1))
        return module.replace(state, decided={**decided, arguments[0]: arguments[2]})
    replica, view, value = arguments
    phase = int(action.removeprefix("Vote"))
    votes[replica][phase] = {**votes[replica][phase], view: value}
    return module.replace(state, votes=votes)


def play(module: Module) -> State:
    """The state at the end of the schedule. The module allows each of its steps."""
    state = initial(module)
    for action, arguments in steps():
        following = after(module, state, action, arguments)
        assert module.is_step(action, arguments, state, following), (action, arguments)
        state = following
        assert module.holds("Safety", state)
    return state


@pytest.fixture(scope="module", params=[True, False], ids=["with the clause", "without it"])
def ending(request: pytest.FixtureRequest) -> tuple[bool, Module, State]:
    clause = bool(request.param)
    module = language.load(MODULE, constants(clause))
    return clause, module, play(module)


def test_whether_voters_can_accept_what_the_leader_may_propose(ending: tuple[bool, Module, State]) -> None:
    clause, module, state = ending
    assert module.value("SafeToPropose", state, "d", GOOD_VIEW)
    assert module.holds("ProposalAcceptable", state) == clause


def test_whether_the_view_decides_once_the_liar_is_silent(ending: tuple[bool, Module, State]) -> None:
    """A liar that has fallen silent is a replica in view 0 without votes: the same state, nobody Byzantine."""
    clause, _, state = ending
    module = language.load(MODULE, constants(clause, byzantine=frozenset()))
    state = module.state(**{name: state[name] for name in state})
    for value in ("a", "c"):
        assert not module.is_step(
            "Propose", (1, GOOD_VIEW, value), state, after(module, state, "Propose", (1, GOOD_VIEW, value))
        )
    for phase in range(1, 5):
        for replica in HONEST:
            arguments = (replica, GOOD_VIEW, "d")
            following = after(module, state, f"Vote{phase}", arguments)
            assert module.is_step(f"Vote{phase}", arguments, state, following) == clause
            state = following if clause else state
    for replica in HONEST:
        following = after(module, state, "Decide", (replica, GOOD_VIEW, "d"))
        assert module.is_step("Decide", (replica, GOOD_VIEW, "d"), state, following) == clause


@pytest.mark.parametrize("clause", [True, False], ids=["with the clause", "without it"])
def test_tlc_says_the_same(clause: bool, tmp_path: Path) -> None:
    script = ",\n".join(to_tla((action, *arguments, ())) for action, arguments in steps())
    leaders = to_tla(tuple(LEADERS[view] for view in range(GOOD_VIEW + 1)))
    (tmp_path / "trace_data.tla").write_text(
        f"---- MODULE trace_data ----\nEXTENDS Integers\n"
        f"Slots == << [leaders |-> {leaders}, steps |-> <<{script}>>] >>\n===="
    )
    lines = ["SPECIFICATION TraceSpec", "CONSTANTS"]
    lines += [f"  {name} = {to_tla(value)}" for name, value in constants(clause).items()]
    lines += ["INVARIANT Safety", "INVARIANT ProposalAcceptable", ""]
    answer = tlc.run(MODULE.parent / "trace_tetrabft.tla", "\n".join(lines), library=[tmp_path, MODULE.parent])
    if clause:
        assert answer.ok
        assert answer.sentinels == ('<<"ACCEPTED", 1>>',)
    else:
        # The last replica enters the good view: from here on no step can undo it.
        assert (answer.outcome, answer.violated) == ("invariant", "ProposalAcceptable")
        assert len(answer.trace) == 1 + sum(1 for _ in steps()) - 1


def test_the_model_of_starved_voters_begins_where_the_schedule_ends() -> None:
    """StarvedInit of starved_voters.tla, read as a state of tetrabft.tla, is the schedule's last state."""
    end = play(language.load(MODULE, constants(clause=True)))
    given = {**constants(clause=True), "PowerFails": frozenset(), "First": "a", "Second": "c", "Third": "d"}
    model = language.load(MODULE.parent / "starved_voters.tla", given)
    (state,) = model.initials("StarvedInit")
    assert all(state[name] == end[name] for name in ("view", "votes", "proposal", "decided"))
    assert model.holds("RegistersSuffice", state)
    assert model.holds("ProofsStayTrue", state)
    leads = dict(enumerate(LEADERS.values()))
    assert state["leader"] == language.function(leads)


def flight_decisions() -> dict[int, bytes | None]:
    """What each honest board decides in view 3 of the schedule, the liar being silent from the proposal on."""
    stage, proposed = starved_flight.play()
    assert stage.value(3, "Propose", 3) == proposed
    votes = starved_flight.votes_of_the_honest(stage)
    assert set(votes.values()) in ({proposed}, {None})
    return starved_flight.decisions(stage)


def test_boards_decide_what_the_liar_made_their_leader_propose() -> None:
    decided = flight_decisions()
    assert None not in decided.values()
    assert len(set(decided.values())) == 1


def test_boards_without_the_clause_would_starve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_two_values_claimed", lambda *reports: False)
    assert set(flight_decisions().values()) == {None}


@pytest.mark.skipif(public_module.missing() is not None, reason=str(public_module.missing()))
def test_the_published_module_is_not_live_where_ours_is(tmp_path: Path) -> None:
    player = public_module.prepare(tmp_path, public_module.script(steps()))
    steps_played = 1 + len(public_module.script(steps()))

    # The whole schedule is behaviour of the published module, and at its end its own Liveness is false.
    whole = public_module.by_tlc(player, "Liveness")
    assert (whole.outcome, whole.violated) == ("invariant", "Liveness")
    assert len(whole.trace) == steps_played
    module, states = public_module.in_process(player)
    assert module.holds("Finished", states[-1])
    assert len(states) == steps_played
    assert [module.holds("Liveness", state) for state in states] == [True] * (steps_played - 1) + [False]
    assert module.value("decided", states[-1]) == frozenset()

    # Ours, in both ways and in flight.
    folder = MODULE.parent
    model = tlc.run(folder / "starved_voters.tla", folder / "starved_voters.cfg")
    assert model.ok, model.message
    decided = flight_decisions()
    assert None not in decided.values()
    print(
        f"\npublished module, TLC:        Liveness violated after {len(whole.trace) - 1} steps ({whole.seconds:.1f} s)"
        f"\npublished module, in process: Liveness violated after {len(states) - 1} steps, nothing decided"
        f"\nour modules, TLC:             EveryoneDecides holds, {model.states_distinct} states ({model.seconds:.1f} s)"
        f"\nour flight code:              boards {', '.join(map(str, decided))} decide "
        f"{(decided[3] or b'').hex()[:8]} in view {GOOD_VIEW}"
    )
