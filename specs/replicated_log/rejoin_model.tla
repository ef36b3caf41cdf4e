---------------------------- MODULE rejoin_model ----------------------------
(***************************************************************************)
(* rejoin.tla for TLC: symmetry, and what fairness must achieve.           *)
(***************************************************************************)
EXTENDS rejoin, TLC

Symmetry == Permutations(Correct)

\* A board is not erased again before it has rejoined. Replicas that can answer do; liars need not.
Step ==
    \E p \in Correct :
        \/ \E s \in Slot : Vote(p, s)
        \/ Apply(p)
        \/ \E s \in 0..MaxSlot : Reboot(p, s)
        \/ floor[p] # Unknown /\ Forget(p)
        \/ \E q \in Replica, s \in 0..MaxSlot : Answer(p, q, s)
        \/ Rejoin(p)

FairSpec ==
    /\ Init /\ [][Step]_vars
    /\ \A p, q \in Correct : WF_vars(\E s \in 0..MaxSlot : Answer(p, q, s))
    /\ \A p \in Correct : WF_vars(Rejoin(p))

EverybodyRejoins == \A p \in Correct : floor[p] = Unknown ~> floor[p] # Unknown
=============================================================================
