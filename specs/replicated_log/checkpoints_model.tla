------------------------- MODULE checkpoints_model -------------------------
(***************************************************************************)
(* checkpoints.tla for TLC: symmetry, and what fairness must achieve.      *)
(***************************************************************************)
EXTENDS checkpoints, TLC

Symmetry == Permutations(Correct)

\* After the last reboot. Liars may help or not; correct replicas eventually do what they can without them.
Step ==
    \E p \in Correct :
        \/ \E V \in SUBSET Correct : Decide(p, V)
        \/ Learn(p)
        \/ \E s \in Checkpoint : Adopt(p, s, "right") \/ Stabilise(p, s)

Honest(p) ==
    \/ CanFetch(p) /\ Learn(p)
    \/ CanDecide(p) /\ (Learn(p) \/ \E V \in SUBSET Correct : Decide(p, V))
    \/ \E s \in Checkpoint : (CanAdopt(p, s) /\ Adopt(p, s, "right")) \/ (CanStabilise(p, s) /\ Stabilise(p, s))

FairSpec == Init /\ [][Step]_vars /\ \A p \in Correct : WF_vars(Honest(p))

\* All correct replicas catch up: they reach the last slot, and stay there.
EverybodyCatchesUp == <>[](\A p \in Correct : applied[p] = MaxSlot)
=============================================================================
