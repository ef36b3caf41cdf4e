------------------------------ MODULE tetrabft ------------------------------
(***************************************************************************)
(* One instance (one slot) of TetraBFT: Yu, Losa, Wang, "TetraBFT:         *)
(* Reducing Latency of Unauthenticated, Responsive BFT Consensus", PODC    *)
(* 2024, extended version arXiv 2405.02615.                                *)
(*                                                                         *)
(* There are no messages. The state is what the honest replicas did: which *)
(* views they entered, what they voted for, what was proposed and decided. *)
(* A replica's proof and suggest messages for view v are functions of its  *)
(* votes before v, and entering v freezes those. So a guard reads them     *)
(* from the votes of any replica that has entered v or gone past it.       *)
(*                                                                         *)
(* Byzantine replicas have no state. Each guard counts them as having said *)
(* whatever makes it true, to that replica at that moment. No real         *)
(* adversary can do more, so safety against this one is safety.            *)
(*                                                                         *)
(* Every guard but two only becomes true, never false, when others act. So *)
(* a run may be replayed in any order that respects causality. The two     *)
(* compare a replica's own view or own votes, and its own steps keep their *)
(* order. specs/decisions/trace_order.md has the argument.                 *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Replica,        \* the replicas
    Byzantine,      \* those that may do anything
    FaultsMax,      \* f: Weight(Replica) >= 3 * f + 1
    Value,          \* values to decide on
    NoValue,        \* not a value
    MaxView,        \* views are 0 .. MaxView
    WithClauseIIIB  \* TRUE; FALSE only to show what is lost without the clause

Honest == Replica \ Byzantine
View == 0..MaxView
Phase == 1..4

\* Replicas count one each. A model may let some count more (Weight <- ... in its cfg), which is
\* another quorum system for the same protocol and fewer replicas to enumerate.
Weight(S) == Cardinality(S)
QuorumSize == Weight(Replica) - FaultsMax
BlockingSize == FaultsMax + 1
IsQuorum(S) == Weight(S) >= QuorumSize
IsBlocking(S) == Weight(S) >= BlockingSize

ASSUME
    /\ Byzantine \subseteq Replica
    /\ Weight(Replica) >= 3 * FaultsMax + 1
    /\ Weight(Byzantine) <= FaultsMax
    /\ NoValue \notin Value
    /\ MaxView \in Nat

VARIABLES
    leader,    \* leader[v]: leads view v; any assignment, fixed from the start
    view,      \* view[p]: the view that p is in
    proposal,  \* proposal[v]: what the honest leader of v proposed, or NoValue
    votes,     \* votes[p][k][v]: p's vote of phase k in view v, or NoValue
    decided    \* decided[p]: what p decided or learned, or NoValue

vars == <<leader, view, proposal, votes, decided>>

-----------------------------------------------------------------------------
\* Registers: all that a replica keeps of its past, and all that rules 1 to 4 read.

NoVote == [view |-> -1, value |-> NoValue]

Last(S) == CHOOSE u \in S : \A w \in S : w <= u

VoteIn(p, k, S) ==
    IF S = {} THEN NoVote ELSE LET u == Last(S) IN [view |-> u, value |-> votes[p][k][u]]

\* hiK in a proof or suggest for view v: the last phase-k vote before v.
HighestVote(p, k, v) == VoteIn(p, k, {u \in 0..(v - 1) : votes[p][k][u] # NoValue})

\* secondK: the last phase-k vote before v for another value than the highest vote's.
SecondVote(p, k, v) ==
    LET highest == HighestVote(p, k, v)
    IN  VoteIn(p, k, {u \in 0..(v - 1) : votes[p][k][u] \notin {NoValue, highest.value}})

-----------------------------------------------------------------------------
\* Rules 2 and 4: p's phase-k votes before view v say that val is safe at view r.
ClaimsSafeAt(p, val, r, v, k) ==
    \/ r = 0
    \/ HighestVote(p, k, v).view >= r /\ HighestVote(p, k, v).value = val
    \/ SecondVote(p, k, v).view >= r

\* A blocking set claims it, in proofs or suggests for view v. `liars` claim everything.
BlockingClaims(val, r, v, k, liars) ==
    IsBlocking(liars \cup {p \in Honest : view[p] >= v /\ ClaimsSafeAt(p, val, r, v, k)})

\* Conditions (i) and (ii) for one member p of the quorum: no phase-k vote in a view strictly
\* between r and v, and none at r for another value than val.
NoneAfterAndNoOtherAt(p, val, r, v, k) ==
    LET highest == HighestVote(p, k, v)
    IN  highest.view < r \/ (highest.view = r /\ highest.value = val)

\* Clause (iii-B): two values val1 and val2, claimed at views a and b with r <= a < b < v. A
\* claim at a view is a claim at every lower view, so a = r and b = r + 1 are the best choice.
TwoValuesClaimed(r, v, k, liars) ==
    /\ r + 1 < v
    /\ \E val1, val2 \in Value :
          /\ val1 # val2
          /\ BlockingClaims(val1, r, v, k, liars)
          /\ BlockingClaims(val2, r + 1, v, k, liars)

\* Rules 1 and 3: val is safe in view v, by the phase-a votes of a quorum whose members have all
\* entered v, and by the phase-b claims of a blocking set. A leader asks with a = 3 and b = 2,
\* a voter with a = 4 and b = 1; clause (iii-B) is for voters only.
SafeAt(val, v, a, b, clauseIIIB, liars) ==
    \/ v = 0
    \/ IsQuorum(liars \cup {p \in Honest : view[p] >= v /\ HighestVote(p, a, v) = NoVote})
    \/ \E r \in 0..(v - 1) :
          /\ IsQuorum(liars \cup {p \in Honest : view[p] >= v /\ NoneAfterAndNoOtherAt(p, val, r, v, a)})
          /\ \/ BlockingClaims(val, r, v, b, liars)
             \/ clauseIIIB /\ TwoValuesClaimed(r, v, b, liars)

SafeToPropose(val, v) == SafeAt(val, v, 3, 2, FALSE, Byzantine)
SafeToVote(val, v) == SafeAt(val, v, 4, 1, WithClauseIIIB, Byzantine)

\* A quorum voted for val in phase k of view v.
Accepted(val, v, k) == IsQuorum(Byzantine \cup {p \in Honest : votes[p][k][v] = val})

-----------------------------------------------------------------------------
Init ==
    /\ leader \in [View -> Replica]
    /\ view = [p \in Replica |-> 0]
    /\ proposal = [v \in View |-> NoValue]
    /\ votes = [p \in Replica |-> [k \in Phase |-> [v \in View |-> NoValue]]]
    /\ decided = [p \in Replica |-> NoValue]

\* A replica enters a higher view: by its synchroniser, or because others voted there.
EnterView(p, v) ==
    /\ p \in Honest
    /\ view[p] < v
    /\ view' = [view EXCEPT ![p] = v]
    /\ UNCHANGED <<leader, proposal, votes, decided>>

Propose(p, v, val) ==
    /\ p \in Honest
    /\ leader[v] = p
    /\ view[p] = v
    /\ proposal[v] = NoValue
    /\ SafeToPropose(val, v)
    /\ proposal' = [proposal EXCEPT ![v] = val]
    /\ UNCHANGED <<leader, view, votes, decided>>

\* At most one vote in each phase of each view, and only in the view that p is in.
CastVote(p, v, val, k) ==
    /\ p \in Honest
    /\ view[p] = v
    /\ votes[p][k][v] = NoValue
    /\ votes' = [votes EXCEPT ![p][k][v] = val]
    /\ UNCHANGED <<leader, view, proposal, decided>>

\* An honest leader sends one proposal; a Byzantine one may have sent p any value.
Vote1(p, v, val) ==
    /\ leader[v] \in Honest => proposal[v] = val
    /\ SafeToVote(val, v)
    /\ CastVote(p, v, val, 1)

Vote2(p, v, val) ==
    /\ Accepted(val, v, 1)
    /\ CastVote(p, v, val, 2)

Vote3(p, v, val) ==
    /\ Accepted(val, v, 2)
    /\ CastVote(p, v, val, 3)

Vote4(p, v, val) ==
    /\ Accepted(val, v, 3)
    /\ CastVote(p, v, val, 4)

\* p has seen a quorum of phase-4 votes.
Decide(p, v, val) ==
    /\ p \in Honest
    /\ decided[p] = NoValue
    /\ Accepted(val, v, 4)
    /\ decided' = [decided EXCEPT ![p] = val]
    /\ UNCHANGED <<leader, view, proposal, votes>>

\* A blocking set has reported to p that it decided val.
Learn(p, val) ==
    /\ p \in Honest
    /\ decided[p] = NoValue
    /\ IsBlocking(Byzantine \cup {q \in Honest : decided[q] = val})
    /\ decided' = [decided EXCEPT ![p] = val]
    /\ UNCHANGED <<leader, view, proposal, votes>>

\* p has rebooted and read its registers back from flash: they are those of its votes. The step
\* changes nothing; it exists so that traces can be checked against it.
Restore(p, v, hi1, second1, hi2, second2, hi3, hi4) ==
    /\ p \in Honest
    /\ view[p] = v
    /\ hi1 = HighestVote(p, 1, MaxView + 1)
    /\ second1 = SecondVote(p, 1, MaxView + 1)
    /\ hi2 = HighestVote(p, 2, MaxView + 1)
    /\ second2 = SecondVote(p, 2, MaxView + 1)
    /\ hi3 = HighestVote(p, 3, MaxView + 1)
    /\ hi4 = HighestVote(p, 4, MaxView + 1)
    /\ UNCHANGED vars

Next ==
    \E p \in Honest :
        \/ \E v \in View : EnterView(p, v)
        \/ \E v \in View, val \in Value :
              \/ Propose(p, v, val)
              \/ Vote1(p, v, val)
              \/ Vote2(p, v, val)
              \/ Vote3(p, v, val)
              \/ Vote4(p, v, val)
              \/ Decide(p, v, val)
        \/ \E val \in Value : Learn(p, val)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
\* Properties; specs/tetrabft/properties.md gives each its identifier.

TypeOK ==
    /\ leader \in [View -> Replica]
    /\ view \in [Replica -> View]
    /\ proposal \in [View -> Value \cup {NoValue}]
    /\ votes \in [Replica -> [Phase -> [View -> Value \cup {NoValue}]]]
    /\ decided \in [Replica -> Value \cup {NoValue}]

Agreement == \A p, q \in Honest : NoValue \in {decided[p], decided[q]} \/ decided[p] = decided[q]

\* At most one value has its quorum of phase-4 votes, even if no replica has noticed yet.
OneValueChosen == Cardinality({val \in Value : \E v \in View : Accepted(val, v, 4)}) <= 1

DecisionHasQuorum ==
    \A p \in Honest : decided[p] # NoValue => \E v \in View : Accepted(decided[p], v, 4)

NoFutureVote == \A p \in Honest, k \in Phase : \A v \in (view[p] + 1)..MaxView : votes[p][k][v] = NoValue

VoteHasQuorumBefore ==
    \A p \in Honest, k \in 2..4, v \in View : votes[p][k][v] # NoValue => Accepted(votes[p][k][v], v, k - 1)

VoteFollowsProposal ==
    \A p \in Honest, v \in View :
        votes[p][1][v] # NoValue /\ leader[v] \in Honest => proposal[v] = votes[p][1][v]

\* No value but val can ever get a quorum of phase-4 votes in view u: a quorum voted for val there
\* or has gone past u without a vote.
NoneOtherChoosableAt(val, u) ==
    IsQuorum(Byzantine \cup {p \in Honest : votes[p][4][u] = val \/ (view[p] > u /\ votes[p][4][u] = NoValue)})

\* The inductive heart of agreement: a vote in v leaves no other value choosable below v.
VotesSafe ==
    \A v \in View :
        \A val \in {votes[p][k][v] : p \in Honest, k \in Phase} \ {NoValue} :
            \A u \in 0..(v - 1) : NoneOtherChoosableAt(val, u)

\* What was permitted stays permitted: no later act of others makes a guard false again. So a
\* recorded run may be replayed in any order that respects causality.
GuardsStand ==
    \A v \in View :
        /\ proposal[v] # NoValue => SafeToPropose(proposal[v], v)
        /\ \A val \in {votes[p][1][v] : p \in Honest} \ {NoValue} : SafeToVote(val, v)

\* The heart of liveness: once every honest replica has entered v, a value that the leader of v may
\* propose with the help of all Byzantine replicas is accepted by every voter with the help of none.
ProposalAcceptable ==
    \A v \in View :
        (\A p \in Honest : view[p] >= v) =>
            \A val \in Value : SafeToPropose(val, v) => SafeAt(val, v, 4, 1, WithClauseIIIB, {})

Safety ==
    /\ TypeOK
    /\ Agreement
    /\ OneValueChosen
    /\ DecisionHasQuorum
    /\ NoFutureVote
    /\ VoteHasQuorumBefore
    /\ VoteFollowsProposal
    /\ VotesSafe
    /\ GuardsStand

\* At most one vote in each phase of each view: a vote never changes.
VotesStand ==
    [][\A p \in Honest, k \in Phase, v \in View : votes[p][k][v] \in {NoValue, votes'[p][k][v]}]_vars
=============================================================================
