----------------------------- MODULE Registers -----------------------------
(* Records in functions in records: EXCEPT with several steps, several updates, and @. *)
EXTENDS Naturals, TLC
CONSTANTS Replica, None
VARIABLES store, log

Register == [view : 0 .. 2, value : {"a", "b"} \cup {None}]
Empty == [view |-> 0, value |-> None]

Init == /\ store = [r \in Replica |-> [highest |-> Empty, second |-> Empty, votes |-> [phase \in 0 .. 1 |-> 0]]]
        /\ log = <<0, 0>>

Vote(r, x) ==
    LET old == store[r].highest
        new == [view |-> old.view + 1, value |-> x]
    IN  /\ old.view < 2
        /\ store' = IF old.value \in {x, None}
                    THEN [store EXCEPT ![r].highest = new, ![r].votes[0] = @ + 1]
                    ELSE [store EXCEPT ![r].second = store[r].highest, ![r] = [@ EXCEPT !.highest = new],
                                       ![r].votes[1] = (@ + 1) % 2]
        /\ log' = [log EXCEPT ![1] = new.view, ![2] = IF @ < 3 THEN @ + 1 ELSE @, ![7] = 1]
Forget(r) == /\ store[r]["highest"].value # None
             /\ store' = (r :> [store[r] EXCEPT !.second = Empty]) @@ store
             /\ UNCHANGED log
Next == \E r \in Replica, x \in {"a", "b"} : Vote(r, x) \/ Forget(r)

TypeOK == store \in [Replica -> [highest : Register, second : Register, votes : [0 .. 1 -> 0 .. 3]]]
Ordered == \A r \in Replica : store[r].second.view <= store[r].highest.view
Fields == \A r \in Replica : DOMAIN store[r] = {"highest", "second", "votes"} /\ DOMAIN log = 1 .. 2
Agree == \A r, q \in Replica : store[r].highest.view = 2 /\ store[q].highest.view = 2
                                 => store[r].highest.value = store[q].highest.value
=============================================================================
