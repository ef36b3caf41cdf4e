"""Mistakes that no proof may survive: in modules, in rules of the protocol, in assumptions.

    python -m tests.spec_mutants.proofs [FEATURE ...] [--write]

Plants each in a copy of the feature's modules and asks z3 about the theorems, in their order, until it does not prove
one. One line per mistake. Exit code 1 if all theorems are proved beside one of them. `--write` notes the table in
docs/generated/proof_mutants.json. Theorems that the mistake does not touch have the same question as before; their
proofs are not repeated.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from docs.generated import proof_mutants
from specs import FOLDER
from specs.proof import prove, solvers, workers
from specs.proof.obligations import Prover
from specs.tla.syntax.tree import Unsupported
from specs.verification.cache import reached
from tests.spec_mutants import lamport_mutex, run

PART = 2  # of z3's steps, one in so many: the theorems themselves need no more, as a test says

# Properties that are known within bounds only: no theorem says them, so none can fail.
NOT_PROVED = frozenset({
    "TablesBounded", "DisputedIsHopeless", "ClientsBounded", "LogIsBounded",
    "Recoverable", "SomebodyGoesOn", "CanBeAnswered", "FloorIsReachable",
    "AllDelivered", "HeardInTheEnd", "EveryoneDecides", "Sticky", "EachLeadsOnce",
    "MarkerOnce", "NoTokenTwice", "TokensKept", "PartsFit", "EverySnapshotEnds",
})  # fmt: skip
RUNS_NOT_PROVED = frozenset({run.TRACE, lamport_mutex.GRANTED})

MUTANT, RULE, PROGRESS, ASSUMPTION = "catalogue", "rule", "progress", "assumption"
TETRABFT = "tetrabft"
RULES = (
    ("rule 3 skipped", "    /\\ SafeToVote(val, v)\n", ""),
    ("condition (i) dropped", "highest.view < r \\/ (highest.view = r", "highest.view # r \\/ (highest.view = r"),
    ("condition (ii) dropped", "(highest.view = r /\\ highest.value = val)", "highest.view = r"),
    ("no blocking set asked", "/\\ \\/ BlockingClaims(val, r, v, b, liars)", "/\\ \\/ TRUE"),
    ("one value claimed", "          /\\ val1 # val2\n", ""),
    ("voters late", "view[p] >= v /\\ HighestVote(p, a, v) = NoVote", "HighestVote(p, a, v) = NoVote"),
    ("quorum may be late", "view[p] >= v /\\ NoneAfter", "NoneAfter"),
    ("claims of one vote", "SecondVote(p, k, v).view >= r", "HighestVote(p, k, v).view >= r"),
    ("first vote, not last", "\\A w \\in S : w <= u", "\\A w \\in S : w >= u"),
    ("vote 4 without vote 3", "    /\\ Accepted(val, v, 3)\n", ""),
    (
        "vote below the view",
        "    /\\ view[p] = v\n    /\\ votes[p][k][v] = NoValue",
        "    /\\ votes[p][k][v] = NoValue",
    ),
    ("view falls", "    /\\ view[p] < v\n", ""),
)
REPLICATED_LOG = "replicated_log"
REJOIN = (
    (
        "who has only just rejoined answers",
        "floor[q] # Unknown /\\ floor[q] <= applied[q] + Window",
        "floor[q] # Unknown",
    ),
    ("any answer at all", "q \\in Correct => CanAnswer(q) /\\ s = applied[q]", "q \\in Correct => CanAnswer(q)"),
    ("answers of one fewer", "IsQuorum(Answered(p))", "Cardinality(Answered(p)) >= QuorumSize - 1"),
    (
        "more forget than may fail",
        "    /\\ ~TooMany(Byzantine \\cup {q \\in Correct : q = p \\/ IsRecovering(q)})\n",
        "",
    ),
    ("a slot is applied that is not decided", "    /\\ Decided(applied[p] + 1)\n", ""),
    ("votes two windows ahead", "s <= applied[p] + Window", "s <= applied[p] + 2 * Window"),
    ("three f suffice to rejoin", "Cardinality(Replica) >= 3 * FaultsMax + 1", "Cardinality(Replica) >= 3 * FaultsMax"),
)
CHECKPOINTS = (
    (
        "only the last checkpoint is reported",
        "Cardinality({t \\in made[p] : t > s}) < Kept",
        "{t \\in made[p] : t > s} = {}",
    ),
    ("f + 1 with the liars decide", "    /\\ IsQuorum(V \\cup Byzantine)\n", "    /\\ IsBlocking(V \\cup Byzantine)\n"),
    ("a reboot loses a checkpoint", "    /\\ s >= Latest(made[p])\n", ""),
    ("slots open two windows ahead", "Min(applied[p] + Window,", "Min(applied[p] + 2 * Window,"),
    (
        "a checkpoint that is not its own is stable",
        "    /\\ s \\in Own(p)\n    /\\ s > stable[p]\n    /\\ IsQuorum(Rep",
        "    /\\ IsQuorum(Rep",
    ),
)
# Agreement is proved without these; that voters accept a leader's proposal is not.
FOR_PROGRESS = (
    ("clause (iii-B) dropped", "clauseIIIB /\\ TwoValuesClaimed", "FALSE /\\ TwoValuesClaimed"),
    (
        "a leader asks about phases 4 and 1",
        "SafeAt(val, v, 3, 2, FALSE, Byzantine)",
        "SafeAt(val, v, 4, 1, FALSE, Byzantine)",
    ),
    ("voters hear the liars", "SafeAt(val, v, 4, 1, WithClauseIIIB, {})", "SafeAt(val, v, 4, 1, FALSE, {})"),
)
ASSUMPTIONS = (
    ("three f suffice", "Weight(Replica) >= 3 * FaultsMax + 1", "Weight(Replica) >= 3 * FaultsMax"),
    ("more liars than f", "Weight(Byzantine) <= FaultsMax", "Weight(Byzantine) <= FaultsMax + 1"),
    ("f replicas block", "BlockingSize == FaultsMax + 1", "BlockingSize == FaultsMax"),
)
LOG_ASSUMPTIONS = (
    ("more liars than f", "Cardinality(Byzantine) <= FaultsMax", "Cardinality(Byzantine) <= FaultsMax + 1"),
    (
        "f replicas block",
        "IsBlocking(S) == Cardinality(S) >= FaultsMax + 1",
        "IsBlocking(S) == Cardinality(S) >= FaultsMax",
    ),
)
LINK = (
    (RULE, "what was not sent is acknowledged", " /\\ m.acknowledged <= c.highest\n", "\n"),
    (RULE, "items after a gap are taken", " /\\ m.first <= Next1(c)", ""),
    (RULE, "a queue without end", "     /\\ Len(c.queue) < QueueMax\n", ""),
    (ASSUMPTION, "a third board", "Cardinality(Side) = 2", "Cardinality(Side) = 3"),
)


@dataclass(frozen=True)
class Mistake:
    """`before` stands once in the file `module` of the feature, and becomes `after`."""

    kind: str
    feature: str
    name: str
    module: str
    before: str
    after: str


@dataclass(frozen=True)
class Failed:
    """The first obligation that is not proved, as "theorem: obligation", and what z3 says."""

    obligation: str
    verdict: str


def mistakes() -> list[Mistake]:
    """All mistakes in modules about which something is proved, by feature."""
    read = {source for path in prove.modules([]) for source in reached(path)}
    found = [
        Mistake(MUTANT, mutant.feature, mutant.name, mutant.module, mutant.before, mutant.after)
        for mutant in run.catalogue()
        if FOLDER / mutant.feature / mutant.module in read
        and mutant.caught_by not in NOT_PROVED
        and mutant.run not in RUNS_NOT_PROVED
    ]
    for kind, rows in ((RULE, RULES), (PROGRESS, FOR_PROGRESS), (ASSUMPTION, ASSUMPTIONS)):
        found += [Mistake(kind, TETRABFT, name, "tetrabft.tla", before, after) for name, before, after in rows]
    found += [Mistake(ASSUMPTION, "replicated_log", row[0], "replicated_log.tla", *row[1:]) for row in LOG_ASSUMPTIONS]
    for module, rows in (("rejoin.tla", REJOIN), ("checkpoints.tla", CHECKPOINTS)):
        found += [Mistake(RULE, REPLICATED_LOG, name, module, before, after) for name, before, after in rows]
    found += [Mistake(kind, "link", name, "link.tla", before, after) for kind, name, before, after in LINK]
    return sorted(found, key=lambda mistake: mistake.feature)


def planted(folder: Path, module: str, before: str, after: str, feature: str = TETRABFT) -> list[Path]:
    """Plants it in a copy of the feature's modules. Returns the modules of proofs that read it, its own first."""
    count = (FOLDER / feature / module).read_text(encoding="utf-8").count(before)
    assert count == 1, f"{module}: {before!r} stands there {count} times"
    run.copy_with(feature, module, before, after, folder)
    own = folder / module.replace(".tla", "_proofs.tla")
    paths = sorted(folder.glob(prove.PATTERN), key=lambda path: (path != own, path))
    return [path for path in paths if folder / module in reached(path)]


def questions(path: Path) -> Iterator[tuple[str, str]]:
    """What is asked about the module of proofs, with theorem and obligation: several may have one name."""
    prover = Prover(path)
    for item in prover.by_theorem():
        if not item.is_plain:
            text = solvers.text(item.facts, item.goal, prover.translator.choices.axioms)
            yield f"{item.theorem}: {item.name}", text


@cache
def true_questions() -> frozenset[str]:
    """What is asked about the modules as they are; all of it is proved."""
    return frozenset(question for path in prove.modules([]) for _, question in questions(path))


def failed(paths: Sequence[Path]) -> Failed | None:
    """What is not proved beside a planted mistake."""
    for path in paths:
        try:
            for name, question in questions(path):
                if question not in true_questions():
                    verdict = solvers.ask("z3", question, PART).verdict
                    if verdict != solvers.PROVED:
                        return Failed(name, verdict)
        except Unsupported as error:
            return Failed(path.stem, f"refused: {error}")
    return None


def failed_of(mistake: Mistake) -> Failed | None:
    with tempfile.TemporaryDirectory() as folder:
        return failed(planted(Path(folder), mistake.module, mistake.before, mistake.after, mistake.feature))


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.spec_mutants.proofs", description=__doc__)
    parser.add_argument("features", nargs="*")
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args(arguments)
    chosen = [mistake for mistake in mistakes() if not told.features or mistake.feature in told.features]
    if not chosen or (told.write and told.features):
        parser.error("--write is for all features" if chosen else f"no mistakes in {', '.join(told.features)}")
    true_questions()
    rows: list[dict[str, str]] = []
    for mistake, found in zip(chosen, workers.results(lambda at: failed_of(chosen[at]), len(chosen))):
        said = found or Failed("ALL PROVED", "")
        print(f"{mistake.feature:16} {mistake.kind:10} {mistake.name:60} {said.obligation}  {said.verdict}", flush=True)
        rows.append({"feature": mistake.feature, "kind": mistake.kind, "name": mistake.name, **asdict(said)})
    survivors = sum(not row["verdict"] for row in rows)
    print(f"{len(rows) - survivors} of {len(rows)} mistakes leave something unproved")
    if told.write:
        proof_mutants.FILE.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
