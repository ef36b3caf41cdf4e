------------------------ MODULE replicated_log_model ------------------------
(***************************************************************************)
(* replicated_log.tla for TLC: a few slots and values, and what fairness   *)
(* must achieve.                                                           *)
(***************************************************************************)
EXTENDS replicated_log, TLC

CONSTANTS Value, MaxSlot, MaxView

Slot == 1..MaxSlot

TypeOK ==
    /\ log \in [0..(Places - 1) -> [slot : 0..MaxSlot, value : Value \cup {NoValue}, proposer : Replica \cup {Anyone}]]
    /\ known \in [Replica -> [0..(Places - 1) -> [slot : 0..MaxSlot, value : Value \cup {NoValue}]]]
    /\ applied \in [Replica -> 0..MaxSlot]

ChooseAny(s) ==
    \E val \in Value, v \in 0..MaxView : Choose(s, val, (FirstLeader(s) + v) % ReplicaCount, v)

Step ==
    \/ \E s \in Slot : ChooseAny(s)
    \/ \E p \in Correct, s \in Slot :
          \/ \E val \in Value : SeeDecision(p, s, val) \/ LearnDecision(p, s, val) \/ ApplyNext(p, s, val)
          \/ AdoptState(p, s)

Next == Step \/ \E p \in Correct, s \in 0..MaxSlot : Reboot(p, s)

Spec == Init /\ [][Next]_vars

\* After the last reboot: a slot below a decided one is demanded, so consensus on it ends
\* (is_demanded in the code); decisions are seen; known decisions are applied.
IsDemanded(s) == \E t \in Slots : t >= s

FairSpec ==
    /\ Init /\ [][Step]_vars
    /\ \A s \in Slot : WF_vars(IsDemanded(s) /\ ChooseAny(s))
    /\ \A p \in Correct, s \in Slot :
          WF_vars((\E val \in Value : SeeDecision(p, s, val)) \/ (\E val \in Value : ApplyNext(p, s, val)))

\* A slot with a hole below it is eventually applied, and no replica stays behind.
EverybodyCatchesUp == \A s \in Slot : At(log, s) # NoValue ~> \A p \in Correct : applied[p] >= s

Symmetry == Permutations(Value)
=============================================================================
