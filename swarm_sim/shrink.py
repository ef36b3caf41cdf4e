"""From a scenario that fails to a smaller one that fails alike, which a person can read.

Delta debugging (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002):
`ddmin` on the list of everything that is done to the swarm, then single simplifications of what is left, over and over
until none of them keeps the failure. A failure is kept if verdict and oracle stay the same.

Rules
- Every candidate is a whole scenario and is flown from the beginning: draws are keyed with rule and link, or come from
  streams of their own, so what is taken away shifts nothing else.
- At most `runs_max` flights; what has been reached by then is the result.
- Flights are no longer than the failing one: a bound on its time goes with each candidate.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from groundstation.scenario import Scenario, ScenarioError, parse
from swarm_sim.outcome import PASS, Outcome
from swarm_sim.simulation import simulate

RUNS_MAX = 600
LISTS = ("faults", "board_faults", "byzantine")
ROUND_DIGITS = 2
OPERATIONS_LEAST = 1

Document = dict[str, Any]
Fly = Callable[[Scenario], Outcome]
Progress = Callable[[int, "Size"], None]


class NothingToShrink(Exception):
    """The scenario does not fail."""


@dataclass(frozen=True)
class Size:
    """How much there is to read in a scenario, and how much happened in its run."""

    boards: int
    faults: int
    board_faults: int
    byzantine: int
    operations: int
    seconds: float
    events: int

    def __str__(self) -> str:
        return (
            f"{self.boards} boards, {self.faults} link faults, {self.board_faults} board faults, "
            f"{self.byzantine} liars, {self.operations} operations, {self.seconds:g} s, {self.events} events"
        )


@dataclass(frozen=True)
class Shrunk:
    """The smallest scenario found, its outcome, the sizes before and after, and the flights that it took."""

    scenario: Scenario
    outcome: Outcome
    before: Size
    after: Size
    runs: int


def size(scenario: Scenario, outcome: Outcome) -> Size:
    """The size of a scenario whose run had `outcome`."""
    return Size(
        scenario.mission.boards,
        len(scenario.faults),
        len(scenario.board_faults),
        len(scenario.byzantine),
        scenario.workload.operations,
        outcome.counts.get("milliseconds", 0) / 1000,
        outcome.counts.get("events", 0),
    )


def shrink(
    scenario: Scenario, fly: Fly = simulate, runs_max: int = RUNS_MAX, progress: Progress = lambda runs, size: None
) -> Shrunk:
    """The smallest failing scenario that `runs_max` flights find. Raises NothingToShrink."""
    outcome = fly(scenario)
    if outcome.verdict == PASS:
        raise NothingToShrink(f"scenario {scenario.name} passes; there is nothing to shrink")
    search = _Search(scenario, outcome, fly, runs_max, progress)
    search.run()
    return Shrunk(search.best, search.outcome, size(scenario, outcome), size(search.best, search.outcome), search.runs)


class _Search:
    def __init__(self, scenario: Scenario, outcome: Outcome, fly: Fly, runs_max: int, progress: Progress) -> None:
        self.best = scenario
        self.outcome = outcome
        self.runs = 1
        self._wanted = (outcome.verdict, outcome.oracle)
        self._fly = fly
        self._runs_max = runs_max
        self._progress = progress
        self._document: Document = scenario.model_dump(mode="json", exclude_unset=True)
        self._tried: set[str] = set()
        self._shorten()

    def run(self) -> None:
        self._minimise_lists()
        while self.runs < self._runs_max:
            before = self._document
            for candidates in (_boards, _work, _times, _rules, _liars):
                self._take_all(candidates)
            self._minimise_lists()
            if self._document == before:
                return

    def _take_all(self, candidates: Callable[[Document], Iterator[Document]]) -> None:
        """Take candidates as long as one of them fails alike."""
        while self.runs < self._runs_max:
            if not any(self._try(candidate) for candidate in candidates(self._document)):
                return

    def _minimise_lists(self) -> None:
        """ddmin on everything that is done to links and boards together."""
        items = [(name, place) for name in LISTS for place in range(len(self._document.get(name, [])))]
        parts = 2
        while items and self.runs < self._runs_max:
            length = max(1, len(items) // parts)
            chunks = [items[start : start + length] for start in range(0, len(items), length)]
            base = self._document
            for chunk in chunks:
                kept = [item for item in items if item not in chunk]
                if self._try(_only(base, kept)):
                    items = [(name, place) for name in LISTS for place in range(len(self._document.get(name, [])))]
                    parts = max(2, parts - 1)
                    break
            else:
                if length == 1:
                    return
                parts = min(len(items), 2 * parts)

    def _shorten(self) -> None:
        """No candidate need fly much longer than the failure takes."""
        calm = self._document.get("liveness")
        if calm is None:
            return
        for bound in (10, 20, 40, 80):
            candidate = copy.deepcopy(self._document)
            candidate["liveness"]["bound_seconds"] = bound * self.best.mission.speed
            if bound * self.best.mission.speed < calm["bound_seconds"] and self._try(candidate):
                return

    def _try(self, document: Document) -> bool:
        """Fly a candidate; if it fails alike, go on from it."""
        key = repr(document)
        if key in self._tried or self.runs >= self._runs_max:
            return False
        self._tried.add(key)
        try:
            scenario = parse(document, "candidate")
        except ScenarioError:
            return False  # what was taken away was needed for it to be a scenario at all
        self.runs += 1
        outcome = self._fly(scenario)
        if (outcome.verdict, outcome.oracle) != self._wanted:
            return False
        self._document, self.best, self.outcome = document, scenario, outcome
        self._progress(self.runs, size(scenario, outcome))
        return True


def _only(document: Document, kept: list[tuple[str, int]]) -> Document:
    """The document with these entries of its lists and no others. Rules keep their names: their draws hang on them."""
    changed = copy.deepcopy(document)
    names = _rule_names(document)
    for name in LISTS:
        entries = document.get(name, [])
        places = [place for place in range(len(entries)) if (name, place) in kept]
        changed[name] = [copy.deepcopy(entries[place]) for place in places]
        if name == "faults":
            for entry, place in zip(changed[name], places):
                entry["name"] = names[place]
    return changed


def _rule_names(document: Document) -> list[str]:
    return parse(document, "names").fault_plan().rule_names() if document.get("faults") else []


# --- candidates -----------------------------------------------------------------------------------


def _with(document: Document, table: str, **fields: Any) -> Document:
    changed = copy.deepcopy(document)
    changed.setdefault(table, {}).update(fields)
    return changed


def _boards(document: Document) -> Iterator[Document]:
    """One board fewer: the last one, and what names it."""
    boards = document["mission"]["boards"]
    changed = _with(document, "mission", boards=boards - 1)
    last = boards - 1
    for name in ("board_faults", "byzantine"):
        changed[name] = [entry for entry in changed.get(name, []) if entry["node"] != last]
    rules = []
    for rule in changed.get("faults", []):
        for side in ("source", "destination"):
            if side in rule:
                rule[side] = [node for node in rule[side] if node != last]
        if "groups" in rule:
            rule["groups"] = [left for group in rule["groups"] if (left := [node for node in group if node != last])]
        if "stations" in rule:
            rule["stations"] = rule["stations"][:last]
        if all(rule.get(side, True) for side in ("source", "destination", "groups")):
            rules.append(rule)
    changed["faults"] = rules
    if "liveness" in changed:
        changed["liveness"]["core"] = [node for node in changed["liveness"]["core"] if node != last]
    yield changed


def _work(document: Document) -> Iterator[Document]:
    """Fewer slots, operations, kinds of commands; nothing beside them."""
    work, slots = document["workload"], document["mission"]["slots"]
    if document.get("ops"):
        yield {**copy.deepcopy(document), "ops": {}}
    for fewer in (1, slots // 4, slots // 2):
        if 1 <= fewer < slots:
            yield _with(document, "mission", slots=fewer)
    operations = work.get("operations", 100)
    for fewer in (OPERATIONS_LEAST, operations // 4, operations // 2, operations - 1):
        if OPERATIONS_LEAST <= fewer < operations:
            yield _with(document, "workload", operations=fewer)
    if work.get("mix") != {"noop": 1}:
        yield _with(document, "workload", mix={"noop": 1})
    for kind in work.get("mix", {}):
        if len(work["mix"]) > 1:
            yield _with(document, "workload", mix={k: v for k, v in work["mix"].items() if k != kind})
    for fewer in (1, work.get("in_flight", 6) // 2):
        if 1 <= fewer < work.get("in_flight", 6):
            yield _with(document, "workload", in_flight=fewer)
    if work.get("pause_seconds"):
        yield _with(document, "workload", pause_seconds=0.0)


def _times(document: Document) -> Iterator[Document]:
    """An earlier calm, shorter windows."""
    calm = document.get("liveness")
    if calm is not None:
        for share in (0.25, 0.5, 0.8):
            sooner = round(calm["at"] * share, ROUND_DIGITS)
            if 0 < sooner < calm["at"]:
                yield _with(document, "liveness", at=sooner)
    for place, rule in enumerate(document.get("faults", [])):
        start, end = rule.get("start", 0.0), rule.get("end")
        if end is None:
            continue
        middle = round((start + end) / 2, ROUND_DIGITS)
        if end - start > 0.02 and start < middle < end:
            yield _changed(document, "faults", place, start=middle)
            yield _changed(document, "faults", place, end=middle)


def _rules(document: Document) -> Iterator[Document]:
    """Rules that are sure instead of likely, and fewer nodes and kinds in them; board faults at round times."""
    for place, rule in enumerate(document.get("faults", [])):
        if rule.get("probability", 1.0) not in (0.0, 1.0):
            yield _changed(document, "faults", place, probability=1.0)
        for field in ("source", "destination", "kinds"):
            if len(rule.get(field) or ()) > 1:
                for item in rule[field]:
                    yield _changed(document, "faults", place, **{field: [one for one in rule[field] if one != item]})
    for place, fault in enumerate(document.get("board_faults", [])):
        if round(fault["at"], 1) != fault["at"]:
            yield _changed(document, "board_faults", place, at=round(fault["at"], 1))


def _liars(document: Document) -> Iterator[Document]:
    """Plainer liars."""
    for place, entry in enumerate(document.get("byzantine", [])):
        if entry.get("parameters"):
            yield _changed(document, "byzantine", place, parameters={})
        if entry["adversary"] != "silence":
            yield _changed(document, "byzantine", place, adversary="silence", parameters={})


def _changed(document: Document, table: str, place: int, **fields: Any) -> Document:
    changed = copy.deepcopy(document)
    changed[table][place].update(fields)
    return changed
