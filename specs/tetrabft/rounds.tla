------------------------------- MODULE rounds -------------------------------
(***************************************************************************)
(* TetraBFT round by round: small enough to check completely.              *)
(*                                                                         *)
(* A replica's act in phase k of view v depends on phase k - 1 of view v   *)
(* and on the registers that were frozen when v was entered, on nothing    *)
(* later. So the steps of any run can be sorted by (view, phase) without   *)
(* changing what any replica saw (communication closure: Elrad and Francez *)
(* 1982; Damian, Dragoi, Militaru, Widder, CAV 2019). Here one step is one *)
(* phase of all honest replicas at once. A replica may be silent in any    *)
(* phase: it is late, cut off, crashed, or past the view. It may miss a    *)
(* view: it is still behind.                                               *)
(*                                                                         *)
(* The state is what a replica keeps: six registers. Byzantine replicas    *)
(* say whatever makes a guard true, as in tetrabft.tla. Leaders are        *)
(* Byzantine: any value may be proposed to any replica.                    *)
(*                                                                         *)
(* Goal selects the property and so the state: "agreement" needs no        *)
(* suggest registers (phases 2 and 3); "acceptance" needs them all, but no *)
(* votes in the last view.                                                 *)
(***************************************************************************)
EXTENDS Integers, FiniteSets, TLC

CONSTANTS
    Honest, Byzantine,
    FaultsMax,
    Value,          \* values that replicas vote for
    Fresh,          \* further values that a leader may propose
    NoValue,
    MaxView,
    WithClauseIIIB,
    Goal            \* "agreement" or "acceptance"

Tracked == IF Goal = "agreement" THEN {1, 4} ELSE 1..4
LastVoting == IF Goal = "agreement" THEN MaxView ELSE MaxView - 1

\* As in tetrabft.tla.
Weight(S) == Cardinality(S)
QuorumSize == Weight(Honest \cup Byzantine) - FaultsMax
BlockingSize == FaultsMax + 1
IsQuorum(S) == Weight(S) >= QuorumSize
IsBlocking(S) == Weight(S) >= BlockingSize

ASSUME
    /\ Weight(Honest \cup Byzantine) >= 3 * FaultsMax + 1
    /\ Weight(Byzantine) <= FaultsMax
    /\ Goal \in {"agreement", "acceptance"}

VARIABLES
    view,       \* the view under way
    phase,      \* its phase: 1 .. 4, or 5 after them, or 6 at the very end
    present,    \* honest replicas that take part in the view
    ballot,     \* ballot[p]: p's vote of the previous phase, or NoValue
    registers,  \* registers[p]: p's registers from earlier views
    pending,    \* pending[p]: its votes in this view, by phase
    chosen      \* values that got a quorum of phase-4 votes

vars == <<view, phase, present, ballot, registers, pending, chosen>>

NoVote == [view |-> -1, value |-> NoValue]
Blank == [hi1 |-> NoVote, second1 |-> NoVote, hi2 |-> NoVote, second2 |-> NoVote, hi3 |-> NoVote, hi4 |-> NoVote]
Silence == [p \in Honest |-> NoValue]
NoVotes == [p \in Honest |-> <<NoValue, NoValue, NoValue, NoValue>>]

-----------------------------------------------------------------------------
\* Rules 1 to 4, on registers as they were when the view was entered.

Highest(p, k) ==
    CASE k = 1 -> registers[p].hi1 [] k = 2 -> registers[p].hi2 [] k = 3 -> registers[p].hi3 [] k = 4 -> registers[p].hi4
Second(p, k) == IF k = 1 THEN registers[p].second1 ELSE registers[p].second2

ClaimsSafeAt(p, val, r, k) ==
    \/ r = 0
    \/ Highest(p, k).view >= r /\ Highest(p, k).value = val
    \/ Second(p, k).view >= r

BlockingClaims(val, r, k, liars) ==
    IsBlocking(liars \cup {p \in present : ClaimsSafeAt(p, val, r, k)})

NoneAfterAndNoOtherAt(p, val, r, k) ==
    \/ Highest(p, k).view < r
    \/ Highest(p, k).view = r /\ Highest(p, k).value = val

TwoValuesClaimed(r, k, liars) ==
    /\ r + 1 < view
    /\ \E val1, val2 \in Value \cup Fresh :
          /\ val1 # val2
          /\ BlockingClaims(val1, r, k, liars)
          /\ BlockingClaims(val2, r + 1, k, liars)

SafeAt(val, a, b, clauseIIIB, liars) ==
    \/ view = 0
    \/ IsQuorum(liars \cup {p \in present : Highest(p, a) = NoVote})
    \/ \E r \in 0..(view - 1) :
          /\ IsQuorum(liars \cup {p \in present : NoneAfterAndNoOtherAt(p, val, r, a)})
          /\ \/ BlockingClaims(val, r, b, liars)
             \/ clauseIIIB /\ TwoValuesClaimed(r, b, liars)

SafeToPropose(val) == SafeAt(val, 3, 2, FALSE, Byzantine)
SafeToVote(val) == SafeAt(val, 4, 1, WithClauseIIIB, Byzantine)

Accepted(val) == IsQuorum(Byzantine \cup {p \in present : ballot[p] = val})

-----------------------------------------------------------------------------
Init ==
    /\ view = 0
    /\ phase = 1
    /\ present = Honest
    /\ ballot = Silence
    /\ registers = [p \in Honest |-> Blank]
    /\ pending = NoVotes
    /\ chosen = {}

\* One phase: each replica that is present votes for a permitted value or stays silent.
Vote(permitted) ==
    /\ view <= LastVoting
    /\ \E cast \in [present -> permitted \cup {NoValue}] :
          ballot' = [p \in Honest |-> IF p \in present THEN cast[p] ELSE NoValue]
    /\ pending' = IF view = MaxView \/ phase \notin Tracked THEN pending
                  ELSE [p \in Honest |-> [pending[p] EXCEPT ![phase] = ballot'[p]]]
    /\ phase' = phase + 1
    /\ UNCHANGED <<view, present, registers, chosen>>

Phase1 == phase = 1 /\ Vote({val \in Value : SafeToVote(val)})
Phase2 == phase = 2 /\ Vote({val \in Value : Accepted(val)})
Phase3 == phase = 3 /\ Vote({val \in Value : Accepted(val)})
Phase4 == phase = 4 /\ Vote({val \in Value : Accepted(val)})

\* A register pair after a vote for val in this view: the old highest vote becomes the second
\* one if it was for another value.
NewHighest(highest, val) == IF val = NoValue THEN highest ELSE [view |-> view, value |-> val]
NewSecond(highest, second, val) ==
    IF val # NoValue /\ highest # NoVote /\ highest.value # val THEN highest ELSE second

Kept(p) ==
    LET old == registers[p]
    IN  [hi1 |-> NewHighest(old.hi1, pending[p][1]), second1 |-> NewSecond(old.hi1, old.second1, pending[p][1]),
         hi2 |-> NewHighest(old.hi2, pending[p][2]), second2 |-> NewSecond(old.hi2, old.second2, pending[p][2]),
         hi3 |-> NewHighest(old.hi3, pending[p][3]), hi4 |-> NewHighest(old.hi4, pending[p][4])]

EndView ==
    /\ phase = 5
    /\ chosen' = chosen \cup {val \in Value : Accepted(val)}
    /\ IF view < MaxView
       THEN /\ view' = view + 1
            /\ phase' = 1
            /\ present' \in SUBSET Honest
       ELSE /\ phase' = 6
            /\ UNCHANGED <<view, present>>
    /\ registers' = [p \in Honest |-> Kept(p)]
    /\ pending' = NoVotes
    /\ ballot' = Silence

Next == Phase1 \/ Phase2 \/ Phase3 \/ Phase4 \/ EndView

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
TypeOK ==
    /\ view \in 0..MaxView
    /\ phase \in 1..6
    /\ present \subseteq Honest
    /\ ballot \in [Honest -> Value \cup {NoValue}]
    /\ chosen \subseteq Value

Agreement == Cardinality(chosen) <= 1

\* A second vote is for another value than the highest one, and older.
SecondsDiffer ==
    \A p \in Honest :
        \A pair \in {<<registers[p].second1, registers[p].hi1>>, <<registers[p].second2, registers[p].hi2>>} :
            pair[1] # NoVote => pair[1].value # pair[2].value /\ pair[1].view < pair[2].view

\* A vote of phases 2 to 4 has a quorum of votes in the previous phase. Agreement needs this only for phase
\* 3; the rules for proposals and first votes need it for phases 2 and 4 as well.
VotesHaveQuorumBefore ==
    [][\A p \in Honest :
          phase \in 2..4 /\ ballot'[p] # NoValue =>
              Weight(Byzantine \cup {q \in Honest : ballot[q] = ballot'[p]}) >= QuorumSize]_vars

\* As in tetrabft.tla: a value that a leader may propose with the help of all Byzantine replicas is
\* accepted by voters with the help of none, once all honest replicas are in the view.
ProposalAcceptable ==
    phase = 1 /\ present = Honest =>
        \A val \in Value \cup Fresh : SafeToPropose(val) => SafeAt(val, 4, 1, WithClauseIIIB, {})

Symmetry == Permutations(Honest) \cup Permutations(Value) \cup Permutations(Fresh)
=============================================================================
