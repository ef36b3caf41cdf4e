------------------------------ MODULE Families ------------------------------
(* Sets of sets, functions, records and tuples; filters, maps, patterns. *)
EXTENDS Naturals, FiniteSets, TLC
CONSTANTS Node, Spare
VARIABLES groups, links, leader

Quorum == {Q \in SUBSET Node : 2 * Cardinality(Q) > Cardinality(Node)}
Pairs == {<<x, y>> \in Node \X Node : x # y}
Link == [from : Node, to : Node \cup {Spare}, weight : 0 .. 1]

Init == groups = {} /\ links = {} /\ leader \in [{1, 2} -> Node]

Group == \E Q \in Quorum \ groups : groups' = groups \cup {Q} /\ UNCHANGED <<links, leader>>
Connect == /\ Cardinality(groups) > 1 /\ Cardinality(links) < 1
           /\ \E <<x, y>> \in Pairs :
                links' = links \cup {[from |-> x, to |-> y, weight |-> IF y = leader[1] THEN 1 ELSE 0]}
           /\ UNCHANGED <<groups, leader>>
Elect == /\ \E common \in SUBSET UNION groups :
              /\ common = {n \in Node : \A Q \in groups : n \in Q} /\ common # {}
              /\ leader' = [n \in DOMAIN leader |-> CHOOSE m \in common : TRUE]
         /\ UNCHANGED <<groups, links>>
Rotate == /\ links = {} /\ \E p \in Permutations(Node) : leader' = [n \in {1, 2} |-> p[leader[n]]]
          /\ UNCHANGED <<groups, links>>
Next == Group \/ Connect \/ Elect \/ Rotate

TypeOK == /\ groups \in SUBSET SUBSET Node /\ links \subseteq Link /\ leader \in [1 .. 2 -> Node]
          /\ links \in SUBSET [from : Node, to : Node, weight : {0, 1}]
Meet == \A Q1, Q2 \in groups : Q1 \cap Q2 # {}
Weighed == \A l \in links : l.weight \in {w \in 0 .. 1 : w = 1 => l.to \in Node} /\ l.to # Spare
Covered == {<<l.from, l.to>> : l \in links} \subseteq Pairs /\ UNION {{l.from, l.to} : l \in links} \subseteq Node
OneLeader == links # {} => leader[1] = leader[2]
=============================================================================
