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
(***************************************************************************)
EXTENDS failure_detector

CONSTANTS
  PartMilli,   \* limits.LEVEL_MILLI_PER_PART
  SampleTicks  \* limits.DETECTOR_SAMPLE_TICKS: ticks between two samples of a level

VARIABLE owed  \* pairs <<q, p>>: q received from p, which it suspects, and has not yet reported that it heard p

Rest == <<crashed, stable, flight, holds>>

TraceInit == Init /\ owed = {}

Suspicion(node, peer, silent_ticks, level_milli) ==
  LET x == <<node, peer>>
      isSuspected == level[x] > 0
  IN  /\ x \notin owed
      /\ level_milli \div PartMilli > Max(level[x], 0)
      /\ MayRise(Max(level[x], 0), IF isSuspected THEN silence[x] ELSE 0, level_milli \div PartMilli, silent_ticks)
      /\ level' = [level EXCEPT ![x] = level_milli \div PartMilli]
      /\ silence' = [silence EXCEPT ![x] = silent_ticks]
      /\ UNCHANGED <<Rest, owed>>

Heard(node, peer, silent_ticks) ==
  LET x == <<node, peer>>
  IN  /\ level[x] > 0
      /\ silent_ticks >= silence[x]
      /\ level[x] >= Floor(silent_ticks - SampleTicks)
      /\ Hear(x)
      /\ owed' = owed \ {x}
      /\ UNCHANGED Rest

Receive(node, from) ==
  LET x == <<node, from>>
  IN  /\ owed' = IF x \in Pair /\ level[x] > 0 THEN owed \cup {x} ELSE owed
      /\ UNCHANGED vars

Boot(node) ==
  /\ Forget(node)
  /\ owed' = {x \in owed : x[1] # node}
  /\ UNCHANGED Rest

TraceNext ==
  \/ \E x \in Pair : \E s \in 1..SilenceMax : \E l \in Level : Suspicion(x[1], x[2], s, l * PartMilli)
  \/ \E x \in Pair : \E s \in 1..SilenceMax : Heard(x[1], x[2], s)
  \/ \E x \in Pair : Receive(x[1], x[2])
  \/ \E q \in Process : Boot(q)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, owed>>

\* A suspicion does not rise after a receipt until the board has reported that it heard the peer.
HeardIsToldStep == \A x \in owed : level'[x] <= level[x]
HeardIsTold == [][HeardIsToldStep]_<<vars, owed>>

TraceTypeOK == TypeOK /\ owed \subseteq {x \in Pair : level[x] > 0}
=============================================================================
