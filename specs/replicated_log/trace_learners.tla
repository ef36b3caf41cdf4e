--------------------------- MODULE trace_learners ---------------------------
(***************************************************************************)
(* Checks the events of learners against earlier events of correct         *)
(* replicas: a learner follows the log and adds nothing to it. Each event  *)
(* of a learner has an operator; its parameters have the names of the      *)
(* fields. It is a conjunction of guards (LOG-10) and the effect.          *)
(*                                                                         *)
(*   here              trace                        code (firmware/amu)    *)
(*   node              node, from replica_count up  Learner._me            *)
(*   position[node]    Apply.slot, Adopt.slot       Learner.applied_slot   *)
(*   Learner           RunStart.learners            limits.LEARNER_LAST    *)
(*                                                                         *)
(* A learner believes only f + 1 equal replies, so a correct replica       *)
(* reported the same earlier in the trace: its events leave before the     *)
(* messages that they explain. It may have lost the decision in a reboot   *)
(* since; `log` still has it. Guards hold where events are missing, and    *)
(* for slots that are too old to be looked up.                             *)
(***************************************************************************)
EXTENDS trace_replicated_log

CONSTANT Learner     \* node numbers beyond those of the replicas

ASSUME Learner \cap Replica = {}

VARIABLE position    \* position[p]: the last slot in p's ledger; Unknown after missing events

learnerVars == <<traceVars, position>>

LearnerInit == TraceInit /\ position = [p \in Learner |-> 0]

\* A correct replica reported it, as far as the trace shows.
IsTold(ring, s, val) ==
    \/ At(ring, s) = val
    \/ IsPast(ring, s)
    \/ hazy # {} /\ At(ring, s) = NoValue

Moved(node, slot) == position' = [position EXCEPT ![node] = slot] /\ UNCHANGED traceVars

\* A learner has no flash: every life begins with an empty ledger.
LearnerBoot(node) == Moved(node, 0)

LearnerGap(node) == Moved(node, Unknown)

IsInReach(node, slot) ==
    position[node] # Unknown => position[node] < slot /\ slot <= position[node] + Window

IsDecided(slot, value) == IsTold(log, slot, value)

LearnTold == UNCHANGED learnerVars

LearnerLearn(node, slot, value) ==
    /\ IsInReach(node, slot)
    /\ IsDecided(slot, value)
    /\ LearnTold

IsNextThere(node, slot) == position[node] # Unknown => slot = position[node] + 1

LearnerApply(node, slot, value, digest) ==
    /\ IsNextThere(node, slot)
    /\ IsDecided(slot, value)
    /\ IsTheLedger(slot, digest)
    /\ Moved(node, slot)

IsAheadThere(node, slot) == slot > position[node]
IsHeld(slot, digest) == IsTold(checkpoint, slot, digest)

LearnerAdopt(node, slot, digest) ==
    /\ IsAheadThere(node, slot)
    /\ IsReached(slot)
    /\ IsHeld(slot, digest)
    /\ Moved(node, slot)

-----------------------------------------------------------------------------
\* Possible events of a trace, within bounds: for TLC.

LearnerNext ==
    \/ TraceNext /\ UNCHANGED position
    \/ \E node \in Learner :
          \/ LearnerBoot(node)
          \/ LearnerGap(node)
          \/ \E slot \in TraceSlot, value \in TraceDigest :
                \/ LearnerLearn(node, slot, value)
                \/ LearnerAdopt(node, slot, value)
                \/ \E digest \in TraceDigest : LearnerApply(node, slot, value, digest)

LearnerSpec == LearnerInit /\ [][LearnerNext]_learnerVars

\* No learner is ahead of all correct replicas.
LearnersFollow ==
    hazy = {} => \A p \in Learner : position[p] # Unknown =>
        \/ position[p] = 0
        \/ \E s \in Slots \cup {reached[q] : q \in Correct} : position[p] <= s

LearnerTypeOK == position \in [Learner -> TraceSlot \cup {0, Unknown}]
=============================================================================
