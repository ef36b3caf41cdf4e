--------------------------- MODULE trace_tetrabft ---------------------------
(***************************************************************************)
(* Checks recorded steps against tetrabft.tla and knowledge.tla. Module    *)
(* trace_data, which specs/checking/consensus/tlc.py writes, defines       *)
(* Slots, a sequence with one entry per slot of a trace: `leaders` (of     *)
(* views 0, 1, ...) and `steps`, each an action's name, its arguments, and *)
(* as the last element those of its operator KnowsFor... (empty: what the  *)
(* replica knew is not asked).                                             *)
(*                                                                         *)
(* Each slot is one behaviour, chosen in the initial state, so one run of  *)
(* TLC judges all. A step first applies the event's effect, then evaluates *)
(* the action: TRUE = A makes TLC evaluate A on the two states instead of  *)
(* searching for successors.                                               *)
(*                                                                         *)
(* A behaviour that stops early is a rejected slot, not an error to TLC    *)
(* (run it with -deadlock). So each slot that reaches its end prints a     *)
(* line that the caller of TLC requires. specs/checking/trace.py lists the *)
(* names in trace, module and code.                                        *)
(***************************************************************************)
EXTENDS knowledge, trace_data, Sequences, TLC

VARIABLES
    slot,   \* index in Slots
    taken   \* how many of its steps have been taken

Steps == Slots[slot].steps
Name == Steps[taken + 1][1]
Argument(i) == Steps[taken + 1][i + 1]
Heard == Steps[taken + 1][Len(Steps[taken + 1])]

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

\* A wish is a step of the synchroniser, which tetrabft.tla leaves out.
TraceWish == Name = "Wish" /\ UNCHANGED vars

Knows ==
    CASE Name = "Vote1" -> KnowsForVote1(Heard[1], Heard[2], Heard[3], Heard[4])
      [] Name = "Vote2" -> KnowsForVote2(Heard[1], Heard[2], Heard[3])
      [] Name = "Vote3" -> KnowsForVote3(Heard[1], Heard[2], Heard[3])
      [] Name = "Vote4" -> KnowsForVote4(Heard[1], Heard[2], Heard[3])
      [] Name = "Decide" -> KnowsForDecide(Heard[1], Heard[2], Heard[3])
      [] Name = "Propose" -> KnowsForPropose(Heard[1], Heard[2], Heard[3])
      [] Name = "Learn" -> KnowsForLearn(Heard[1], Heard[2])
      [] Name = "EnterView" -> KnowsForEnterView(Heard[1], Heard[2], Heard[3])
      [] Name = "Wish" -> KnowsForWish(Heard[1], Heard[2], Heard[3])

TraceNext ==
    /\ taken < Len(Steps)
    /\ Heard # <<>> => Knows
    /\ taken' = taken + 1
    /\ UNCHANGED slot
    /\ \/ TraceEnterView
       \/ TracePropose
       \/ TraceVote
       \/ TraceDecide
       \/ TraceLearn
       \/ TraceRestore
       \/ TraceWish
    /\ taken + 1 = Len(Steps) => PrintT(<<"ACCEPTED", slot>>)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, slot, taken>>
=============================================================================
