------------------------ MODULE trace_lamport_clock ------------------------
(***************************************************************************)
(* The events of a run against the clock rules: one operator for each kind *)
(* of event. The same three rules are in specs/checking/order.py, which is *)
(* what every check of a trace runs because this module's history grows    *)
(* with the trace; tests hold the two against each other.                  *)
(*                                                                         *)
(* Events come in the order in which the ground read them: those of one    *)
(* boot in their own order, and a sending before its receipt.              *)
(***************************************************************************)
EXTENDS Naturals

CONSTANTS
  Node,        \* correct boards
  Broadcast    \* destination: every other board

VARIABLES
  clock,  \* [n] -> time of the latest event
  sent    \* what was sent: [from, time, to, kind]

vars == <<clock, sent>>

Init == clock = [n \in Node |-> 0] /\ sent = {}

(* IR1, also over reboots: LAM-4. Checked as ORD-1. *)
Later(node, lamport) == lamport > clock[node] /\ clock' = [clock EXCEPT ![node] = lamport]

(* Any event that is neither a sending nor a receipt. *)
Event(node, lamport) == Later(node, lamport) /\ UNCHANGED sent

(* A board that lost its memory begins anew. *)
Amnesia(node, lamport) == clock' = [clock EXCEPT ![node] = lamport] /\ UNCHANGED sent

Send(node, lamport, to, kind) ==
  /\ Later(node, lamport)
  /\ sent' = sent \cup {[from |-> node, time |-> lamport, to |-> to, kind |-> kind]}

(* IR2: later than the sending, which is ORD-2; and of something that was sent, which is ORD-3. *)
Receive(node, lamport, from, time, kind) ==
  /\ Later(node, lamport)
  /\ lamport > time
  /\ \E m \in sent : m.from = from /\ m.time = time /\ m.kind = kind /\ m.to \in {node, Broadcast}
  /\ UNCHANGED sent

(* From the ground or a liar, who are held to nothing but their date. *)
ReceiveOther(node, lamport, time) == Later(node, lamport) /\ lamport > time /\ UNCHANGED sent

TypeOK == clock \in [Node -> Nat]
=============================================================================
