------------------------ MODULE lamport_mutex_model ------------------------
(***************************************************************************)
(* lamport_mutex within bounds.                                            *)
(*                                                                         *)
(* Times. A clock moves as in the paper: to one more than the larger of    *)
(* its own time and the item's (IR1, IR2), or further by Jumps, for events *)
(* outside this protocol. No guard compares a time with a constant, so     *)
(* adding a constant to all times of a state changes none of its steps.    *)
(* Runs without reboots may therefore be infinite: VIEW Shifted subtracts  *)
(* the smallest time, which leaves finitely many states. Reboots (a clock  *)
(* may fall back to 0) and temporal properties get a bounded number of     *)
(* requests instead, and no VIEW.                                          *)
(*                                                                         *)
(* A board enters at the very event that allows it, as in the flight code: *)
(* while some board can enter, nothing else happens.                       *)
(***************************************************************************)
EXTENDS lamport_mutex

CONSTANTS
  Jumps,          \* by how much a clock advances at an event that sends: {1}, or {1, 2}
  RequestsMax,    \* requests of all boards together; 0: unbounded
  RestartsMax,    \* reboots of all boards together
  ClockMax        \* the last time in models with liars

VARIABLES
  asked,      \* requests so far, if they are bounded
  restarted   \* reboots so far

modelVars == <<vars, asked, restarted>>
budgets == <<asked, restarted>>

Max(a, b) == IF a < b THEN b ELSE a

(* Every board has met and heard every other: the initial state of runs without reboots. *)
Connections ==
  /\ clock = [i \in Board |-> 0]
  /\ requested = [i \in Board |-> NoTime]
  /\ holding = [i \in Board |-> FALSE]
  /\ queue = [i \in Board |-> [j \in Board |-> NoTime]]
  /\ heard = [i \in Board |-> [j \in Board |-> TRUE]]
  /\ later = [i \in Board |-> [j \in Board |-> FALSE]]
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> 1]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]

CanAnyEnter == \E i \in Correct : CanEnter(i)
IsQuiet == ~CanAnyEnter

StepRequest(i) ==
  /\ IsQuiet
  /\ RequestsMax = 0 \/ asked < RequestsMax
  /\ \E jump \in Jumps : Request(i, clock[i] + jump)
  /\ asked' = IF RequestsMax = 0 THEN asked ELSE asked + 1
  /\ UNCHANGED restarted

StepReceive(i, j) ==
  /\ IsQuiet
  /\ wire[j][i] # <<>>
  /\ LET item == Head(wire[j][i])
         least == Max(clock[i], item.time)
     IN IF item.kind = "request" THEN \E jump \in Jumps : Receive(i, j, least + jump) ELSE Receive(i, j, least)
  /\ UNCHANGED budgets

StepEnter(i) == Enter(i) /\ UNCHANGED budgets

StepRelease(i) ==
  /\ IsQuiet
  /\ \E jump \in Jumps : Release(i, clock[i] + jump)
  /\ UNCHANGED budgets

StepMeet(i, j) ==
  /\ IsQuiet
  /\ \E b \in 1 .. RestartsMax + 1 : Meet(i, j, b)
  /\ UNCHANGED budgets

StepRestart(i) ==
  /\ IsQuiet
  /\ restarted < RestartsMax
  /\ \E time \in {0, clock[i]} : Restart(i, time)
  /\ restarted' = restarted + 1
  /\ UNCHANGED asked

(* The time of a lie is before or after all others. That covers any time: a board compares it only with its own request,
   and the liar may send another at any moment. The clock condition does not hold for lies. *)
StepReceiveLie(i, x) ==
  /\ IsQuiet
  /\ \E sent \in {0, ClockMax + 1}, kind \in Kind :
       ReceiveLie(i, x, kind, sent, IF kind = "request" THEN clock[i] + 1 ELSE clock[i])
  /\ UNCHANGED budgets

StepMeetLiar(i, x) ==
  /\ IsQuiet
  /\ MeetLiar(i, x)
  /\ UNCHANGED budgets

Next ==
  \/ \E i \in Correct : StepRequest(i) \/ StepEnter(i) \/ StepRelease(i) \/ StepRestart(i)
  \/ \E i \in Correct : \E j \in Correct \ {i} : StepReceive(i, j) \/ StepMeet(i, j)
  \/ \E i \in Correct : \E x \in Liar : StepReceiveLie(i, x) \/ StepMeetLiar(i, x)

Unspent == asked = 0 /\ restarted = 0
ModelInit == Init /\ Unspent
ConnectedInit == Connections /\ Unspent
Spec == ModelInit /\ [][Next]_modelVars
ConnectedSpec == ConnectedInit /\ [][Next]_modelVars

WithinBounds == \A i \in Correct : clock[i] <= ClockMax

-----------------------------------------------------------------------------
(* States that differ only by a constant in all times are equal. *)

AllTimes ==
  {clock[i] : i \in Correct} \cup {requested[i] : i \in Correct} \cup {queue[i][j] : i, j \in Correct}
    \cup UNION {{wire[i][j][k].time : k \in 1 .. Len(wire[i][j])} : i, j \in Correct}

Shifted ==
  LET times == AllTimes \ {NoTime}
      least == CHOOSE t \in times : \A s \in times : t <= s
      Shift(t) == IF t = NoTime THEN NoTime ELSE t - least
  IN <<[i \in Board |-> Shift(clock[i])], [i \in Board |-> Shift(requested[i])], holding, later, heard, known, life,
       [i \in Board |-> [j \in Board |-> Shift(queue[i][j])]],
       [i \in Board |-> [j \in Board |->
          [k \in 1 .. Len(wire[i][j]) |-> <<wire[i][j][k].kind, Shift(wire[i][j][k].time)>>]]]>>

-----------------------------------------------------------------------------
(* III of the paper, for boards that do not crash: every request is granted, if channels deliver and holders release. *)

Fairness ==
  /\ \A i \in Correct : WF_modelVars(StepEnter(i)) /\ WF_modelVars(StepRelease(i))
  /\ \A i \in Correct : \A j \in Correct \ {i} : WF_modelVars(StepReceive(i, j))

FairSpec == ConnectedSpec /\ Fairness

EveryRequestGranted == \A i \in Correct : requested[i] # NoTime ~> holding[i]
EveryTurnEnds == \A i \in Correct : holding[i] ~> requested[i] = NoTime
=============================================================================
