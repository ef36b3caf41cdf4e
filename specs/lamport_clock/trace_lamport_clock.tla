------------------------ MODULE trace_lamport_clock ------------------------
(***************************************************************************)
(* The events of a run against the clock rules of lamport_clock.tla.       *)
(*                                                                         *)
(*   lamport_clock.tla     here             trace                          *)
(*   clock[n]              clock[node]      lamport of the latest event    *)
(*   Send(n)               Send             Send                           *)
(*   Receive(n, m)         Receive          Receive; m is (from, sent)     *)
(*   any event             Event            every other event              *)
(*   (a new board)         Amnesia          Boot, journal blank            *)
(*                                                                         *)
(* specs/checking/order.py checks these rules on every trace, in as many   *)
(* steps but without this module's history, which grows with the trace;    *)
(* tests compare the two. Events come in the order of the file: those of   *)
(* each board in its order, and a sending before its receipt.              *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
  Node,       \* correct boards
  Broadcast   \* destination: every other board

VARIABLES
  clock,    \* [n] -> time of the latest event
  sendings  \* sent messages: <<from, time, to, kind>>

vars == <<clock, sendings>>

TraceInit == clock = [n \in Node |-> 0] /\ sendings = {}

(* ORD-1: IR1, also from one life of a board to the next (NeverReused). *)
Later(node, lamport) ==
  /\ node \in Node => lamport > clock[node]
  /\ clock' = IF node \in Node THEN [clock EXCEPT ![node] = lamport] ELSE clock

Event(node, lamport) == Later(node, lamport) /\ UNCHANGED sendings

(* A board that lost its memory may start at any time. *)
Amnesia(node, lamport) == clock' = [clock EXCEPT ![node] = lamport] /\ UNCHANGED sendings

Send(node, lamport, to, kind) ==
  /\ Later(node, lamport)
  /\ sendings' = sendings \cup {<<node, lamport, to, kind>>}

(* ORD-2: IR2, a receipt is later than the sending. ORD-3: the message was sent, to this board or to all. Messages from
   the ground and from liars are not checked. *)
Receive(node, lamport, from, sent, kind) ==
  /\ Later(node, lamport)
  /\ lamport > sent
  /\ from \in Node => <<from, sent, node, kind>> \in sendings \/ <<from, sent, Broadcast, kind>> \in sendings
  /\ UNCHANGED sendings

CONSTANTS TimeMax, Kind  \* for TLC, which must find the arguments: see trace_lamport_clock.cfg

TraceNext ==
  \E node \in Node, lamport \in 0..TimeMax :
    \/ Event(node, lamport)
    \/ \E to \in Node \cup {Broadcast}, kind \in Kind : Send(node, lamport, to, kind)
    \/ \E from \in Node, sent \in 0..TimeMax, kind \in Kind : Receive(node, lamport, from, sent, kind)

TraceSpec == TraceInit /\ [][TraceNext]_vars
=============================================================================
