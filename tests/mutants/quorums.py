"""Planted bugs of sizes: each place of flight code or ground that counts replicas counts one too few, or one too many.

One too few believes liars, or asks them alone. One too many keeps a swarm waiting for a replica that may be faulty.
Two sizes are guarded twice, so that one too few changes nothing (equivalent mutants, not planted):
- `rules.safe_at` and `Instance._body_after_view_change` ask for a quorum of reports before they count how many of them
  are silent or permit the value; those counts ask for a quorum again.
- a quorum of silent reports permits every value at base 0, which a quorum of permits finds, too; so one too many silent
  reports changes nothing.
"""

from tests.mutants.mutant import Mutant

CATCH_UP = "firmware/amu/consensus/catch_up.py"
CHECKPOINTS = "firmware/amu/consensus/checkpoints.py"
CLIENT = "groundstation/station/client.py"
INSTANCE = "firmware/amu/consensus/instance.py"
JOBS = "firmware/amu/ledger/jobs.py"
LAMPORT = "firmware/amu/core/lamport.py"
LEARNER = "firmware/amu/node/learner.py"
LIMITS = "firmware/amu/core/limits.py"
NODE = "firmware/amu/node/node.py"
RULES = "firmware/amu/consensus/rules.py"
SYNCHRONISER = "firmware/amu/consensus/synchroniser.py"


def _size(name: str, file: str, text: str, size: str, by: int) -> Mutant:
    """`size` in `text` becomes `by` more."""
    changed = text.replace(size, f"({size} + {by})")
    return Mutant(name, file, text, changed, ("quorum sizes",))


def _fewer(name: str, file: str, text: str, size: str) -> Mutant:
    return _size(f"one too few: {name}", file, text, size, -1)


def _more(name: str, file: str, text: str, size: str) -> Mutant:
    return _size(f"one too many: {name}", file, text, size, 1)


_VOTES = "count_equal(self._votes[phase], (view, value)) >= self.group.quorum"
_LEARNED = "count_equal(self._learned, learned) >= self.group.blocking"
_BUSY = "count_equal(self._heard, True) >= self.group.blocking"
_VOUCHED = "return count >= group.blocking"
_SUGGESTS = "if len(reports) < self.group.quorum"
_ECHOED = "kth_largest(self.wishes, self._group.blocking)"
_OBEYED = "kth_largest(self.wishes, self._group.quorum)"
_REPORTS = "if len(reports) < group.quorum"
_SILENT = "if _silent_count(reports) >= group.quorum"
_FREE = "return _silent_count(reports) >= group.quorum"
_PERMITS = "_permit_count(value, base, reports) < group.quorum"
_CLAIMS = "_claim_count(value, base, reports) >= group.blocking"
_LATER = "_claim_count(later, base + 1, reports) < blocking"
_EARLIER = "_claim_count(earlier, base, reports) >= blocking"
_STABLE = "self._reporters(own[0], own[1]) >= self._group.quorum"
_TRUSTED = "self._reporters(slot, digest) >= self._group.blocking"
_TARGET = "kth_largest(self._applied_by, self._group.blocking)"
_ASKED = "for k in range(self._group.blocking)"
_ANSWERS = "if len(answers) >= self._group.quorum"
_REPLIES = "count_equal(entry.replies, value) < self._group.blocking"
_WITNESSES = "Witnesses(self.group.size, self.group.blocking)"
_LEARNERS_WITNESSES = "Witnesses(self._group.size, self._group.blocking)"
_COMMON = "len(self._claims) - self._blocking]"
_JOBS = "limits.blocking_size(replica_count)"

MUTANTS = (
    _more("votes for the next vote, or the decision", INSTANCE, _VOTES, "self.group.quorum"),
    _fewer("replies that a decision is learned from", INSTANCE, _LEARNED, "self.group.blocking"),
    _more("replies that a decision is learned from", INSTANCE, _LEARNED, "self.group.blocking"),
    _fewer("talkative peers that start a slot's timer", INSTANCE, _BUSY, "self.group.blocking"),
    _more("talkative peers that start a slot's timer", INSTANCE, _BUSY, "self.group.blocking"),
    _fewer("votes that vouch for requests", RULES, _VOUCHED, "group.blocking"),
    _more("votes that vouch for requests", RULES, _VOUCHED, "group.blocking"),
    _more("suggests for a proposal", INSTANCE, _SUGGESTS, "self.group.quorum"),
    _fewer("wishes that are echoed", SYNCHRONISER, _ECHOED, "self._group.blocking"),
    _more("wishes that are echoed", SYNCHRONISER, _ECHOED, "self._group.blocking"),
    _fewer("wishes that are obeyed", SYNCHRONISER, _OBEYED, "self._group.quorum"),
    _more("wishes that are obeyed", SYNCHRONISER, _OBEYED, "self._group.quorum"),
    _more("reports for a safe value", RULES, _REPORTS, "group.quorum"),
    _fewer("silent reports that make a value safe", RULES, _SILENT, "group.quorum"),
    _fewer("silent reports that free a leader", RULES, _FREE, "group.quorum"),
    _more("silent reports that free a leader", RULES, _FREE, "group.quorum"),
    _fewer("reports that permit a value", RULES, _PERMITS, "group.quorum"),
    _more("reports that permit a value", RULES, _PERMITS, "group.quorum"),
    _more("claims of clause (iii-A)", RULES, _CLAIMS, "group.blocking"),
    _fewer("claims of a later value in clause (iii-B)", RULES, _LATER, "blocking"),
    _more("claims of a later value in clause (iii-B)", RULES, _LATER, "blocking"),
    _fewer("claims of an earlier value in clause (iii-B)", RULES, _EARLIER, "blocking"),
    _more("claims of an earlier value in clause (iii-B)", RULES, _EARLIER, "blocking"),
    _size("a checkpoint is stable on n-f-1 reports", CHECKPOINTS, _STABLE, "self._group.quorum", -1),
    _more("reports of a stable checkpoint", CHECKPOINTS, _STABLE, "self._group.quorum"),
    Mutant(
        "a checkpoint is stable on f+1 reports",
        CHECKPOINTS,
        _STABLE,
        _STABLE.replace("quorum", "blocking"),
        ("quorum sizes",),
    ),
    Mutant(
        "a checkpoint is trusted on f reports",
        CHECKPOINTS,
        _TRUSTED,
        _TRUSTED.replace("self._group.blocking", "self._group.faults"),
        ("past", "quorum sizes"),
    ),
    _more("reports of a trusted checkpoint", CHECKPOINTS, _TRUSTED, "self._group.blocking"),
    _fewer("reports of how far others are", CHECKPOINTS, _TARGET, "self._group.blocking"),
    _more("reports of how far others are", CHECKPOINTS, _TARGET, "self._group.blocking"),
    _fewer("replicas that are asked for a slot", CATCH_UP, _ASKED, "self._group.blocking"),
    _more("replicas that are asked for a slot", CATCH_UP, _ASKED, "self._group.blocking"),
    _fewer("answers for rejoining", CATCH_UP, _ANSWERS, "self._group.quorum"),
    _more("answers for rejoining", CATCH_UP, _ANSWERS, "self._group.quorum"),
    Mutant(
        "rejoin on f+1 answers",
        CATCH_UP,
        _ANSWERS,
        _ANSWERS.replace("quorum", "blocking"),
        ("past", "quorum sizes"),
    ),
    _fewer("replicas that a learner asks", LEARNER, _ASKED, "self._group.blocking"),
    _more("replicas that a learner asks", LEARNER, _ASKED, "self._group.blocking"),
    _more("replies that a learner believes", LEARNER, _REPLIES, "self._group.blocking"),
    _fewer("witnesses of a time", NODE, _WITNESSES, "self.group.blocking"),
    _more("witnesses of a time", NODE, _WITNESSES, "self.group.blocking"),
    _fewer("a learner's witnesses of a time", LEARNER, _LEARNERS_WITNESSES, "self._group.blocking"),
    _more("a learner's witnesses of a time", LEARNER, _LEARNERS_WITNESSES, "self._group.blocking"),
    _fewer("claims of a common time", LAMPORT, _COMMON, "self._blocking"),
    _more("reports of a job's result", JOBS, _JOBS, "limits.blocking_size(replica_count)"),
    _fewer("answers that the ground believes", CLIENT, _JOBS, "limits.blocking_size(replica_count)"),
    _more("answers that the ground believes", CLIENT, _JOBS, "limits.blocking_size(replica_count)"),
    Mutant(
        "f is a quarter of the swarm",
        LIMITS,
        "return (replica_count - 1) // 3",
        "return (replica_count - 1) // 4 or 1",
        ("quorum sizes",),
    ),
    Mutant(
        "a quorum is 2f + 1, whatever n is",
        LIMITS,
        "    return replica_count - faults_max(replica_count)\n",
        "    return 2 * faults_max(replica_count) + 1\n",
        ("quorum sizes",),
    ),
)
