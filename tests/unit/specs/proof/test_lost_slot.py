"""A slot of the log that too few correct replicas can give: a reachable state, beyond the bounds of the models.

No theorem says that decided slots stay recoverable: with two liars and windows of two slots it is false.
"""

from pathlib import Path

from specs import FOLDER, tla

LIARS = frozenset({6, 7})
CONSTANTS = {
    "Replica": frozenset(range(1, 8)),
    "Byzantine": LIARS,
    "FaultsMax": 2,
    "Window": 2,
    "Period": 3,
    "Watermark": 6,
    "Kept": 2,
    "MaxSlot": 9,
}
SCHEDULE = (
    "Decide(3, {1, 2, 3})",
    "Learn(1)",
    "Learn(2)",
    "Decide(3, {1, 2, 3})",
    "Learn(1)",
    "Decide(3, {1, 2, 3})",
    'Adopt(2, 3, "right")',  # two liars and replica 3 report checkpoint 3; replica 2 has not applied slot 2
    "Learn(4)",
    "Learn(5)",
    "Decide(3, {1, 2, 3})",  # replica 3 has applied slot 4 and takes no part in slot 2 any more
)
ALWAYS = ("TypeOK", "AdoptedStateIsReal", "WithinWindow", "LogIsBounded", "CutIsCovered")


def test_two_liars_leave_a_slot_with_too_few(tmp_path: Path) -> None:
    steps = "\n".join([f"Step{at} == {step}" for at, step in enumerate(SCHEDULE)])
    (tmp_path / "checkpoints.tla").write_bytes((FOLDER / "replicated_log" / "checkpoints.tla").read_bytes())
    text = f"---- MODULE schedule ----\nEXTENDS checkpoints\n{steps}\n====\n"
    (tmp_path / "schedule.tla").write_text(text, encoding="utf-8")
    module = tla.load(tmp_path / "schedule.tla", CONSTANTS)
    (state,) = module.initials("Init")
    for at in range(len(SCHEDULE)):
        assert module.holds("Recoverable", state)
        (state,) = module.successors(f"Step{at}", state)
        assert {name: module.holds(name, state) for name in ALWAYS} == dict.fromkeys(ALWAYS, True)
    assert not module.holds("Recoverable", state)
    assert not module.holds("SomebodyGoesOn", state)
    assert [slot for slot in range(1, 5) if not module.value("CanBeHad", state, slot)] == [2, 3, 4]
