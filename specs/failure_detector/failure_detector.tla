-------------------------- MODULE failure_detector --------------------------
(***************************************************************************)
(* The contract of an accrual failure detector, and a user of its levels.  *)
(* Defago, Urban, Hayashibara, Katayama, "Definition and specification of  *)
(* accrual failure detectors", DSN 2005: accruement and upper bound, class *)
(* diamond-P_ac. The detector that flies is the phi detector of            *)
(* Hayashibara, Defago, Yared, Katayama, SRDS 2004                         *)
(* (firmware/amu/services/detector.py).                                    *)
(*                                                                         *)
(* Processes send heartbeats, or crash for good, or are slow: a slow one   *)
(* takes no step for as long as it likes. Until the system is stable       *)
(* heartbeats may be lost and late; from then on a live process is heard   *)
(* every Delta ticks. An observer may reboot, which loses all levels.      *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - A level is in whole parts, 0 .. LevelMax: what the trace tells.       *)
(* - How a level depends on what was heard is left open. After s ticks of  *)
(*   silence it lies between Floor(s) and Ceiling(s), whatever the window  *)
(*   of samples holds: a property of the code, tried on all windows in     *)
(*   tests/properties/firmware/test_detector_properties.py. Each           *)
(*   function between the two that does not fall is allowed, so            *)
(*   whatever holds here holds of the detector that flies.                 *)
(* - Time passes at each observer by itself. Silence is not counted beyond *)
(*   SilenceMax, where every level has come to its end.                    *)
(* - Heartbeats carry nothing, so those in flight are counted, up to       *)
(*   FlightMax: more of them could only be heard more often.               *)
(*                                                                         *)
(* A liar can beat while it does nothing else. Levels say nothing about    *)
(* lies; whatever must hold against liars goes through the ledger.         *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
  Process,     \* process numbers
  Pair,        \* pairs <<q, p>>: q watches p
  LevelMax,    \* where suspicion ends
  Patience,    \* ticks of silence after which a level has risen by one at least
  Slope,       \* by how much a level can rise in a tick of silence, from the first one on
  SilenceMax,  \* silence is counted up to this
  Delta,       \* once stable, a live process is heard within so many ticks
  FlightMax    \* heartbeats in flight between two processes

ASSUME
  /\ Pair \subseteq Process \X Process
  /\ \A x \in Pair : x[1] # x[2]
  /\ \A bound \in {LevelMax, Patience, Slope, SilenceMax, Delta, FlightMax} : bound \in Nat /\ bound > 0
  /\ SilenceMax >= LevelMax * Patience
  /\ Slope * Patience >= 1
  /\ Slope * Delta < LevelMax  \* so the class is not empty: a live process can stay below the end

VARIABLES
  crashed,  \* processes that have crashed
  stable,   \* the system has become stable
  flight,   \* flight[<<q, p>>]: heartbeats on their way from p to q
  level,    \* level[<<q, p>>]: how much q suspects p, or Unknown
  silence,  \* silence[<<q, p>>]: ticks since q heard p
  holds     \* the user: holds[p], whether p holds the job

detector == <<level, silence>>
vars == <<crashed, stable, flight, level, silence, holds>>

Unknown == -1  \* never heard: not a level, and not a verdict either
Level == 0..LevelMax
IsLive(p) == p \notin crashed
IsKnown(x) == level[x] # Unknown

EachOther == {x \in Process \X Process : x[1] # x[2]}  \* who watches whom, when everybody watches everybody

Min(a, b) == IF a < b THEN a ELSE b
Max(a, b) == IF a < b THEN b ELSE a

\* The level after s ticks of silence lies between these, whatever was heard before.
Floor(s) == Min(LevelMax, s \div Patience)
Ceiling(s) == Min(LevelMax, Slope * s)

-----------------------------------------------------------------------------
\* The detector of x = <<q, p>>.

\* q hears p. The level falls to 0, whatever it was.
Hear(x) ==
  /\ level' = [level EXCEPT ![x] = 0]
  /\ silence' = [silence EXCEPT ![x] = 0]

\* Silence has grown to s and the level to l.
MayRise(from, until, l, s) == from <= l /\ until < s /\ Floor(s) <= l /\ l <= Ceiling(s)

Rise(x, l, s) ==
  /\ MayRise(level[x], silence[x], l, s)
  /\ level' = [level EXCEPT ![x] = l]
  /\ silence' = [silence EXCEPT ![x] = s]

\* q forgets whom it heard.
Forget(q) ==
  /\ level' = [x \in Pair |-> IF x[1] = q THEN Unknown ELSE level[x]]
  /\ silence' = [x \in Pair |-> IF x[1] = q THEN 0 ELSE silence[x]]

-----------------------------------------------------------------------------
\* The user: a job that one process holds and hands on. It asks the least suspected first, or any other.

\* Whether q may hand the job to p, where l is its level of p: l is a hint, so it is not looked at.
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

\* p sends a heartbeat to all who watch it.
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

\* A tick at q without a heartbeat of p. A stable system lets no live process be silent for longer than Delta.
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

\* Live processes beat, heartbeats arrive, time passes, and the system becomes stable. Nobody has to crash or reboot.
Fairness ==
  /\ \A p \in Process : WF_vars(Beat(p))
  /\ \A x \in Pair : WF_vars(Deliver(x)) /\ WF_vars(Elapse(x))
  /\ WF_vars(Stabilise)

Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ Fairness

\* The same user under a detector that says whatever it likes, at any time.
AnyLevels ==
  /\ level' \in [Pair -> Level \cup {Unknown}]
  /\ UNCHANGED <<crashed, stable, flight, silence, holds>>

ArbitrarySpec == Init /\ [][AnyLevels \/ (\E p \in Process : Crash(p)) \/ (\E q, p \in Process : Give(q, p))]_vars

-----------------------------------------------------------------------------
\* A level is a number or unknown. There is no value that says "failed".
TypeOK ==
  /\ crashed \subseteq Process
  /\ stable \in BOOLEAN
  /\ flight \in [Pair -> 0..FlightMax]
  /\ level \in [Pair -> Level \cup {Unknown}]
  /\ silence \in [Pair -> 0..SilenceMax]
  /\ holds \in [Process -> BOOLEAN]

\* The level is what the silence allows, and nothing is counted of who was never heard.
WithinEnvelope ==
  \A x \in Pair :
    IF IsKnown(x) THEN Floor(silence[x]) <= level[x] /\ level[x] <= Ceiling(silence[x]) ELSE silence[x] = 0

\* Whatever the level, a heartbeat that arrives is heard.
Revocable == \A x \in Pair : flight[x] > 0 /\ IsLive(x[1]) => ENABLED Deliver(x)

\* The user may do the same whatever the levels are.
Noninterference ==
  \A x \in Pair : \A l \in Level \cup {Unknown} : CanGive(x[1], x[2], l) = CanGive(x[1], x[2], level[x])

\* What the user is there for: no two processes hold the job.
OneHolder == \A p, q \in Process : holds[p] /\ holds[q] => p = q

\* While a peer is silent its level does not fall.
MonotoneStep == \A x \in Pair : silence'[x] > silence[x] => level'[x] >= level[x]
Monotone == [][MonotoneStep]_vars

\* A level falls to 0 because the peer was heard, or is forgotten, and for no other reason.
FallsWhenHeardStep ==
  \A x \in Pair : silence'[x] < silence[x] \/ level'[x] < level[x] => level'[x] \in {0, Unknown} /\ silence'[x] = 0
FallsWhenHeard == [][FallsWhenHeardStep]_vars

\* Who was never heard is unknown until it is heard, and starts without suspicion.
UnknownUntilHeardStep ==
  \A x \in Pair : level[x] = Unknown /\ level'[x] # Unknown => level'[x] = 0 /\ silence'[x] = 0
UnknownUntilHeard == [][UnknownUntilHeardStep]_vars

\* What the detector does changes nothing but levels.
LevelsMoveNothing == [][level' # level => UNCHANGED <<crashed, stable, holds>>]_vars

\* Accruement: the level of a crashed process comes to the end and stays there.
Accruement == \A x \in Pair : <>[](~IsLive(x[2]) /\ IsLive(x[1]) => level[x] \in {LevelMax, Unknown})

\* Upper bound: that of a process that does not crash stays below the end, from some time on.
UpperBound == \A x \in Pair : <>[](IsLive(x[2]) /\ IsLive(x[1]) => level[x] <= Slope * Delta)

\* No suspicion of a live process lasts.
SuspicionEnds == \A x \in Pair : level[x] > 0 ~> level[x] <= 0 \/ ~IsLive(x[1]) \/ ~IsLive(x[2])
=============================================================================
