------------------------------- MODULE Mutex -------------------------------
(* Lamport's bakery, with bounded tickets: functions on model values, lexicographic order, CASE. *)
EXTENDS Naturals, FiniteSets
CONSTANTS Process, First, TicketMax
VARIABLES ticket, phase

Before(p, q) == \/ ticket[p] < ticket[q]
                \/ ticket[p] = ticket[q] /\ p = First

Phases == {"idle", "waiting", "critical"}
Highest == CHOOSE n \in 0 .. TicketMax : /\ \A p \in Process : ticket[p] <= n
                                         /\ \E p \in Process : ticket[p] = n

Init == ticket = [p \in Process |-> 0] /\ phase = [p \in Process |-> "idle"]

Move(p) ==
    CASE phase[p] = "idle" ->
            /\ Highest < TicketMax
            /\ ticket' = [ticket EXCEPT ![p] = Highest + 1]
            /\ phase' = [phase EXCEPT ![p] = "waiting"]
      [] phase[p] = "waiting" ->
            /\ \A q \in Process \ {p} : ticket[q] = 0 \/ Before(p, q)
            /\ phase' = [phase EXCEPT ![p] = "critical"]
            /\ UNCHANGED ticket
      [] OTHER ->
            /\ phase' = [phase EXCEPT ![p] = "idle"]
            /\ ticket' = [ticket EXCEPT ![p] = 0]
Next == \E p \in Process : Move(p)

TypeOK == ticket \in [Process -> 0 .. TicketMax] /\ phase \in [Process -> Phases]
Exclusion == \A p, q \in Process : p # q => ~ (phase[p] = "critical" /\ phase[q] = "critical")
Alone == Cardinality({p \in Process : phase[p] # "idle"}) < Cardinality(Process)
=============================================================================
