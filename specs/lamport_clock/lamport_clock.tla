---------------------------- MODULE lamport_clock ----------------------------
(***************************************************************************)
(* Lamport's logical clock on boards that lose power                       *)
(* (firmware/amu/core/lamport.py, LamportClock; node/node.py, _reserve).   *)
(*                                                                         *)
(* L. Lamport, Time, Clocks, and the Ordering of Events in a Distributed   *)
(* System, CACM 21(7), 1978: IR1 and IR2 (section "Logical Clocks"), and   *)
(* the total order with ties broken by node ("Ordering the Events          *)
(* Totally"). Ours: a power failure loses the clock's value, so a board    *)
(* reserves times on flash before it uses them; after a reboot it starts   *)
(* above all times that it had reserved.                                   *)
(*                                                                         *)
(* Modelled: every event of every board with its Lamport time and, for the *)
(* properties only, its vector time (Fidge 1988, Mattern 1989). One event  *)
(* happened before another exactly if its vector is smaller.               *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - A message is the event of its sending. It may never arrive, arrive    *)
(*   late, repeatedly, and in any order. An event whose message never      *)
(*   arrives is a local event.                                             *)
(* - The flash is written before any other board can see the event that    *)
(*   needs it (Ready: persist, trace, send). If the power fails in         *)
(*   between, the event has not happened. So both are one step.            *)
(* - A board that lost its flash starts at 0 and is a new board in this    *)
(*   module. The checker exempts it (Boot.journal = "blank").              *)
(* - Liars are in module witnesses. Here all boards send their true time.  *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
  Node,       \* boards, by number
  EventMax,   \* events in all
  Reserve,    \* LAMPORT_RESERVE: how many times one write to flash reserves
  JumpMax,    \* LAMPORT_JUMP_MAX: how far a message may push a clock
  RebootMax   \* reboots in all

ASSUME Node \subseteq Nat /\ Reserve > 0 /\ JumpMax > 0

VARIABLES
  clock,     \* [n] -> time of the latest event; lost with the power
  reserved,  \* [n] -> the last reserved time, on flash
  vector,    \* [n] -> [m] -> how many events of m can have caused the next one of n
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

(* An event of n at `time`; `seen` counts its causes. Node._reserve: flash has the time before others see it. *)
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

(* IR2. LamportClock.witness. A message that is too far ahead is rejected whole, as if it had been lost. *)
Believable(n, m) == m.time <= clock[n] + JumpMax

Receive(n, m) ==
  /\ m \in events /\ m.kind = "send" /\ m.node # n
  /\ Believable(n, m)
  /\ Happen(n, Max(clock[n], m.time) + 1, "receive", [p \in Node |-> Max(vector[n][p], m.vector[p])])

(* The clock starts above all times that may have been used. *)
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

(* LAM-2: of any two events exactly one is before the other. *)
OrderIsTotal == \A e, f \in events : e # f => (Before(e, f) <=> ~Before(f, e))

(* LAM-3: the order extends the arrow. *)
OrderExtendsArrow == \A e, f \in events : HappenedBefore(e, f) => Before(e, f)

(* LAM-4: no board uses a time twice, not even across a reboot. *)
NeverReused ==
  \A e, f \in events : e.node = f.node /\ e.vector[e.node] < f.vector[e.node] => e.time < f.time

(* LAM-5: the time of every event was reserved on flash. *)
FlashKnows == \A e \in events : e.time <= reserved[e.node]

(* A clock advances by its own events and by messages that it accepts; JumpMax bounds both. *)
JumpBounded == [][\A n \in Node : clock'[n] <= Max(clock[n] + JumpMax + 1, reserved[n])]_vars
=============================================================================
