"""The journal under power cuts at every byte of everything that it writes, and under two cuts in a row.

The model is a list of acts. After a reboot the journal must show what a prefix of the acts left behind, and the prefix
must hold every act that had returned before the power went: those may have been sent.
"""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from amu.boards.host import MemoryStore, PowerCut
from amu.core.errors import JournalError
from amu.node import journal
from amu.node.journal import Journal
from tests.support.flight.journal_acts import Act, Records, states_after

record = st.lists(st.one_of(st.integers(0, 1 << 40), st.binary(max_size=40), st.none()), min_size=1, max_size=4)
act = st.one_of(
    st.tuples(st.just("append"), st.lists(record, min_size=1, max_size=3)),
    st.tuples(st.just("checkpoint"), st.one_of(st.binary(max_size=60), st.integers(0, 1 << 60))),
    st.tuples(st.just("reboot"), st.none()),
)

SCRIPT: list[Act] = [
    ("append", [[3, 1, 0, 1, b"v" * 32], [5, 1, b"body"]]),
    ("append", [[2, 1, 1]]),
    ("reboot", None),
    ("checkpoint", [1, 4096, b"state"]),
    ("append", [[3, 1, 1, 1, b"w" * 32]]),
    ("checkpoint", [1, 8192, b"more state"]),
    ("reboot", None),
    ("append", [[8, 12288]]),
]


def perform(acts: list[Act], store: MemoryStore) -> int:
    """Perform acts until the power goes; how many returned."""
    done = 0
    try:
        current = Journal(store)
        current.recover()
        for name, argument in acts:
            if name == "append":
                current.append(argument)
            elif name == "checkpoint":
                current.checkpoint(argument)
            else:
                current = Journal(store)
                current.recover()
            done += 1
    except PowerCut:
        pass
    return done


def new_flash() -> dict[str, bytes]:
    store = MemoryStore()
    Journal(store).commission()
    return store.files


def bytes_written(acts: list[Act]) -> int:
    store = MemoryStore(new_flash())
    assert perform(acts, store) == len(acts)
    return store.bytes_written


def hold_against(acts: list[Act], done: int, flash: dict[str, bytes]) -> None:
    """The flash of a board whose power went in act `done` shows that act whole or not at all."""
    recovered = Journal(MemoryStore(flash)).recover()
    states = states_after(acts)
    assert (recovered.checkpoint, recovered.records) in states[done : done + 2]
    assert recovered.status in (journal.FRESH, journal.OK, journal.TORN)


@settings(max_examples=40)
@example(SCRIPT)
@given(st.lists(act, min_size=1, max_size=8))
def test_a_cut_at_any_byte_keeps_what_had_returned(acts: list[Act]) -> None:
    for cut in range(bytes_written(acts) + 1):
        flash = new_flash()
        done = perform(acts, MemoryStore(flash, cut))
        hold_against(acts, done, flash)


def test_a_second_cut_while_recovering_loses_nothing_more() -> None:
    for cut in range(bytes_written(SCRIPT) + 1):
        flash = new_flash()
        done = perform(SCRIPT, MemoryStore(flash, cut))
        whole = MemoryStore(dict(flash))
        Journal(whole).recover()
        for second_cut in range(whole.bytes_written + 1):
            twice = dict(flash)
            perform([], MemoryStore(twice, second_cut))
            hold_against(SCRIPT, done, twice)


def test_a_board_writes_on_after_every_cut() -> None:
    after: list[Act] = [("append", [[9, 9]]), ("reboot", None), ("append", [[10, 10]])]
    for cut in range(bytes_written(SCRIPT) + 1):
        flash = new_flash()
        perform(SCRIPT, MemoryStore(flash, cut))
        before = Journal(MemoryStore(flash)).recover().records
        assert perform(after, MemoryStore(flash)) == len(after)
        assert Journal(MemoryStore(flash)).recover().records == [*before, [9, 9], [10, 10]]


@settings(max_examples=300)
@given(st.data())
def test_damage_is_refused_or_changes_nothing_that_was_acted_on(data: st.DataObject) -> None:
    """Whatever bytes are overwritten: never a record that was not written, never one missing."""
    flash = new_flash()
    perform(SCRIPT, MemoryStore(flash))
    whole = Journal(MemoryStore(dict(flash))).recover()
    name = data.draw(st.sampled_from(sorted(flash)))
    content = flash[name]
    at = data.draw(st.integers(0, len(content) - 1))
    patch = data.draw(st.binary(min_size=1, max_size=len(content) - at))
    flash[name] = content[:at] + patch + content[at + len(patch) :]
    try:
        recovered = Journal(MemoryStore(flash)).recover()
    except JournalError:
        assert flash[name] != content
        return
    assert (recovered.checkpoint, recovered.records) == (whole.checkpoint, whole.records)


class TornTailBelieved(Journal):
    """A planted bug: append writes record by record, so a vote may survive the cut and its body not."""

    def append(self, records: Records) -> None:
        for one in records:
            super().append([one])


def test_the_suite_catches_a_batch_that_is_not_atomic() -> None:
    acts: list[Act] = [("append", [[3, 1], [5, 1]])]
    found = False
    for cut in range(bytes_written(acts) * 2):
        flash = new_flash()
        store = MemoryStore(flash, cut)
        broken = TornTailBelieved(store)
        try:
            broken.recover()
            broken.append(acts[0][1])
        except PowerCut:
            recovered = Journal(MemoryStore(flash)).recover()
            found = found or (recovered.checkpoint, recovered.records) not in states_after(acts)
    assert found
