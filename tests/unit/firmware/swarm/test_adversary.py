"""Adversaries: what each does to the traffic, that all of it is well formed, and that correct nodes withstand it."""

from functools import partial
from typing import Any

import pytest

from amu.boards.host import MemoryPort, MemoryStore, Settings, no_heap, wake
from amu.boards.runtime import Runtime
from amu.consensus import bodies, checkpoints
from amu.core import limits
from amu.core.chunks import Chunks
from amu.core.errors import AuthError, ConfigError
from amu.core.limits import BROADCAST, GROUND
from amu.ledger.state import Ledger
from amu.node.effects import Ready
from amu.node.journal import Journal
from amu.wire import auth, codec, frames
from amu.wire import messages as m
from amu.wire.framer import NEED_BYTES, Framer
from swarm_sim.adversary import MIXED, NAMES, wrap
from swarm_sim.adversary.equivocate import other_body
from swarm_sim.adversary.replay import KEPT_MAX
from swarm_sim.testing.cluster import Cluster, Links
from tests.support.flight.effects import performed

ME = 1
VALUE = bytes(range(32))
OTHER = bytes(32)
REQUESTS = [[1, 1, ["noop"]], [1, 2, ["noop"]]]
BODY = bodies.encode(0, REQUESTS)


class Scripted:
    """A node whose sends the test chooses."""

    class group:
        size = 4

    me = ME
    lamport = 77
    boot = 5

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.sends: list[Any] = []

    def step(self, source: int, lamport: int, message: Any) -> None:
        self.inputs.append((source, lamport, message))

    def tick(self) -> None:
        self.inputs.append("tick")

    def ready(self) -> Ready:
        sends, self.sends = self.sends, []
        return Ready(None, [], 0, [], sends)

    def advance(self) -> None:
        self.inputs.append("advance")


def sent(adversary: Any, *sends: tuple[int, int, Any]) -> list[tuple[int, int, Any]]:
    """The messages that leave the board when its node sends `sends`."""
    adversary.node.sends = list(sends)
    return list(performed(adversary).sends)


def ticked(adversary: Any, ticks: int = 1) -> list[tuple[int, int, Any]]:
    sends = []
    for _ in range(ticks):
        adversary.tick()
        sends += sent(adversary)
    return sends


@pytest.mark.parametrize(("name", "count"), [("equivocate", 4 * 3), ("flood", 4 * 3 + 2 * 3)])
def test_messages_are_made_one_by_one_as_they_are_sent(name: str, count: int) -> None:
    """A board of thirteen has no heap for a message to each peer, all at once."""
    adversary = wrap(Scripted(), name, {})
    adversary.tick()
    adversary.node.sends = [(BROADCAST, 10 + slot, m.Vote(slot, 0, 1, VALUE)) for slot in range(1, 5)]
    made: list[None] = []
    sends = iter(adversary.ready().sends)
    behaviour = adversary._behaviours[0]
    for hook in ("to_peer", "_nonsense"):
        if hasattr(behaviour, hook):
            setattr(behaviour, hook, counted(getattr(behaviour, hook), made))
    for sent_already in range(count):
        assert len(made) == sent_already
        next(sends)
    assert len(made) == count
    assert next(sends, None) is None


def counted(hook: Any, made: list[None]) -> Any:
    def count(*arguments: Any) -> Any:
        made.append(None)
        return hook(*arguments)

    return count


STATUS = m.Status(3, 5, 6, (4, VALUE), None, (3, VALUE), None, (2, VALUE), None, VALUE, VALUE, None, None)
TRAFFIC = [
    (BROADCAST, 10, m.Proposal(3, 0, BODY)),
    (BROADCAST, 11, m.Vote(3, 0, 1, bodies.value_of(3, BODY))),
    (2, 12, m.Suggest(3, 5, (4, VALUE), None, (2, VALUE))),
    (BROADCAST, 13, m.Proof(3, 5, (4, VALUE), None, None)),
    (BROADCAST, 14, m.ViewChange(3, 6)),
    (BROADCAST, 15, STATUS),
    (BROADCAST, 16, m.Progress(9, 8, VALUE, 0)),
    (0, 17, m.Decided(3, VALUE, BODY)),
    (0, 18, m.StateChunk(3, 0, 4, b"data")),
    (0, 19, m.Body(3, BODY)),
    (GROUND, 20, m.Reply(1, 1, 3, ["ok", 7])),
    (GROUND, 21, m.Receipt(1, 1, "queued")),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_message_is_well_formed_and_the_same_seed_sends_the_same(name: str) -> None:
    def run(seed: int) -> list[tuple[int, bytes]]:
        adversary = wrap(Scripted(), name, {"seed": seed})
        posts = []
        for turn in range(400):
            adversary.step(0, turn, m.Vote(turn + 1, 0, 1, VALUE))
            adversary.step(GROUND, turn, m.Request(1, turn, ["noop"]))
            for destination, lamport, message in [*sent(adversary, TRAFFIC[turn % len(TRAFFIC)]), *ticked(adversary)]:
                payload = codec.encode(lamport, message)
                assert codec.decode(frames.traffic_of(message.KIND), payload) == [(lamport, message)]
                assert destination in (0, 2, 3, GROUND)  # broadcasts are split, nothing goes to itself
                posts.append((destination, payload))
        return posts

    assert run(4) == run(4)


@pytest.mark.parametrize("name", NAMES)
def test_the_rest_of_the_node_is_untouched(name: str) -> None:
    adversary = wrap(Scripted(), name, {})
    adversary.step(2, 9, m.Probe(1))
    adversary.tick()
    adversary.advance()
    assert adversary.node.inputs == [(2, 9, m.Probe(1)), "tick", "advance"]
    assert (adversary.boot, adversary.lamport) == (5, 77)
    with pytest.raises(AttributeError):
        _ = adversary.no_such_thing


def by_peer(sends: list[tuple[int, int, Any]]) -> dict[int, Any]:
    assert len({peer for peer, _, _ in sends}) == len(sends)
    return {peer: message for peer, _, message in sends}


def test_equivocate_tells_two_consistent_stories() -> None:
    adversary = wrap(Scripted(), "equivocate", {})
    proposals = by_peer(sent(adversary, (BROADCAST, 1, m.Proposal(4, 0, BODY))))
    votes = by_peer(sent(adversary, (BROADCAST, 2, m.Vote(4, 0, 1, bodies.value_of(4, BODY)))))
    assert sorted(proposals) == sorted(votes) == [0, 2, 3]
    assert {proposal.body for proposal in proposals.values()} == {BODY, bodies.encode(0, REQUESTS[::-1])}
    for peer, proposal in proposals.items():
        assert votes[peer].value == bodies.value_of(4, proposal.body)


def test_equivocate_shows_a_lone_request_twice() -> None:
    single = bodies.encode(0, [[1, 1, ["noop"]]])
    assert other_body(single) == bodies.encode(0, [[1, 1, ["noop"]]] * 2)
    assert other_body(bodies.encode(0, [])) == other_body(b"no body") == b""


def test_equivocate_follows_other_leaders_proposals() -> None:
    adversary = wrap(Scripted(), "equivocate", {})
    adversary.step(0, 1, m.Proposal(4, 0, BODY))
    votes = by_peer(sent(adversary, (BROADCAST, 2, m.Vote(4, 0, 1, bodies.value_of(4, BODY)))))
    other = bodies.value_of(4, bodies.encode(0, REQUESTS[::-1]))
    assert {vote.value for vote in votes.values()} == {bodies.value_of(4, BODY), other}


def test_lie_claims_what_was_never_voted() -> None:
    adversary = wrap(Scripted(), "lie", {"seed": 2})
    claims = set()
    for slot in range(1, 40):
        (_, _, proof), *_ = sent(adversary, (BROADCAST, 1, m.Proof(slot, 5, (1, VALUE), None, None)))
        assert all(register is None or register[0] == 4 for register in (proof.hi1, proof.second1, proof.hi4))
        claims.add((proof.hi1 is None, proof.second1 is None, proof.hi4 is None))
    assert claims == {(True, True, True), (False, True, False), (False, False, True)}


def test_lie_falsifies_states_bodies_and_replies() -> None:
    adversary = wrap(Scripted(), "lie", {})
    (_, _, chunk), (_, _, body), (_, _, reply), (_, _, receipt) = sent(adversary, *TRAFFIC[8:12])
    assert chunk.data != b"data"
    assert len(chunk.data) == 4
    assert body.body != BODY
    assert reply.slot == 3
    assert reply.result != ["ok", 7]
    assert receipt == m.Receipt(1, 1, "queued")
    (_, _, progress), *_ = sent(adversary, TRAFFIC[6])
    assert progress.applied_slot == 1009


def test_silence_is_selective_and_timed() -> None:
    adversary = wrap(Scripted(), "silence", {"peers": "0, 3", "from_tick": 2, "until_tick": 4})
    heard = []
    for _ in range(5):
        ticked(adversary)
        heard.append([peer for peer, _, _ in sent(adversary, (BROADCAST, 1, m.ViewChange(1, 1)), TRAFFIC[10])])
    assert heard == [[0, 2, 3, GROUND], [2, GROUND], [2, GROUND], [0, 2, 3, GROUND], [0, 2, 3, GROUND]]


def test_silence_to_all_by_default() -> None:
    adversary = wrap(Scripted(), "silence", {})
    assert sent(adversary, (BROADCAST, 1, m.ViewChange(1, 1)), (2, 1, m.Fetch(1))) == []


def test_silence_in_some_kinds_only() -> None:
    adversary = wrap(Scripted(), "silence", {"peers": "0 3", "kinds": "Proof, Vote"})
    heard = sent(adversary, *TRAFFIC[1:5])
    assert [(peer, type(message)) for peer, _, message in heard] == [
        (2, m.Vote),
        (2, m.Suggest),
        (2, m.Proof),
        (0, m.ViewChange),
        (2, m.ViewChange),
        (3, m.ViewChange),
    ]


def test_hurry_wishes_other_views_to_each_peer_and_before_its_timer() -> None:
    adversary = wrap(Scripted(), "hurry", {"views_ahead": 5, "period_ticks": 4})
    wishes = by_peer(sent(adversary, (BROADCAST, 1, m.ViewChange(3, 6))))
    assert len({wish.view for wish in wishes.values()}) > 1
    assert all(6 <= wish.view <= 11 for wish in wishes.values())
    (_, _, status), *_ = sent(adversary, (BROADCAST, 1, STATUS))
    assert 6 <= status.wish <= 11
    assert (status.view, status.hi1, status.vote2) == (STATUS.view, STATUS.hi1, STATUS.vote2)
    assert ticked(adversary, 8) == []  # nothing is known of any slot
    adversary.step(0, 1, m.Vote(3, 2, 1, VALUE))
    sends = ticked(adversary, 8)
    assert sorted(peer for peer, _, _ in sends) == [0, 0, 2, 2, 3, 3]
    assert all(type(message) is m.ViewChange and 3 <= message.view <= 8 for _, _, message in sends)


def whole(adversary: Any, slot: int) -> Chunks:
    """The state that the board delivers for the checkpoint of `slot`, asked for as a board asks."""
    data, total = Chunks(), 1
    while len(data) < total:
        adversary.step(2, 9, m.FetchState(slot, len(data)))
        ((peer, _, chunk),) = ticked(adversary)
        assert (peer, chunk.slot, chunk.offset) == (2, slot, len(data))
        total = chunk.total
        data.add(chunk.data)
    return data.close()


def test_forge_delivers_the_state_that_it_reports_and_others_report_the_same() -> None:
    slot = 2 * limits.CHECKPOINT_SLOTS
    one, other = wrap(Scripted(), "forge", {}), wrap(Scripted(), "forge", {"seed": 9})
    reports = told_by(one, slot)
    assert sorted(reports) == [slot, slot + 2 * limits.CHECKPOINT_SLOTS]
    assert reports == told_by(other, slot)
    data = whole(one, slot)
    assert reports[slot] == {checkpoints.digest_of(data)} != {VALUE}
    told, proposers, state = checkpoints.decode(len(data), data.source())
    assert told == slot
    assert len(proposers) == 2 * limits.WINDOW_SLOTS
    assert Ledger.restore(state, 4).applied_slot == slot
    assert sent(one, (0, 2, m.StateChunk(slot, 0, 4, b"data"))) == []


def test_forge_reports_states_ahead_and_sends_other_bytes_than_it_reported() -> None:
    slot = 3 * limits.CHECKPOINT_SLOTS
    adversary = wrap(Scripted(), "forge", {})
    reports = told_by(adversary, slot)
    assert sorted(reports) == [slot, slot + limits.CHECKPOINT_SLOTS]
    assert reports[slot] == {VALUE}
    ((_, _, chunk),) = sent(adversary, (0, 2, m.StateChunk(slot, 0, 4, b"data")))
    assert (chunk.slot, chunk.total, len(chunk.data)) == (slot, 4, 4)
    assert chunk.data != b"data"
    assert sent(adversary, (0, 3, m.Progress(3, 0, bytes(32), 0))) == [(0, 3, m.Progress(3, 0, bytes(32), 0))]


def told_by(adversary: Any, slot: int) -> dict[int, set[bytes]]:
    """Slot and digests of the checkpoints that it reports when its node has one of `slot`."""
    told: dict[int, set[bytes]] = {}
    for _ in range(9):
        for _, _, report in sent(adversary, (BROADCAST, 1, m.Progress(slot + 3, slot, VALUE, 0))):
            told.setdefault(report.checkpoint_slot, set()).add(report.checkpoint_digest)
            assert report.applied_slot >= report.checkpoint_slot
    return told


def test_understate_lies_in_answers_only_and_answers_earlier_questions() -> None:
    adversary = wrap(Scripted(), "understate", {"slots_back": 6})
    assert set(by_peer(sent(adversary, TRAFFIC[6])).values()) == {TRAFFIC[6][2]}
    adversary.step(2, 1, m.Probe(70))
    answers = [message for _, _, message in sent(adversary, (2, 2, m.Progress(9, 8, VALUE, 70)))]
    assert [(answer.applied_slot, answer.nonce) for answer in answers] == [(3, 70)]
    assert answers[0].checkpoint_digest != VALUE
    adversary.step(2, 3, m.Probe(71))
    answers = [message for _, _, message in sent(adversary, (2, 4, m.Progress(5, 0, VALUE, 71)))]
    assert [(answer.applied_slot, answer.nonce) for answer in answers] == [(0, 70), (0, 71)]


def test_counterfeit_invents_requests_and_hides_proposals() -> None:
    adversary = wrap(Scripted(), "counterfeit", {"invents_one_in": 4})
    invented = by_peer(sent(adversary, (BROADCAST, 1, m.Proposal(4, 0, BODY))))
    assert len({proposal.body for proposal in invented.values()}) == 1
    _, requests = bodies.decode(invented[0].body)
    assert requests[:-1] == REQUESTS
    assert requests[-1] not in REQUESTS
    shown = [by_peer(sent(adversary, (BROADCAST, 1, m.Proposal(slot, 0, BODY)))) for slot in (5, 6, 7)]
    assert {len(proposals) for proposals in shown} == {2, 3}
    assert all(proposal.body == BODY for proposals in shown for proposal in proposals.values())


def test_counterfeit_withholds_decided_bodies_or_sends_others() -> None:
    adversary = wrap(Scripted(), "counterfeit", {})
    replies = [sent(adversary, (0, 1, m.Decided(3, VALUE, BODY)))[0][2] for _ in range(20)]
    assert {reply.value for reply in replies} == {VALUE}
    assert {len(reply.body) == 0 for reply in replies} == {True, False}
    assert BODY not in [reply.body for reply in replies]
    given = [sent(adversary, (0, 1, m.Body(3, BODY))) for _ in range(20)]
    assert {len(sends) for sends in given} == {0, 1}
    assert BODY not in [sends[0][2].body for sends in given if sends]
    assert sent(adversary, (0, 1, m.Decided(3, VALUE, b""))) == [(0, 1, m.Decided(3, VALUE, b""))]


def test_replay_sends_old_messages_as_they_were() -> None:
    adversary = wrap(Scripted(), "replay", {"per_tick": 3})
    assert ticked(adversary) == []
    original = [send for slot in range(100) for send in sent(adversary, (BROADCAST, slot, m.ViewChange(slot + 1, 1)))]
    again = ticked(adversary, 50)
    assert len(again) == 150
    assert set(again) <= set(original)
    assert len(set(again)) > 30
    assert len(adversary._behaviours[0]._kept) == KEPT_MAX


def test_flood_is_bounded_and_goes_to_everybody() -> None:
    adversary = wrap(Scripted(), "flood", {"per_tick": 5})
    adversary.tick()
    once = sent(adversary)
    assert [sum(peer == p for peer, _, _ in once) for p in (0, 2, 3)] == [5, 5, 5]
    assert sent(adversary) == []  # once a tick, however often the board asks
    sends = ticked(adversary, 100)
    assert {message.KIND for _, _, message in sends} >= {m.Vote.KIND, m.Proposal.KIND, m.Status.KIND, m.Fetch.KIND}
    assert {time for _, time, _ in sends} == {77, limits.LAMPORT_MAX - 1}


def test_mixed_takes_turns() -> None:
    adversary = wrap(Scripted(), MIXED, {"period_ticks": 10})
    kinds = [type(adversary._active()).__name__]
    for _ in range(119):
        adversary.tick()
        if type(adversary._active()).__name__ != kinds[-1]:
            kinds.append(type(adversary._active()).__name__)
    first = ["Equivocate", "Lie", "Silence", "Replay", "Flood", "BadMac", "Starve", "Hurry"]
    assert kinds == [*first, "Forge", "Understate", "Counterfeit", "Equivocate"]


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        (
            "lies",
            {},
            "there is no 'lies'; known are equivocate, lie, silence, replay, flood, bad_mac, starve, hurry, forge, "
            "understate, counterfeit, mixed",
        ),
        ("flood", {"per_tick": 0}, "per_tick: want an integer from 1 to 128, have 0"),
        ("flood", {"per_tik": 1}, "flood: no parameter 'per_tik'; known are seed, per_tick"),
        ("silence", {"peers": "0 9"}, "peers: want replica numbers below 4 in a text, have '0 9'"),
        ("silence", {"kinds": "Vote Reply"}, "kinds: want names of flight messages in a text, have 'Vote Reply'"),
        ("bad_mac", {"peers": "4"}, "peers: want replica numbers below 4"),
        ("hurry", {"views_ahead": 0}, "views_ahead: want an integer from 1 to 1000, have 0"),
        ("silence", {"peers": [0]}, "peers: want replica numbers below 4"),
        ("mixed", {"peers": "0"}, "mixed: no parameter 'peers'; known are seed, period_ticks"),
        ("lie", {"seed": True}, "seed: want an integer"),
    ],
)
def test_bad_configuration_is_refused_by_name(name: str, parameters: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words.replace("[", r"\[")):
        wrap(Scripted(), name, parameters)


def tags_refused(name: str, **parameters: Any) -> tuple[list[int], int]:
    """The traffic of a real board with this adversary in 300 ticks: which peers refuse a frame for its tag, and how
    many frames there are."""
    store = MemoryStore()
    Journal(store).commission()
    settings = Settings(ME, 4)
    node, journal = wake(settings, store, 1, partial(wrap, name=name, parameters=parameters))
    port = MemoryPort()
    ring = auth.keyring(bytes(32), b"c", 0, ME, 4)
    runtime = Runtime(node, settings, ring, port, journal, no_heap)
    runtime.start()
    for tick in range(1, 400):
        runtime.poll(tick)
    framer = Framer()
    refused: list[int] = []
    heard = 0
    data = port.take()
    for start in range(0, len(data), 1000):
        framer.push(data[start : start + 1000])
        while (frame := framer.next()) is not NEED_BYTES:
            if frame.traffic == frames.REPORT:
                continue
            heard += 1
            try:
                ring = auth.keyring(bytes(32), b"c", 0, frame.destination, 4)
                ring.check(frame.traffic, ME, frame.tag, frame.payload)
            except AuthError:
                assert frame.destination != GROUND
                refused.append(frame.destination)
    return refused, heard


def test_bad_mac_spoils_tags_of_a_real_board_and_nobody_else_does() -> None:
    refused, heard = tags_refused("bad_mac")
    assert 0.2 * heard < len(refused) < 0.8 * heard
    assert set(refused) == {0, 2, 3}
    refused, heard = tags_refused("flood")
    assert refused == []
    assert heard > 1000


def test_bad_mac_can_be_sound_for_one_receiver_and_not_for_the_next() -> None:
    refused, heard = tags_refused("bad_mac", peers="0 2", one_in=1)
    assert set(refused) == {0, 2}
    assert refused.count(0) + refused.count(2) < heard  # board 3 and the ground take all of theirs


def decided(cluster: Cluster) -> dict[int, set[tuple[str, str]]]:
    """(value, ledger digest) by slot, over the correct boards."""
    found: dict[int, set[tuple[str, str]]] = {}
    for line in cluster.lines:
        if line["event"] == "Apply" and line["node"] not in cluster.byzantine:
            found.setdefault(line["slot"], set()).add((line["value"], line["digest"]))
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("replica_count", "liars"), [(4, [0]), (4, [2]), (7, [0, 3])])
def test_correct_nodes_agree_and_get_on_with_f_adversaries(name: str, replica_count: int, liars: list[int]) -> None:
    """Delays beyond the view timer, so that views change and registers matter."""
    links = Links(drop=0.1, duplicate=0.05, delay_max=35)
    cluster = Cluster(replica_count, seed=11, links=links, view_timeout_ticks=40)
    for liar in liars:
        cluster.make_byzantine(liar, lambda node: wrap(node, name, {"seed": 3}))
    cluster.start()
    operations = []
    for _ in range(4):
        operations.append(cluster.request(["noop"]))
        cluster.run(25)
    assert cluster.run(6000, until=lambda: all(cluster.confirmed(operation) for operation in operations))
    assert all(len(values) == 1 for values in decided(cluster).values())
    assert any(line["event"] == "EnterView" and line["view"] > 0 for line in cluster.lines)


def test_the_oracle_can_fail() -> None:
    """Two liars of four are more than f, and the two correct boards hear only them: both stories are decided."""
    cluster = Cluster(4, view_timeout_ticks=40)
    for liar in (0, 1):
        cluster.make_byzantine(liar, lambda node: wrap(node, "equivocate", {"deceived": "3"}))
    cluster.block((2, 3), (3, 2))
    cluster.start()
    cluster.request(["noop"])
    cluster.run(100)
    assert any(len({value for value, _ in values}) > 1 for values in decided(cluster).values())
