"""What is broken in the modules of specs/chain, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

TWO_LOSSES = "three nodes, two losses"
LIVENESS = "liveness with two losses"


def _safety(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"chain: {name}", "chain", "chain.tla", before, after, TWO_LOSSES, caught_by)


def _liveness(name: str, before: str, after: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"chain: {name}", "chain", "chain.tla", before, after, LIVENESS, caught_by)


MUTANTS = (
    _safety(
        "a dirty version is read",
        "  /\\ IsUp(n) /\\ IsClean(n)\n"
        '  /\\ read\' = [phase |-> "done", node |-> n, since |-> Len(committed), version |-> clean[n],\n'
        "              value |-> ValueAt(n, clean[n])]\n",
        "  /\\ IsUp(n)\n"
        '  /\\ read\' = [phase |-> "done", node |-> n, since |-> Len(committed), version |-> Len(log[n]),\n'
        "              value |-> ValueAt(n, Len(log[n]))]\n",
        "Linearisable",
    ),
    _safety(
        "the tail is not asked",
        "  /\\ IsUp(n) /\\ IsClean(n)\n  /\\ read'",
        "  /\\ IsUp(n)\n  /\\ read'",
        "Linearisable",
    ),
    _safety(
        "the last version is returned instead of the named one",
        ".value = ValueAt(n, read.version)]",
        ".value = ValueAt(n, Len(log[n]))]",
        "Linearisable",
    ),
    _safety(
        "a new tail answers before it commits",
        '  /\\ read.phase = "asked"\n  /\\ n = Last /\\ IsUp(n)\n  /\\ IsClean(n)\n',
        '  /\\ read.phase = "asked"\n  /\\ n = Last /\\ IsUp(n)\n',
        "Linearisable",
    ),
    _safety(
        "the head commits",
        "  /\\ n = Last /\\ IsUp(n)\n  /\\ ~IsClean(n)\n",
        "  /\\ n = First /\\ IsUp(n)\n  /\\ ~IsClean(n)\n",
        "NoCommittedWriteLost",
    ),
    _safety(
        "what was not acknowledged is dropped when the tail is lost",
        "          /\\ up' = [up EXCEPT ![n] = <<>>]\n"
        "     ELSE /\\ down' = [down EXCEPT ![Before(n)] = From(Before(n), clean[Before(n)]), ![n] = <<>>]\n"
        "          /\\ up' = [up EXCEPT ![After(n)] = <<clean[After(n)]>>, ![n] = <<>>]\n"
        "  /\\ UNCHANGED <<lost, log, clean,",
        "          /\\ up' = [up EXCEPT ![n] = <<>>]\n"
        "     ELSE /\\ down' = [down EXCEPT ![Before(n)] = From(Before(n), clean[Before(n)]), ![n] = <<>>]\n"
        "          /\\ up' = [up EXCEPT ![After(n)] = <<clean[After(n)]>>, ![n] = <<>>]\n"
        "  /\\ log' = IF n # Last THEN log ELSE [log EXCEPT ![Before(n)] = SubSeq(@, 1, clean[Before(n)])]\n"
        "  /\\ UNCHANGED <<lost, clean,",
        "NoGap",
    ),
    _safety(
        "nothing is sent again when a node in the middle is lost",
        "![Before(n)] = From(Before(n), clean[Before(n)]), ![n] = <<>>]",
        "![Before(n)] = <<>>, ![n] = <<>>]",
        "NoGap",
    ),
    _safety(
        "what is sent again starts one version late",
        "From(Before(n), clean[Before(n)])",
        "From(Before(n), Max(clean[Before(n)] + 1, 1))",
        "NoGap",
    ),
    _safety(
        "what was sent again is taken twice",
        "IF message.version = Len(log[n]) + 1\n",
        "IF message.version <= Len(log[n]) + 1\n",
        "PrefixDownTheChain",
    ),
    _safety(
        "an acknowledgement counts for all that a node has",
        "![n] = Max(@, version)]",
        "![n] = Len(log[n])]",
        "CleanIsCommitted",
    ),
    _safety(
        "any node takes writes",
        "  /\\ n = First /\\ IsUp(n)\n  /\\ \\A m",
        "  /\\ IsUp(n)\n  /\\ \\A m",
        "PrefixDownTheChain",
    ),
    _liveness(
        "acknowledgements that a lost node held are not said again",
        "![After(n)] = <<clean[After(n)]>>, ![n]",
        "![After(n)] = <<>>, ![n]",
        "CleanInTheEnd",
    ),
    _liveness(
        "a new tail does not commit what it has",
        "  /\\ n = Last /\\ IsUp(n)\n  /\\ ~IsClean(n)\n",
        "  /\\ n = Last /\\ IsUp(n) /\\ Len(order) = Cardinality(Node)\n  /\\ ~IsClean(n)\n",
        "WritesCommit",
    ),
)
