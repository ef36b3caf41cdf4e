----------------------- MODULE trace_failure_detector -----------------------
(***************************************************************************)
(* Checks the suspicions in a recorded run against failure_detector.tla.   *)
(* Each trace event has an operator; parameters have the names of fields.  *)
(*                                                                         *)
(*   failure_detector   trace                      code (firmware/amu)     *)
(*   q of <<q, p>>      node                       Operations' own board   *)
(*   p of <<q, p>>      peer, from                 peer                    *)
(*   level[<<q, p>>]    Suspicion.level_milli,     Detector.level_milli    *)
(*                      whole part                                         *)
(*   silence[<<q, p>>]  Suspicion.silent_ticks,    tick - Detector._last   *)
(*                      Heard.silent_ticks                                 *)
(*   Rise               Suspicion                  Detector.sample         *)
(*   Hear               Heard                      Detector.heard          *)
(*   Forget             Boot                       Detector.__init__       *)
(*   LevelMax           (16)                       limits.LEVEL_MILLI_MAX  *)
(*                                                                         *)
(* While a peer is not suspected (level 0, or unknown), no event reports   *)
(* that it is heard, so the first Suspicion itself gives the length of the *)
(* silence. After that, hearing the peer is reported too: the silence      *)
(* grows from one Suspicion to the next, and after a Receive from that     *)
(* peer a Heard must come before the next Suspicion. Variables that traces *)
(* do not show (crashes, heartbeats in flight, the user) are constant.     *)
(*                                                                         *)
(* `ticks` is the board's own counter, as of the trace frame. A tick that  *)
(* the board was too busy to take is in the counter, but not in a silence: *)
(* no silence is longer than the counter says. Of the receipts from a peer *)
(* that is not suspected, only the last before an event is needed here.    *)
(*                                                                         *)
(***************************************************************************)
EXTENDS failure_detector

CONSTANTS
  PartMilli,   \* limits.LEVEL_MILLI_PER_PART
  SampleTicks  \* limits.DETECTOR_SAMPLE_TICKS: ticks between two samples of a level

VARIABLES
  heardAt,  \* heardAt[x]: the counter at the last receipt, NoTicks if there was none in this boot, or it is not known
  owed      \* pairs <<q, p>>: q received from p, which it suspects, and has not yet reported that it heard p

Rest == <<crashed, stable, flight, holds>>
NoTicks == -1

TraceInit == Init /\ owed = {} /\ heardAt = [x \in Pair |-> NoTicks]

\* The silence is not longer than the time since the last receipt.
IsSilentSince(x, silent_ticks, ticks) ==
  heardAt[x] # NoTicks /\ ticks # NoTicks => silent_ticks <= ticks - heardAt[x]

Suspicion(node, peer, silent_ticks, level_milli, ticks) ==
  LET x == <<node, peer>>
      isSuspected == level[x] > 0
  IN  /\ x \notin owed
      /\ IsSilentSince(x, silent_ticks, ticks)
      /\ level_milli \div PartMilli > Max(level[x], 0)
      /\ MayRise(Max(level[x], 0), IF isSuspected THEN silence[x] ELSE 0, level_milli \div PartMilli, silent_ticks)
      /\ level' = [level EXCEPT ![x] = level_milli \div PartMilli]
      /\ silence' = [silence EXCEPT ![x] = silent_ticks]
      /\ UNCHANGED <<Rest, owed, heardAt>>

Heard(node, peer, silent_ticks, ticks) ==
  LET x == <<node, peer>>
  IN  /\ level[x] > 0
      /\ IsSilentSince(x, silent_ticks, ticks)
      /\ heardAt' = [heardAt EXCEPT ![x] = ticks]
      /\ silent_ticks >= silence[x]
      /\ level[x] >= Floor(silent_ticks - SampleTicks)
      /\ Hear(x)
      /\ owed' = owed \ {x}
      /\ UNCHANGED Rest

\* The first receipt from a suspected peer ends the silence that Heard reports.
Receive(node, from, ticks) ==
  LET x == <<node, from>>
      isSuspected == x \in Pair /\ level[x] > 0
  IN  /\ owed' = IF isSuspected THEN owed \cup {x} ELSE owed
      /\ heardAt' = IF x \in Pair /\ ~isSuspected THEN [heardAt EXCEPT ![x] = ticks] ELSE heardAt
      /\ UNCHANGED vars

Boot(node) ==
  /\ Forget(node)
  /\ owed' = {x \in owed : x[1] # node}
  /\ heardAt' = [x \in Pair |-> IF x[1] = node THEN NoTicks ELSE heardAt[x]]
  /\ UNCHANGED Rest

CONSTANT TicksMax  \* for TLC, which must find the arguments

TraceNext ==
  \/ \E x \in Pair, ticks \in 0..TicksMax :
       \/ \E s \in 1..SilenceMax : \E l \in Level : Suspicion(x[1], x[2], s, l * PartMilli, ticks)
       \/ \E s \in 1..SilenceMax : Heard(x[1], x[2], s, ticks)
       \/ Receive(x[1], x[2], ticks)
  \/ \E q \in Process : Boot(q)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, owed, heardAt>>

\* A suspicion does not rise after a receipt until the board has reported that it heard the peer.
HeardIsToldStep == \A x \in owed : level'[x] <= level[x]
HeardIsTold == [][HeardIsToldStep]_<<vars, owed, heardAt>>

TraceTypeOK ==
  /\ TypeOK
  /\ owed \subseteq {x \in Pair : level[x] > 0}
  /\ \A x \in Pair : heardAt[x] >= NoTicks
=============================================================================
