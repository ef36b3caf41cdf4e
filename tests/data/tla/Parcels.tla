---- MODULE Parcels ----
\* A module that a user could check a trace against: parcels go from depot to depot, and may be lost.
EXTENDS Integers, FiniteSets
CONSTANTS Depot, WeightMax
VARIABLES stock, road
vars == <<stock, road>>

Init == stock = [d \in Depot |-> 0] /\ road = {}

Send(from, weight) ==
  /\ weight \in 1 .. WeightMax
  /\ Cardinality(road) < 3
  /\ road' = road \cup {<<from, weight>>}
  /\ UNCHANGED stock

Receive(at, from, weight) ==
  /\ <<from, weight>> \in road
  /\ at # from
  /\ stock' = [stock EXCEPT ![at] = @ + weight]
  /\ road' = road \ {<<from, weight>>}

Lose == \E parcel \in road : road' = road \ {parcel} /\ UNCHANGED stock

Spend(at, weight) ==
  /\ stock[at] >= weight
  /\ stock' = [stock EXCEPT ![at] = @ - weight]
  /\ UNCHANGED road

Arrive(at) == \E from \in Depot, weight \in 1 .. WeightMax : Receive(at, from, weight)

Next == \/ \E from \in Depot, weight \in 1 .. WeightMax : Send(from, weight)
        \/ \E at \in Depot : Arrive(at)
        \/ \E at \in Depot : Spend(at, 1)
        \/ Lose
Spec == Init /\ [][Next]_vars

NotFull == \A d \in Depot : stock[d] < 5
Light == [][\A d \in Depot : stock'[d] <= stock[d] + 2]_vars
Typed == [](stock \in [Depot -> Nat])
====
