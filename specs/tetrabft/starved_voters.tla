--------------------------- MODULE starved_voters ---------------------------
(***************************************************************************)
(* The purpose of clause (iii-B) of Rule 3. Behaviours begin at the end of *)
(* the schedule tests/conformance/data/starved_voters.txt: four replicas,  *)
(* 3 of them a liar, four views. With claims that it does not repeat to    *)
(* voters, the liar has helped the leader of the last view to a proposal.  *)
(* With the clause every replica still decides. Without it no replica can  *)
(* vote unless the liar helps, and it need not.                            *)
(*                                                                         *)
(* tests/conformance/protocols/test_tetrabft_starved_voters.py plays the   *)
(* schedule step by step and compares its end with StarvedInit.            *)
(***************************************************************************)
EXTENDS tetrabft_messages

CONSTANTS First, Second, Third  \* the values, in order of appearance in the schedule

ASSUME Replica = 1..4 /\ Byzantine = {3} /\ MaxView = 3

\* Votes of one replica in one phase, by view.
In(v0, v1, v2) == [v \in View |-> CASE v = 0 -> v0 [] v = 1 -> v1 [] v = 2 -> v2 [] v = 3 -> NoValue]
Never == In(NoValue, NoValue, NoValue)

Cast == <<
    <<In(First, First, Second), In(First, First, Second), In(First, NoValue, NoValue), Never>>,
    <<In(First, First, NoValue), In(First, NoValue, NoValue), In(First, NoValue, NoValue), Never>>,
    <<Never, Never, Never, Never>>,
    <<In(First, NoValue, Second), In(First, NoValue, NoValue), In(First, NoValue, NoValue), In(First, NoValue, NoValue)>> >>

At(v, val) == [view |-> v, value |-> val]

Kept == [p \in Honest |->
    CASE p = 1 -> [hi |-> <<At(2, Second), At(2, Second), At(0, First), NoVote>>, second |-> <<At(1, First), At(1, First)>>]
      [] p = 2 -> [hi |-> <<At(1, First), At(0, First), At(0, First), NoVote>>, second |-> <<NoVote, NoVote>>]
      [] p = 4 -> [hi |-> <<At(2, Second), At(0, First), At(0, First), At(0, First)>>, second |-> <<At(0, First), NoVote>>]]

StarvedInit ==
    /\ leader = [v \in View |-> IF v = 3 THEN 1 ELSE 3]
    /\ view = [p \in Replica |-> IF p = 3 THEN 0 ELSE 3]
    /\ hi = [p \in Honest |-> Kept[p].hi]
    /\ second = [p \in Honest |-> Kept[p].second]
    /\ entry = Kept
    /\ proposed = [p \in Honest |-> IF p = 1 THEN At(3, Third) ELSE NoVote]
    /\ decided = [p \in Replica |-> NoValue]
    /\ votes = Cast
    /\ proposal = [v \in View |-> IF v = 3 THEN Third ELSE NoValue]
    /\ messages = {ProposalOf(1, 3, Third)} \cup UNION {EntryWords(p, 3, Kept[p]) : p \in Honest}  \* older ones are lost

StarvedSpec == StarvedInit /\ [][Next]_vars /\ Fairness
=============================================================================
