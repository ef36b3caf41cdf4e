--------------------------- MODULE trace_tetrabft ---------------------------
(***************************************************************************)
(* Holds recorded steps against tetrabft.tla. Module trace_data is written *)
(* by specs/checking/consensus/tlc.py: Slots is a sequence, one entry for  *)
(* each slot of a trace, with `leaders` (of views 0, 1, ...) and `steps`,  *)
(* each an action's name and its arguments.                                *)
(*                                                                         *)
(* Each slot is one behaviour, chosen in the initial state, so that one    *)
(* run of TLC judges all. A step first says what the event did to the      *)
(* variables and then asks the action: TRUE = A makes TLC evaluate A on    *)
(* the two states instead of searching for successors.                     *)
(*                                                                         *)
(* A behaviour that stops early is a rejected slot; TLC does not call that *)
(* an error (run it with -deadlock). So each slot that comes to its end    *)
(* prints a line, and whoever runs TLC requires that line. The names of    *)
(* trace, module and code are set side by side in specs/checking/trace.py. *)
(***************************************************************************)
EXTENDS tetrabft, trace_data, Sequences, TLC

VARIABLES
    slot,   \* which of Slots
    taken   \* how many of its steps have been taken

Steps == Slots[slot].steps
Name == Steps[taken + 1][1]
Argument(i) == Steps[taken + 1][i + 1]

TraceInit ==
    /\ slot \in 1..Len(Slots)
    /\ taken = 0
    /\ leader = [v \in View |-> Slots[slot].leaders[v + 1]]
    /\ view = [p \in Replica |-> 0]
    /\ proposal = [v \in View |-> NoValue]
    /\ votes = [p \in Replica |-> [k \in Phase |-> [v \in View |-> NoValue]]]
    /\ decided = [p \in Replica |-> NoValue]

TraceEnterView ==
    /\ Name = "EnterView"
    /\ view' = [view EXCEPT ![Argument(1)] = Argument(2)]
    /\ UNCHANGED <<leader, proposal, votes, decided>>
    /\ TRUE = EnterView(Argument(1), Argument(2))

TracePropose ==
    /\ Name = "Propose"
    /\ proposal' = [proposal EXCEPT ![Argument(2)] = Argument(3)]
    /\ UNCHANGED <<leader, view, votes, decided>>
    /\ TRUE = Propose(Argument(1), Argument(2), Argument(3))

Voted(k) ==
    /\ votes' = [votes EXCEPT ![Argument(1)][k][Argument(2)] = Argument(3)]
    /\ UNCHANGED <<leader, view, proposal, decided>>

TraceVote ==
    \/ Name = "Vote1" /\ Voted(1) /\ TRUE = Vote1(Argument(1), Argument(2), Argument(3))
    \/ Name = "Vote2" /\ Voted(2) /\ TRUE = Vote2(Argument(1), Argument(2), Argument(3))
    \/ Name = "Vote3" /\ Voted(3) /\ TRUE = Vote3(Argument(1), Argument(2), Argument(3))
    \/ Name = "Vote4" /\ Voted(4) /\ TRUE = Vote4(Argument(1), Argument(2), Argument(3))

TraceDecide ==
    /\ Name = "Decide"
    /\ decided' = [decided EXCEPT ![Argument(1)] = Argument(3)]
    /\ UNCHANGED <<leader, view, proposal, votes>>
    /\ TRUE = Decide(Argument(1), Argument(2), Argument(3))

TraceLearn ==
    /\ Name = "Learn"
    /\ decided' = [decided EXCEPT ![Argument(1)] = Argument(2)]
    /\ UNCHANGED <<leader, view, proposal, votes>>
    /\ TRUE = Learn(Argument(1), Argument(2))

TraceRestore ==
    /\ Name = "Restore"
    /\ UNCHANGED vars
    /\ TRUE = Restore(Argument(1), Argument(2), Argument(3), Argument(4), Argument(5), Argument(6), Argument(7),
                      Argument(8))

TraceNext ==
    /\ taken < Len(Steps)
    /\ taken' = taken + 1
    /\ UNCHANGED slot
    /\ \/ TraceEnterView
       \/ TracePropose
       \/ TraceVote
       \/ TraceDecide
       \/ TraceLearn
       \/ TraceRestore
    /\ taken + 1 = Len(Steps) => PrintT(<<"ACCEPTED", slot>>)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, slot, taken>>
=============================================================================
