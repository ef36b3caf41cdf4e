--------------------------- MODULE snapshot_model ---------------------------
(***************************************************************************)
(* snapshot within bounds, over an application that makes mistakes show:   *)
(* boards pass tokens to each other, one an item, and make none. Any way   *)
(* to lay the tokens out over boards and channels can be reached from any  *)
(* other, so a recorded state is a reachable one exactly if no token is    *)
(* missing from it or in it twice (TokensKept).                            *)
(***************************************************************************)
EXTENDS snapshot

CONSTANTS
  Tokens,        \* tokens in all, at the lowest correct board to begin with
  Initiators,    \* boards that take snapshots
  NumberMax,     \* snapshots of each
  SendsMax,      \* items sent in all
  RestartsMax    \* reboots of all boards together

VARIABLES
  sends,      \* items sent so far
  started,    \* started[o]: the last number that o has used, in whatever life
  restarted   \* reboots so far

modelVars == <<vars, sends, started, restarted>>
budgets == <<sends, started, restarted>>

First == CHOOSE i \in Correct : \A j \in Correct : i <= j
Layout == local = [i \in Board |-> IF i = First THEN Tokens ELSE 0]

(* Every board has met every other: where the runs without reboots begin. *)
Connections ==
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> IF i = j THEN NoLife ELSE 1]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]
  /\ given = [i \in Board |-> [j \in Board |-> 0]]
  /\ taken = [i \in Board |-> [j \in Board |-> 0]]
  /\ recording = [i \in Board |-> [o \in Board |-> None]]
  /\ latest = [i \in Board |-> [o \in Board |-> 0]]
  /\ done = [i \in Board |-> [o \in Board |-> None]]

(* The flight code ends a snapshot in the very event that completes or spoils it: nothing happens in between. *)
IsOwed ==
  \E i \in Correct : \E o \in Initiators :
    /\ InProgress(i, o)
    /\ \/ \A j \in Board : recording[i][o].status[j] = "closed"
       \/ \E j \in Board : recording[i][o].status[j] = "lost"
       \/ recording[i][o].count > ItemsMax
IsQuiet == ~IsOwed

(* Passes a token on in the very event that brings it. *)
StepPass(i, j) ==
  /\ IsQuiet /\ sends < SendsMax
  /\ Receive(i, j, local[i], <<1>>)
  /\ sends' = sends + 1 /\ UNCHANGED <<started, restarted>>

StepSend(i, j) ==
  /\ IsQuiet /\ sends < SendsMax /\ local[i] > 0
  /\ Send(i, {j}, 1, local[i] - 1)
  /\ sends' = sends + 1 /\ UNCHANGED <<started, restarted>>

StepReceive(i, j) ==
  /\ IsQuiet
  /\ Receive(i, j, local[i] + 1, <<>>)
  /\ UNCHANGED budgets

StepStart(o) ==
  /\ IsQuiet /\ started[o] < NumberMax
  /\ Record(o, o, started[o] + 1)
  /\ started' = [started EXCEPT ![o] = @ + 1] /\ UNCHANGED <<sends, restarted>>

StepRecord(i, o, number) == IsQuiet /\ i # o /\ Record(i, o, number) /\ UNCHANGED budgets

StepReceiveMarker(i, j, o, number) == IsQuiet /\ ReceiveMarker(i, j, o, number) /\ UNCHANGED budgets

StepIgnore(i, j, o, number) == IsQuiet /\ Ignore(i, j, o, number) /\ UNCHANGED budgets

StepDone(i, o) == Done(i, o) /\ UNCHANGED budgets

StepAbandon(i, o) == (\E reason \in Reason : Abandon(i, o, reason)) /\ UNCHANGED budgets

StepMeet(i, j) == IsQuiet /\ (\E b \in 1 .. RestartsMax + 1 : Meet(i, j, b, <<>>)) /\ UNCHANGED budgets

(* A token on a board outlives the reboot, a token on its channels does not. *)
StepRestart(i) ==
  /\ IsQuiet /\ restarted < RestartsMax
  /\ Restart(i, local[i])
  /\ restarted' = restarted + 1 /\ UNCHANGED <<sends, started>>

StepMarkerLie(i, x, o, number) == IsQuiet /\ ReceiveMarkerLie(i, x, o, number) /\ UNCHANGED budgets

StepMeetLiar(i, x) == IsQuiet /\ MeetLiar(i, x, <<>>) /\ UNCHANGED budgets

Numbers == 1 .. NumberMax

Next ==
  \/ \E i \in Correct :
       \/ StepRestart(i)
       \/ \E o \in Initiators : StepDone(i, o) \/ StepAbandon(i, o)
       \/ \E o \in Initiators, number \in Numbers : StepRecord(i, o, number)
  \/ \E o \in Initiators \cap Correct : StepStart(o)
  \/ \E i \in Correct : \E j \in Correct \ {i} :
       \/ StepSend(i, j)
       \/ StepReceive(i, j)
       \/ StepPass(i, j)
       \/ StepMeet(i, j)
       \/ \E o \in Initiators, number \in Numbers : StepReceiveMarker(i, j, o, number) \/ StepIgnore(i, j, o, number)
  \/ \E i \in Correct, x \in Liar :
       \/ StepMeetLiar(i, x)
       \/ \E o \in Initiators, number \in Numbers : StepMarkerLie(i, x, o, number)

Unspent == sends = 0 /\ started = [o \in Board |-> 0] /\ restarted = 0
ModelInit == Init /\ Layout /\ Unspent
ConnectedInit == Connections /\ Layout /\ Unspent
Spec == ModelInit /\ [][Next]_modelVars
ConnectedSpec == ConnectedInit /\ [][Next]_modelVars

-----------------------------------------------------------------------------
RECURSIVE SumOver(_, _)
SumOver(amount, boards) ==
  IF boards = {} THEN 0
  ELSE LET j == CHOOSE j \in boards : TRUE IN amount[j] + SumOver(amount, boards \ {j})

(* All correct boards have finished one and the same snapshot. *)
IsComplete(o) == \A i \in Correct : \A j \in Correct \ {i} : BothDone(i, j, o)

(* What all boards recorded of themselves and of their channels. *)
Picture(o) == SumOver([i \in Correct |-> done[i][o].state + done[i][o].count], Correct)

(* Nothing is lost but by a reboot. *)
TokensKept == \A o \in Initiators : RestartsMax = 0 /\ IsComplete(o) => Picture(o) = Tokens

(* With reboots tokens may get lost, but none is ever seen twice. *)
NoTokenTwice == \A o \in Initiators : IsComplete(o) => Picture(o) <= Tokens

-----------------------------------------------------------------------------
(* If nobody reboots every snapshot that is started is done by everybody. *)

Fairness ==
  /\ \A i \in Correct, o \in Initiators :
       /\ WF_modelVars(StepDone(i, o))
       /\ WF_modelVars(\E number \in Numbers : StepRecord(i, o, number))
  /\ \A i \in Correct : \A j \in Correct \ {i} :
       WF_modelVars(StepReceive(i, j) \/ \E o \in Initiators, number \in Numbers :
                      StepReceiveMarker(i, j, o, number) \/ StepIgnore(i, j, o, number))

FairSpec == ConnectedSpec /\ Fairness

EverySnapshotEnds == \A o \in Initiators : InProgress(o, o) ~> \A i \in Correct : done[i][o].number = latest[o][o]
=============================================================================
