--------------------------- MODULE trace_learners ---------------------------
(***************************************************************************)
(* Holds what learners tell against what correct replicas told before: a   *)
(* learner follows the log and adds nothing to it. One operator for each   *)
(* trace event of a learner, its parameters named as the event's fields;   *)
(* each is a conjunction of guards (LOG-10) and of what the event did.     *)
(*                                                                         *)
(*   here              trace                        code (firmware/amu)    *)
(*   node              node, from replica_count up  Learner._me            *)
(*   position[node]    Apply.slot, Adopt.slot       Learner.applied_slot   *)
(*   Learner           RunStart.learners            limits.LEARNER_LAST    *)
(*                                                                         *)
(* f + 1 equal replies are behind each thing that a learner believes, so a *)
(* correct replica had told it first, in the trace as well: its events go  *)
(* out before the messages that they explain. A replica may have lost that *)
(* decision over a reboot since; `log` has it still. What stands among     *)
(* missing events, or is too old to be looked up, is not asked for.        *)
(***************************************************************************)
EXTENDS trace_replicated_log

CONSTANT Learner     \* node numbers beyond those of the replicas

ASSUME Learner \cap Replica = {}

VARIABLE position    \* position[p]: the last slot in p's ledger; Unknown after missing events

learnerVars == <<traceVars, position>>

LearnerInit == TraceInit /\ position = [p \in Learner |-> 0]

\* A correct replica told so, as far as the trace can know.
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
\* What a trace may say, within bounds: for TLC.

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
