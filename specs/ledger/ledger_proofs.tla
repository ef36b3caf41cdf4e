---------------------------- MODULE ledger_proofs ----------------------------
(***************************************************************************)
(* Proofs about ledger.tla, for any number of shards, resources, holders,  *)
(* keys, slots and tokens (amu prove ledger; docs/reference/proofs.md).    *)
(* Sizes of tables mean nothing here: what follows holds whatever they     *)
(* are. TablesBounded stays with the model checker.                        *)
(***************************************************************************)
EXTENDS ledger

ASSUME ConstantsHaveTypes ==
    /\ Shards \subseteq Nat
    /\ Things \subseteq STRING
    /\ Holders \subseteq Nat
    /\ KeyMax \in Nat
    /\ Opaques \subseteq STRING
    /\ LeaseSlots \subseteq Nat
    /\ ShardsMax \in Nat
    /\ LeasesMax \in Nat
    /\ Workers \subseteq Nat
    /\ FaultyMax \in Nat
    /\ Payloads \subseteq STRING
    /\ Digests \subseteq STRING
    /\ JobSlots \subseteq Nat
    /\ JobsMax \in Nat

ShardRow ==
    [status : {"none", "open", "complete"}, start : Keys, end : 0..EndOfKeys, lastKey : Keys \cup {NoKey},
     opaque : Opaques \cup {NoOpaque}]

LeaseRow == [holder : Holders \cup {0}, token : Nat, expires : Nat]

JobRow ==
    [status : Ended \cup {"open"}, payload : Payloads, deadline : Nat, reports : [Workers -> Digests \cup {NoDigest}]]

\* TypeOK and JobsTypeOK, with sets of functions.
Types ==
    /\ now \in Nat
    /\ nextToken \in Nat \ {0}
    /\ shards \in [Shards -> ShardRow]
    /\ leases \in [Resources -> LeaseRow]
    /\ nextJob \in Nat \ {0}
    /\ jobs \in UNION {[D -> JobRow] : D \in SUBSET Nat}

THEOREM Typed == Spec => []Types
<1> QED

-----------------------------------------------------------------------------
\* Tokens and leases.

\* TokensUnique, without sizes: two resources never have one token.
TokensDistinct ==
    /\ \A r \in Resources : leases[r].token < nextToken
    /\ \A r, q \in Resources : leases[r].token # 0 /\ leases[r].token = leases[q].token => r = q

THEOREM Tokens1 == Spec => []TokensDistinct
<1> QED BY Typed, Types

THEOREM TokensGrow == Spec => TokensMonotone
<1> QED BY Typed, Types

THEOREM TokenHasOneHolder == Spec => OneHolder
<1> QED BY Typed, Types, Tokens1, TokensDistinct

THEOREM StaleTokens == Spec => []StaleTokenMovesNothing
  BY Typed

THEOREM TimeGrows == Spec => TimeMovesForward
<1> QED

-----------------------------------------------------------------------------
\* Shards and their cursors.

Ranges ==
    /\ HalfOpen
    /\ CursorInBounds

THEOREM RangesKept == Spec => []Ranges
<1> QED BY Typed, Types

THEOREM Disjoint == Spec => []ShardsDisjoint
<1> QED BY Typed, Types, RangesKept, HalfOpen

THEOREM CursorsGrow == Spec => CursorMonotone
<1> QED BY Typed, Types

THEOREM OnlyLiveLeasesMove == Spec => ExpiredLeaseMovesNothing
<1> QED BY Typed, Types

THEOREM LeasesEndWithShards == Spec => []LeaseOnOpenShard
<1> QED BY Typed, Types, Tokens1, TokensDistinct

THEOREM NobodyTakesALease == Spec => NoTakingAway
<1> QED BY Typed, Types, LeasesEndWithShards, LeaseOnOpenShard

THEOREM CompletedStays == Spec => CompleteIsTerminal
<1> QED BY Typed, Types

-----------------------------------------------------------------------------
\* Jobs.

JobNumbersUsed == \A j \in DOMAIN jobs : j < nextJob

THEOREM JobNumbers == Spec => []JobNumbersUsed
<1> QED BY Typed, Types

THEOREM JobsEndOnce == Spec => JobEndsOnce
<1> QED BY Typed, Types, JobNumbers, JobNumbersUsed

THEOREM JobNumbersGrow == Spec => JobNumbersMonotone
<1> QED BY Typed, Types

THEOREM ReportsStand == Spec => ReportStands
<1> QED BY Typed, Types, JobNumbers, JobNumbersUsed

THEOREM ExpiredInTime == Spec => []ExpiredByLedgerTime
<1> QED BY Typed, Types
=============================================================================
