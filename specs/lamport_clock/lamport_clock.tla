---------------------------- MODULE lamport_clock ----------------------------
(***************************************************************************)
(* Lamport's logical clock on boards that lose power                       *)
(* (firmware/amu/core/lamport.py, LamportClock; node/node.py, _reserve).   *)
(*                                                                         *)
(* L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed   *)
(* System, CACM 21(7), 1978: IR1 and IR2 (section "Logical Clocks"), the   *)
(* total order with ties broken by node ("Ordering the Events Totally").   *)
(* Ours: the clock's value is lost with the power, so times are reserved   *)
(* on flash before they are used, and a board that wakes up begins after   *)
(* all that it had reserved.                                               *)
(*                                                                         *)
(* Modelled: every event of every board with its Lamport time and, for the *)
(* properties only, its vector time (Fidge 1988, Mattern 1989), by which   *)
(* one event happened before another exactly if its vector is below.       *)
(*                                                                         *)
(* Abstracted, and why that is sound.                                      *)
(* - A message is the event of its sending: it may come never, late, often *)
(*   and in any order. An event whose message comes to nobody is a local   *)
(*   one.                                                                  *)
(* - Flash is written before anybody can see the event that needs it       *)
(*   (Ready: persist, then trace, then send). If the power fails between,  *)
(*   the event has not happened; so both are one step.                     *)
(* - A board that lost its flash begins at 0 and is a new board to this    *)
(*   module: the checker excuses it by name (Boot.journal = "blank").      *)
(* - Liars: see module witnesses. Here all tell their true time.           *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Node,       \* boards, by number
  EventMax,   \* events in all
  Reserve,    \* LAMPORT_RESERVE: times that are reserved at once
  JumpMax,    \* LAMPORT_JUMP_MAX: how far a message may push a clock
  RebootMax   \* reboots in all

ASSUME Node \subseteq Nat /\ Reserve > 0 /\ JumpMax > 0

VARIABLES
  clock,     \* [n] -> time of the latest event; lost with the power
  reserved,  \* [n] -> the last time that flash knows to be reserved
  vector,    \* [n] -> [m] -> how many events of m can have caused what n does next
  events,    \* all events so far
  reboots

vars == <<clock, reserved, vector, events, reboots>>

Max(x, y) == IF x > y THEN x ELSE y

Kind == {"send", "receive"}

Init ==
  /\ clock = [n \in Node |-> 0]
  /\ reserved = [n \in Node |-> 0]
  /\ vector = [n \in Node |-> [m \in Node |-> 0]]
  /\ events = {}
  /\ reboots = 0

(* An event of n at `time`, caused by what `seen` counts. Node._reserve: flash knows the time before anybody sees it. *)
Happen(n, time, kind, seen) ==
  LET own == [seen EXCEPT ![n] = vector[n][n] + 1]
  IN /\ Cardinality(events) < EventMax
     /\ clock' = [clock EXCEPT ![n] = time]
     /\ vector' = [vector EXCEPT ![n] = own]
     /\ events' = events \cup {[node |-> n, time |-> time, kind |-> kind, vector |-> own]}
     /\ reserved' = [reserved EXCEPT ![n] = IF time <= @ THEN @ ELSE time + Reserve]
     /\ UNCHANGED reboots

(* IR1. LamportClock.tick. *)
Send(n) == Happen(n, clock[n] + 1, "send", vector[n])

(* IR2. LamportClock.witness. What is too far ahead is refused whole: it is as if it had been lost. *)
Believable(n, m) == m.time <= clock[n] + JumpMax

Receive(n, m) ==
  /\ m \in events /\ m.kind = "send" /\ m.node # n
  /\ Believable(n, m)
  /\ Happen(n, Max(clock[n], m.time) + 1, "receive", [p \in Node |-> Max(vector[n][p], m.vector[p])])

(* The clock begins after all that may have been used. *)
Reboot(n) ==
  /\ reboots < RebootMax
  /\ reboots' = reboots + 1
  /\ clock' = [clock EXCEPT ![n] = reserved[n]]
  /\ UNCHANGED <<reserved, vector, events>>

Next ==
  \/ \E n \in Node : Send(n)
  \/ \E n \in Node : \E m \in events : Receive(n, m)
  \/ \E n \in Node : Reboot(n)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
TypeOK ==
  /\ clock \in [Node -> Nat] /\ reserved \in [Node -> Nat]
  /\ vector \in [Node -> [Node -> 0..EventMax]]
  /\ \A e \in events :
       e.node \in Node /\ e.time \in Nat /\ e.kind \in Kind /\ e.vector \in [Node -> 0..EventMax]
  /\ reboots \in 0..RebootMax

(* Lamport's arrow, by vector time: e is among the events that f counts. *)
HappenedBefore(e, f) == e # f /\ e.vector[e.node] <= f.vector[e.node]

(* Lamport's =>; order_key in the code. *)
Before(e, f) == e.time < f.time \/ (e.time = f.time /\ e.node < f.node)

(* LAM-1: the clock condition. *)
ClockCondition == \A e, f \in events : HappenedBefore(e, f) => e.time < f.time

(* LAM-2: any two events are ordered, one way only. *)
OrderIsTotal == \A e, f \in events : e # f => (Before(e, f) <=> ~Before(f, e))

(* LAM-3: and the order contains the arrow. *)
OrderExtendsArrow == \A e, f \in events : HappenedBefore(e, f) => Before(e, f)

(* LAM-4: no board uses a time twice, whether it rebooted between or not. *)
NeverReused ==
  \A e, f \in events : e.node = f.node /\ e.vector[e.node] < f.vector[e.node] => e.time < f.time

(* LAM-5: whatever happened, flash knew its time. *)
FlashKnows == \A e \in events : e.time <= reserved[e.node]

(* A clock goes forward by its own events and by what it believes; JumpMax bounds both. *)
JumpBounded == [][\A n \in Node : clock'[n] <= Max(clock[n] + JumpMax + 1, reserved[n])]_vars
=============================================================================
