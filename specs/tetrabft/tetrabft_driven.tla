-------------------------- MODULE tetrabft_driven --------------------------
(***************************************************************************)
(* Behaviours of tetrabft.tla that flight code can reproduce. TLC draws    *)
(* them at random (-simulate); nodes replay them step by step              *)
(* (tests/conformance/protocols/test_tetrabft_behaviours.py).              *)
(*                                                                         *)
(* Only what no schedule of messages can cause is left out: leaders rotate *)
(* as in the first window of the log, and a replica enters only the next   *)
(* view, since a proof of a skipped view is never sent.                    *)
(***************************************************************************)
EXTENDS tetrabft

CONSTANTS p0, p1, p2, p3

DrivenReplica == {p0, p1, p2, p3}
Ring == <<p0, p1, p2, p3>>

DrivenInit ==
    /\ leader = [v \in View |-> Ring[(v % 4) + 1]]
    /\ view = [p \in Replica |-> 0]
    /\ proposal = [v \in View |-> NoValue]
    /\ votes = [p \in Replica |-> [k \in Phase |-> [v \in View |-> NoValue]]]
    /\ decided = [p \in Replica |-> NoValue]

\* A random walk that changes views as often as it may ends before any replica has voted. So p leaves
\* a view only once some replica has cast its third vote there, or has left it.
Worn(p) == \E q \in Honest : view[q] > view[p] \/ votes[q][3][view[p]] # NoValue

\* In view 0 a leader votes for its proposal at once.
OwesVote(p) == leader[view[p]] = p /\ proposal[view[p]] # NoValue /\ votes[p][1][view[p]] = NoValue

DrivenNext ==
    \E p \in Honest :
        \/ view[p] < MaxView /\ Worn(p) /\ ~OwesVote(p) /\ EnterView(p, view[p] + 1)
        \/ \E v \in View, val \in Value :
              \/ Propose(p, v, val)
              \/ Vote1(p, v, val)
              \/ Vote2(p, v, val)
              \/ Vote3(p, v, val)
              \/ Vote4(p, v, val)
              \/ Decide(p, v, val)
        \/ \E val \in Value : Learn(p, val)

DrivenSpec == DrivenInit /\ [][DrivenNext]_vars
=============================================================================
