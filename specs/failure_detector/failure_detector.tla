-------------------------- MODULE failure_detector --------------------------
(***************************************************************************)
(* The contract of an accrual failure detector, and a user of its levels.  *)
(* Defago, Urban, Hayashibara, Katayama, "Definition and specification of  *)
(* accrual failure detectors", DSN 2005: accruement and upper bound,       *)
(* class diamond-P_ac. The flight code has the phi detector of             *)
(* Hayashibara, Defago, Yared, Katayama, SRDS 2004                         *)
(* (firmware/amu/services/detector.py).                                    *)
(*                                                                         *)
(* Processes send heartbeats, crash permanently, or are slow: a slow one   *)
(* takes no step for an arbitrary time. Until the system is stable,        *)
(* heartbeats may be lost and late; from then on a live process is heard   *)
(* every Delta ticks. An observer may reboot, which loses all its levels.  *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - A level is a whole number, 0 .. LevelMax: what the trace reports.     *)
(* - How a level depends on the heartbeats is left open. After s ticks of  *)
(*   silence it lies between Floor(s) and Ceiling(s), whatever the window  *)
(*   of samples holds. The code has this property:                         *)
(*   tests/properties/firmware/test_detector_properties.py tries windows   *)
(*   of all kinds. Every nondecreasing function between the two is         *)
(*   allowed, so the properties here hold of the code.                     *)
(* - Each observer has its own time. Silence is not counted beyond         *)
(*   SilenceMax, where every level has reached its maximum.                *)
(* - Heartbeats carry no data, so those in flight are counted, up to       *)
(*   FlightMax: more could only be heard more often.                       *)
(*                                                                         *)
(* A liar can send heartbeats while it does nothing else. Levels say       *)
(* nothing about lies; the ledger guards whatever must resist liars.       *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
  Process,     \* process numbers
  Pair,        \* pairs <<q, p>>: q watches p
  LevelMax,    \* the highest level of suspicion
  Patience,    \* ticks of silence after which a level has risen by at least one
  Slope,       \* how much a level can rise in one tick of silence, from the first tick on
  SilenceMax,  \* silence is counted up to this
  Delta,       \* once stable, a live process is heard within this many ticks
  FlightMax    \* heartbeats in flight between two processes

ASSUME
  /\ Pair \subseteq Process \X Process
  /\ \A x \in Pair : x[1] # x[2]
  /\ \A bound \in {LevelMax, Patience, Slope, SilenceMax, Delta, FlightMax} : bound \in Nat /\ bound > 0
  /\ SilenceMax >= LevelMax * Patience
  /\ Slope * Patience >= 1
  /\ Slope * Delta < LevelMax  \* so the class is not empty: a live process can stay below the maximum

VARIABLES
  crashed,  \* processes that have crashed
  stable,   \* the system has become stable
  flight,   \* flight[<<q, p>>]: heartbeats on their way from p to q
  level,    \* level[<<q, p>>]: how much q suspects p, or Unknown
  silence,  \* silence[<<q, p>>]: ticks since q heard p
  holds     \* the user: holds[p], whether p holds the job

detector == <<level, silence>>
vars == <<crashed, stable, flight, level, silence, holds>>

Unknown == -1  \* never heard: neither a level nor a verdict
Level == 0..LevelMax
IsLive(p) == p \notin crashed
IsKnown(x) == level[x] # Unknown

EachOther == {x \in Process \X Process : x[1] # x[2]}  \* all pairs: every process watches every other

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a < b THEN b ELSE a

\* The level after s ticks of silence lies between these, for any history of heartbeats.
Floor(s) == Min(LevelMax, s \div Patience)
Ceiling(s) == Min(LevelMax, Slope * s)

-----------------------------------------------------------------------------
\* The detector of x = <<q, p>>.

\* q hears p. Any level falls to 0.
Hear(x) ==
  /\ level' = [level EXCEPT ![x] = 0]
  /\ silence' = [silence EXCEPT ![x] = 0]

\* Silence has grown to s and the level to l.
MayRise(from, until, l, s) == from <= l /\ until < s /\ Floor(s) <= l /\ l <= Ceiling(s)

Rise(x, l, s) ==
  /\ MayRise(level[x], silence[x], l, s)
  /\ level' = [level EXCEPT ![x] = l]
  /\ silence' = [silence EXCEPT ![x] = s]

\* q reboots and forgets all levels.
Forget(q) ==
  /\ level' = [x \in Pair |-> IF x[1] = q THEN Unknown ELSE level[x]]
  /\ silence' = [x \in Pair |-> IF x[1] = q THEN 0 ELSE silence[x]]

-----------------------------------------------------------------------------
\* The user: a job that one process holds and hands on, to the least suspected process or to any other.

\* Whether q may hand the job to p; l is its level of p. A level is only a hint, so the guard does not use it.
CanGive(q, p, l) == holds[q]

Give(q, p) ==
  /\ <<q, p>> \in Pair
  /\ IsLive(q)
  /\ CanGive(q, p, level[<<q, p>>])
  /\ holds' = [holds EXCEPT ![q] = FALSE, ![p] = TRUE]
  /\ UNCHANGED <<crashed, stable, flight, detector>>

-----------------------------------------------------------------------------
Init ==
  /\ crashed = {}
  /\ stable = FALSE
  /\ flight = [x \in Pair |-> 0]
  /\ level = [x \in Pair |-> Unknown]
  /\ silence = [x \in Pair |-> 0]
  /\ \E first \in Process : holds = [p \in Process |-> p = first]

\* p sends a heartbeat to all its observers.
Beat(p) ==
  /\ IsLive(p)
  /\ flight' = [x \in Pair |-> IF x[2] = p THEN Min(flight[x] + 1, FlightMax) ELSE flight[x]]
  /\ UNCHANGED <<crashed, stable, detector, holds>>

Deliver(x) ==
  /\ flight[x] > 0
  /\ IsLive(x[1])
  /\ flight' = [flight EXCEPT ![x] = @ - 1]
  /\ Hear(x)
  /\ UNCHANGED <<crashed, stable, holds>>

\* A tick at q without a heartbeat of p. In a stable system no live process is silent for longer than Delta.
Elapse(x) ==
  /\ IsLive(x[1])
  /\ IsKnown(x)
  /\ silence[x] < SilenceMax
  /\ stable /\ IsLive(x[2]) => silence[x] < Delta
  /\ \E l \in Level : Rise(x, l, silence[x] + 1)
  /\ UNCHANGED <<crashed, stable, flight, holds>>

Lose(x) ==
  /\ ~stable
  /\ flight[x] > 0
  /\ flight' = [flight EXCEPT ![x] = @ - 1]
  /\ UNCHANGED <<crashed, stable, detector, holds>>

Crash(p) ==
  /\ IsLive(p)
  /\ crashed' = crashed \cup {p}
  /\ UNCHANGED <<stable, flight, detector, holds>>

Reboot(q) ==
  /\ IsLive(q)
  /\ Forget(q)
  /\ UNCHANGED <<crashed, stable, flight, holds>>

Stabilise ==
  /\ ~stable
  /\ stable' = TRUE
  /\ UNCHANGED <<crashed, flight, detector, holds>>

Next ==
  \/ \E p \in Process : Beat(p)
  \/ \E x \in Pair : Deliver(x)
  \/ \E x \in Pair : Elapse(x)
  \/ \E x \in Pair : Lose(x)
  \/ \E p \in Process : Crash(p)
  \/ \E q \in Process : Reboot(q)
  \/ Stabilise
  \/ \E q, p \in Process : Give(q, p)

\* Live processes send heartbeats, which arrive; time passes; the system becomes stable. No one has to crash or reboot.
Fairness ==
  /\ \A p \in Process : WF_vars(Beat(p))
  /\ \A x \in Pair : WF_vars(Deliver(x)) /\ WF_vars(Elapse(x))
  /\ WF_vars(Stabilise)

Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ Fairness

\* The same user with an arbitrary detector: any levels at any time.
AnyLevels ==
  /\ level' \in [Pair -> Level \cup {Unknown}]
  /\ UNCHANGED <<crashed, stable, flight, silence, holds>>

ArbitrarySpec == Init /\ [][AnyLevels \/ (\E p \in Process : Crash(p)) \/ (\E q, p \in Process : Give(q, p))]_vars

-----------------------------------------------------------------------------
\* A level is a number or unknown. No value means "failed".
TypeOK ==
  /\ crashed \subseteq Process
  /\ stable \in BOOLEAN
  /\ flight \in [Pair -> 0..FlightMax]
  /\ level \in [Pair -> Level \cup {Unknown}]
  /\ silence \in [Pair -> 0..SilenceMax]
  /\ holds \in [Process -> BOOLEAN]

\* The level is within the bounds of the silence. The silence of a process that was never heard is not counted.
WithinEnvelope ==
  \A x \in Pair :
    IF IsKnown(x) THEN Floor(silence[x]) <= level[x] /\ level[x] <= Ceiling(silence[x]) ELSE silence[x] = 0

\* At any level, a heartbeat that arrives is heard.
Revocable == \A x \in Pair : flight[x] > 0 /\ IsLive(x[1]) => ENABLED Deliver(x)

\* The levels do not restrict the user's steps.
Noninterference ==
  \A x \in Pair : \A l \in Level \cup {Unknown} : CanGive(x[1], x[2], l) = CanGive(x[1], x[2], level[x])

\* The user's own invariant: no two processes hold the job.
OneHolder == \A p, q \in Process : holds[p] /\ holds[q] => p = q

\* While a peer is silent its level does not fall.
MonotoneStep == \A x \in Pair : silence'[x] > silence[x] => level'[x] >= level[x]
Monotone == [][MonotoneStep]_vars

\* A level falls only to 0, when the peer is heard, or is forgotten in a reboot.
FallsWhenHeardStep ==
  \A x \in Pair : silence'[x] < silence[x] \/ level'[x] < level[x] => level'[x] \in {0, Unknown} /\ silence'[x] = 0
FallsWhenHeard == [][FallsWhenHeardStep]_vars

\* A peer that was never heard is unknown until it is heard, and then starts at level 0.
UnknownUntilHeardStep ==
  \A x \in Pair : level[x] = Unknown /\ level'[x] # Unknown => level'[x] = 0 /\ silence'[x] = 0
UnknownUntilHeard == [][UnknownUntilHeardStep]_vars

\* The detector changes nothing but levels.
LevelsMoveNothing == [][level' # level => UNCHANGED <<crashed, stable, holds>>]_vars

\* Accruement: the level of a crashed process reaches the maximum and stays there.
Accruement == \A x \in Pair : <>[](~IsLive(x[2]) /\ IsLive(x[1]) => level[x] \in {LevelMax, Unknown})

\* Upper bound: eventually the level of a process that does not crash stays below the maximum.
UpperBound == \A x \in Pair : <>[](IsLive(x[2]) /\ IsLive(x[1]) => level[x] <= Slope * Delta)

\* Every suspicion of a live process ends.
SuspicionEnds == \A x \in Pair : level[x] > 0 ~> level[x] <= 0 \/ ~IsLive(x[1]) \/ ~IsLive(x[2])
=============================================================================
