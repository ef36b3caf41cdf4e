-------------------------- MODULE tetrabft_driven --------------------------
(***************************************************************************)
(* Behaviours of tetrabft.tla that flight code can be asked to reproduce,  *)
(* step by step: drawn at random by TLC (-simulate), played to real nodes  *)
(* by tests/conformance/protocols/test_tetrabft_behaviours.py.             *)
(*                                                                         *)
(* Left out is only what no schedule of messages can bring about: leaders  *)
(* go round as in the first window of the log, and a replica enters the    *)
(* next view, for a proof of a view that it skipped is never sent.         *)
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

\* A random walk that changes views as often as it may ends before anybody has voted: leave a view
\* once somebody has cast its third vote there, or has left it.
Worn(p) == \E q \in Honest : view[q] > view[p] \/ votes[q][3][view[p]] # NoValue

\* In view 0 nothing stands between a leader's proposal and its own vote for it.
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
