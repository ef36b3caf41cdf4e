"""Proves the theorems of features: reads their modules of proofs, makes obligations, asks the solvers.

A feature's proofs are in files `specs/<feature>/*_proofs.tla`.

Theory. From facts that contradict each other everything follows. So the first solver also looks for a model of each
obligation's facts alone: a state, and for a step a step, in which they hold. Rows "(actions)" ask the same of all
invariants together with the guards of each action: each can happen.

Rules. An obligation is proved if each solver that is asked proves it. One that a solver refutes is refuted, whatever
the others say, and so is one whose facts contradict each other, or that has a counterexample although no solver knows
it. A theorem is proved if all its obligations are, and all above it that it cites.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from specs import FOLDER
from specs.proof import solvers, workers
from specs.proof.models import counterexample, small
from specs.proof.obligations import Obligation, Prover
from specs.proof.solvers import PROVED, REFUTED, UNKNOWN, Answer
from specs.proof.translation import terms
from specs.verification import cache

PATTERN = "*_proofs.tla"
MODEL, CONTRADICTORY = "model", "contradictory"  # of an obligation's facts; or UNKNOWN
SEARCHES_MAX = 5  # for counterexamples, of one theorem
EXIT_CODES = {PROVED: 0, REFUTED: 3, UNKNOWN: 5}


class ProofError(Exception):
    """There is nothing to prove, or it was cut off."""


@dataclass(frozen=True)
class Outcome:
    """What the solvers said of one obligation. Without answers it needed none."""

    name: str
    place: str
    status: str
    answers: dict[str, Answer] = field(default_factory=dict)
    counterexample: tuple[str, ...] = ()  # lines
    facts: str = ""  # whether they have a model

    @property
    def is_refuted_by_model(self) -> bool:
        """No solver knows, but there is a counterexample."""
        verdicts = [answer.verdict for answer in self.answers.values()]
        return bool(self.counterexample) and REFUTED not in verdicts


@dataclass(frozen=True)
class Theorem:
    feature: str
    module: str
    name: str
    outcomes: tuple[Outcome, ...]
    cached: bool = False  # all answers, and models of facts, are those of an earlier run

    @property
    def status(self) -> str:
        return worst([outcome.status for outcome in self.outcomes])

    @property
    def unproved(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status != PROVED]

    @property
    def unmodelled(self) -> list[Outcome]:
        """Those of whose facts nobody knows whether they can hold."""
        return [outcome for outcome in self.outcomes if outcome.facts == UNKNOWN]

    @property
    def facts(self) -> Counter[str]:
        """How many obligations have facts with a model, or contradictory ones, or nobody knows."""
        return Counter([outcome.facts for outcome in self.outcomes if outcome.facts])

    def seconds(self, solver: str) -> float:
        """Processor time."""
        return sum(outcome.answers[solver].seconds for outcome in self.outcomes if solver in outcome.answers)


@dataclass(frozen=True)
class Report:
    theorems: tuple[Theorem, ...]
    versions: dict[str, str]
    seconds: float

    @property
    def status(self) -> str:
        return worst([theorem.status for theorem in self.theorems])

    def as_dict(self) -> dict[str, object]:
        """The report for --json."""
        return {
            "status": self.status,
            "seconds": round(self.seconds, 2),
            "solvers": self.versions,
            "theorems": [self._theorem(theorem) for theorem in self.theorems],
        }

    def _theorem(self, theorem: Theorem) -> dict[str, object]:
        return {
            "feature": theorem.feature,
            "module": theorem.module,
            "theorem": theorem.name,
            "status": theorem.status,
            "obligations": len(theorem.outcomes),
            "cached": theorem.cached,
            "asked": sum(bool(outcome.answers) for outcome in theorem.outcomes),
            "facts": dict(sorted(theorem.facts.items())),
            "no model found": [outcome.name for outcome in theorem.unmodelled],
            "seconds": {solver: round(theorem.seconds(solver), 3) for solver in self.versions},
            "unproved": [
                {
                    "obligation": outcome.name,
                    "place": outcome.place,
                    "status": outcome.status,
                    "facts": outcome.facts,
                    "answers": {solver: answer.verdict for solver, answer in outcome.answers.items()},
                    "counterexample": list(outcome.counterexample),
                }
                for outcome in theorem.unproved
            ],
        }


def worst(statuses: Iterable[str]) -> str:
    found = set(statuses)
    return next((status for status in (REFUTED, UNKNOWN) if status in found), PROVED)


def features(specs: Path = FOLDER) -> list[str]:
    """The features that have proofs, sorted."""
    return sorted({path.parent.name for path in specs.glob(f"*/{PATTERN}")})


def modules(wanted: Sequence[str], specs: Path = FOLDER) -> list[Path]:
    """The modules of proofs of the features, or of all. Raises ProofError for a feature without any."""
    known = features(specs)
    for name in wanted:
        if name not in known:
            raise ProofError(f"feature {name!r} has no proofs; those with proofs are {', '.join(known) or 'none'}")
    return [path for name in sorted(set(wanted or known)) for path in sorted((specs / name).glob(PATTERN))]


def prove(
    paths: Sequence[Path],
    asked: Sequence[str] = solvers.SOLVERS,
    done: Callable[[Theorem], None] = lambda theorem: None,
    use_cache: bool = True,
) -> Report:
    """Proves the theorems of modules of proofs. `done` is called for each.

    Raises ModuleError: a module is wrong, or outside what is translated; SolverMissing; ProofError: it was cut off.
    """
    began = time.monotonic()
    versions = solvers.versions(asked)
    jobs = [job for path in paths for job in _jobs(path, versions, use_cache)]
    theorems: list[Theorem] = []
    try:
        for theorem in workers.results(lambda at: _theorem(jobs[at]), len(jobs)):
            theorems.append(theorem)
            done(theorem)
    except workers.WorkerLost as error:
        raise ProofError("a process that asks the solvers was killed; is there too little memory?") from error
    return Report(tuple(theorems), versions, time.monotonic() - began)


@dataclass(frozen=True, eq=False)
class _Job:
    """The obligations of one theorem, and the versions of the solvers that are asked."""

    path: Path
    prover: Prover
    theorem: str
    obligations: tuple[Obligation, ...]
    versions: dict[str, str]
    use_cache: bool


def _jobs(path: Path, versions: dict[str, str], use_cache: bool) -> list[_Job]:
    prover = Prover(path)
    by_theorem: dict[str, list[Obligation]] = {}
    for obligation in prover.obligations():
        by_theorem.setdefault(obligation.theorem, []).append(obligation)
    return [_Job(path, prover, name, tuple(found), versions, use_cache) for name, found in by_theorem.items()]


@dataclass(frozen=True)
class _Answers:
    """A solver's answers to the questions of a theorem; None where there is no question."""

    items: tuple[Answer | None, ...]
    cached: bool = False


def _theorem(job: _Job) -> Theorem:
    axioms = job.prover.translator.choices.axioms
    questions = [None if item.is_plain else solvers.text(item.facts, item.goal, axioms) for item in job.obligations]
    answers = {solver: _answers(job, questions, solver) for solver in job.versions}
    facts, are_known = _facts(job, axioms)
    outcomes: list[Outcome] = []
    searches = SEARCHES_MAX
    for at, (obligation, question) in enumerate(zip(job.obligations, questions)):
        said = {solver: given.items[at] for solver, given in answers.items()}
        found = {solver: answer for solver, answer in said.items() if answer is not None}
        status = worst([answer.verdict for answer in found.values()])
        lines: tuple[str, ...] = ()
        if status != PROVED and question is not None and "z3" in job.versions and searches > 0:
            searches -= 1
            refuted = found["z3"].verdict == REFUTED
            lines = tuple(counterexample.lines(job.prover, obligation, question if refuted else ""))
        status = REFUTED if lines or facts[at] == CONTRADICTORY else status
        outcomes.append(Outcome(obligation.name, str(obligation.place), status, found, lines, facts[at]))
    cached = are_known and all(given.cached for given in answers.values())
    return Theorem(job.path.parent.name, job.path.stem, job.theorem, tuple(outcomes), cached)


def _facts(job: _Job, axioms: dict[str, terms.Term]) -> tuple[list[str], bool]:
    """Whether facts have a model: "" where that does not matter. And whether that is known from an earlier run."""
    solver, version = next(iter(job.versions.items()))
    questions = [solvers.text(item.facts, terms.FALSE, axioms) if item.needs_model else "" for item in job.obligations]
    feature, name = f"proofs of {job.path.parent.name}", f"{job.path.stem} {job.theorem} models"
    key = cache.digest([solver, version, *questions])
    entry = cache.get(feature, name, key) if job.use_cache else None
    known = entry.get("facts") if entry is not None else None
    if isinstance(known, list) and len(known) == len(questions) and set(known) <= {"", MODEL}:
        return [str(item) for item in known], True
    found = _models([item.facts for item in job.obligations], questions, axioms, solver)
    if set(found) <= {"", MODEL}:
        cache.put(feature, name, key, {"facts": found})
    return found, False


def _models(
    facts: Sequence[tuple[terms.Term, ...]], questions: Sequence[str], axioms: dict[str, terms.Term], solver: str
) -> list[str]:
    """Whether each list of facts has a model. One of more facts is one of fewer: the longest lists come first."""
    found, modelled = [""] * len(facts), list[frozenset[terms.Term]]()
    for at in sorted(range(len(facts)), key=lambda at: len(facts[at]), reverse=True):
        if questions[at]:
            own = frozenset(facts[at])
            known = any(own <= larger for larger in modelled)
            found[at] = MODEL if known else _model(facts[at], axioms, questions[at], solver)
            if found[at] == MODEL and not known:
                modelled.append(own)
    return found


def _model(facts: Sequence[terms.Term], axioms: dict[str, terms.Term], question: str, solver: str) -> str:
    """Whether the facts have a model: as they are, or a small one."""
    said = solvers.ask(solver, question, solvers.PART).verdict
    if said == UNKNOWN and solver == "z3":
        return MODEL if small.find(facts, axioms) else UNKNOWN
    return {PROVED: CONTRADICTORY, REFUTED: MODEL, UNKNOWN: UNKNOWN}[said]


def _answers(job: _Job, questions: Sequence[str | None], solver: str) -> _Answers:
    """Asks, unless the same solver has proved the same before. Only proofs are kept: a search may go further later."""
    asked = [question for question in questions if question is not None]
    if not asked:
        return _Answers(tuple(None for _ in questions), True)
    feature, name = f"proofs of {job.path.parent.name}", f"{job.path.stem} {job.theorem} {solver}"
    key = cache.digest([solver, job.versions[solver], *asked])
    entry = cache.get(feature, name, key) if job.use_cache else None
    seconds = entry.get("seconds") if entry is not None else None
    if isinstance(seconds, list) and len(seconds) == len(asked):
        known = iter([Answer(PROVED, float(item)) for item in seconds])
        return _Answers(tuple([None if question is None else next(known) for question in questions]), True)
    found = tuple([None if question is None else solvers.ask(solver, question) for question in questions])
    answers = [answer for answer in found if answer is not None]
    if all(answer.verdict == PROVED for answer in answers):
        cache.put(feature, name, key, {"seconds": [answer.seconds for answer in answers]})
    return _Answers(found)
