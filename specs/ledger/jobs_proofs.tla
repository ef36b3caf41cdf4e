----------------------------- MODULE jobs_proofs -----------------------------
(***************************************************************************)
(* Proofs about jobs_model.tla, for any number of workers, of whom at most *)
(* FaultyMax lie, and any number of jobs, digests and slots (amu prove     *)
(* ledger; docs/reference/proofs.md). That a job is disputed exactly when  *)
(* it is hopeless adds sizes of sets, and stays with the model checker.    *)
(***************************************************************************)
EXTENDS jobs_model

ASSUME ConstantsHaveTypes ==
    /\ Shards \subseteq Nat
    /\ Things \subseteq STRING
    /\ Holders \subseteq Nat
    /\ KeyMax \in Nat
    /\ Opaques \subseteq STRING
    /\ LeaseSlots \subseteq Nat
    /\ ShardsMax \in Nat
    /\ LeasesMax \in Nat
    /\ Liars \subseteq Workers
    /\ FaultyMax \in Nat
    /\ Payloads \subseteq STRING
    /\ Digests \subseteq STRING \ {NoDigest}
    /\ Right \in Digests
    /\ JobSlots \subseteq Nat
    /\ JobsMax \in Nat
    /\ SlotMax \in Nat
    /\ JobMax \in Nat

ASSUME FewLie == Cardinality(Liars) <= FaultyMax /\ Cardinality(Workers) >= FaultyMax + 1

LEMMA EnoughHasCorrect == \A S \in SUBSET Workers : IsEnough(S) => \E w \in Correct : w \in S
  BY DEF Cardinality

HIDE DEF IsEnough

-----------------------------------------------------------------------------
ShardRow ==
    [status : {"none", "open", "complete"}, start : Keys, end : 0..EndOfKeys, lastKey : Keys \cup {NoKey},
     opaque : Opaques \cup {NoOpaque}]

LeaseRow == [holder : Holders \cup {0}, token : Nat, expires : Nat]

JobRow ==
    [status : Ended \cup {"open"}, payload : Payloads, deadline : Nat, reports : [Workers -> Digests \cup {NoDigest}]]

Types ==
    /\ now \in Nat
    /\ nextToken \in Nat \ {0}
    /\ shards \in [Shards -> ShardRow]
    /\ leases \in [Resources -> LeaseRow]
    /\ nextJob \in Nat \ {0}
    /\ jobs \in UNION {[D -> JobRow] : D \in SUBSET Nat}

THEOREM JobsTyped == JobsSpec => []Types
<1> QED

\* AcceptedByQuorum, in parts.
AcceptedHasWon ==
    \A j \in DOMAIN jobs : jobs[j].status = "accepted" => \E d \in Digests : IsWon(jobs[j].reports, d)

OneHasWon ==
    \A j \in DOMAIN jobs : \A d, e \in Digests : IsWon(jobs[j].reports, d) /\ IsWon(jobs[j].reports, e) => d = e

NoneElseHasWon ==
    \A j \in DOMAIN jobs : \A d \in Digests : IsWon(jobs[j].reports, d) => jobs[j].status = "accepted"

Won ==
    /\ AcceptedHasWon
    /\ OneHasWon
    /\ NoneElseHasWon

THEOREM WonOnce == JobsSpec => []Won
<1> QED BY JobsTyped, Types, EnoughHasCorrect, NoneElseHasWon

LEMMA OneDigest ==
    ASSUME OneHasWon, NEW j \in DOMAIN jobs, NEW d \in Digests, IsWon(jobs[j].reports, d)
    PROVE  Cardinality({e \in Digests : IsWon(jobs[j].reports, e)}) = 1
<1>1. \A e \in Digests : IsWon(jobs[j].reports, e) => e = d BY OneHasWon
<1> QED BY <1>1

THEOREM QuorumAccepts == JobsSpec => []AcceptedByQuorum
  BY OneDigest, WonOnce, AcceptedHasWon, OneHasWon, NoneElseHasWon

CorrectReportRight ==
    \A j \in DOMAIN jobs : \A w \in Correct : jobs[j].reports[w] \in {Right, NoDigest}

THEOREM CorrectReports == JobsSpec => []CorrectReportRight
<1> QED BY JobsTyped, Types

THEOREM RightIsAccepted == JobsSpec => []AcceptedIsRight
  BY JobsTyped, Types, WonOnce, AcceptedHasWon, CorrectReports, CorrectReportRight, EnoughHasCorrect
=============================================================================
