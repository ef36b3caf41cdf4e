------------------------ MODULE trace_replicated_log ------------------------
(***************************************************************************)
(* Checks recorded runs against the log. Each trace event has an operator; *)
(* its parameters have the names of the event's fields. It is a            *)
(* conjunction of guards, one per property (LOG-1 .. LOG-6, CON-12, see    *)
(* properties.md), and of the event's effect (...Told).                    *)
(*                                                                         *)
(*   here, replicated_log  trace                    code (firmware/amu)    *)
(*   node                  node                     Node._me               *)
(*   applied[node]         Apply.slot, Adopt.slot,  Replica.applied        *)
(*                         Boot.applied_slot                               *)
(*   log, known            Decide, Learn .value     Instance.decision      *)
(*   proposer              Propose.node, .view      Replica.proposers      *)
(*   Leads                 Propose                  Replica.leader         *)
(*   InRange               EnterView, Propose,      Replica.find           *)
(*                         Vote1 .. Vote4 .slot                            *)
(*   ledger                Apply.digest             Ledger.digest          *)
(*   checkpoint            Checkpoint.digest,       Checkpoints.latest     *)
(*                         Adopt.digest                                    *)
(*   voteFloor[node]       Rejoin.floor             Replica.floor          *)
(*   hasMemory[node]       Boot.journal             Effects.has_memory     *)
(*   isHalted[node]        Silent                   Replica.is_halted      *)
(*   restored[node]        Restore.slot             Replica.trace_restored *)
(*   Window                RunStart.window_slots    limits.WINDOW_SLOTS    *)
(*                                                                         *)
(* A trace does not show everything. It has no bodies: the proposer of a   *)
(* decided value is known only if an honest leader proposed it in view 0,  *)
(* or no one lies; else it is Anyone until a proposal a window later shows *)
(* it. A Decide or a Checkpoint may have died with its board, so guards    *)
(* compare with what is known, and demand no knowledge. If events of a     *)
(* board are missing, Gap makes its position unknown, and the board is     *)
(* counted as having done whatever helps.                                  *)
(***************************************************************************)
EXTENDS replicated_log

VARIABLES
    proposed,    \* ring: the proposals in the slot, as <<value, view, node>>
    ledger,      \* ring: the ledger's digest after the slot
    checkpoint,  \* ring: the checkpoint's digest
    reached,     \* reached[p]: the highest slot that p had applied in any of its lives
    voteFloor,   \* voteFloor[p]: p acts above it only
    hasMemory,   \* hasMemory[p]: p knows what it voted
    isHalted,    \* isHalted[p]: p has fallen silent permanently
    acted,       \* acted[p]: slots in which p acted, in this boot or before; the last few
    restored,    \* restored[p]: slots in which this boot of p may act: new ones, and those that it read from flash
    hazy         \* nodes with missing events

memories == <<reached, voteFloor, hasMemory, isHalted, acted, restored, hazy>>
digests == <<proposed, ledger, checkpoint>>
traceVars == <<vars, digests, memories>>

TraceInit ==
    /\ Init
    /\ proposed = EmptyRing /\ ledger = EmptyRing /\ checkpoint = EmptyRing
    /\ reached = [p \in Replica |-> 0]
    /\ voteFloor = [p \in Replica |-> 0]
    /\ hasMemory = [p \in Replica |-> TRUE]
    /\ isHalted = [p \in Replica |-> FALSE]
    /\ acted = [p \in Replica |-> {}]
    /\ restored = [p \in Replica |-> {}]
    /\ hazy = {}

Max(a, b) == IF a > b THEN a ELSE b
Agrees(ring, s, val) == At(ring, s) \in {NoValue, val}
Kept(ring, s, val) == IF IsPast(ring, s) \/ At(ring, s) # NoValue THEN ring ELSE Put(ring, s, val)

\* The slots of S that may still have an instance when its board acts in slot s.
Recent(S, s) == {t \in S : t > s - 4 * Window}

-----------------------------------------------------------------------------
\* Life of a board.

IsWithoutMemory(node, journal) ==
    \/ journal \in {"blank", "unreadable"}
    \/ journal = "fresh" /\ acted[node] # {}  \* it considers itself a new board, but it had voted

\* A board that lost its memory and boots with a journal has rejoined, but the Rejoin event died with the board.
Boot(node, journal, applied_slot) ==
    /\ applied' = [applied EXCEPT ![node] = applied_slot]
    /\ known' = [known EXCEPT ![node] = Above(@, applied_slot)]
    /\ reached' = [reached EXCEPT ![node] = Max(@, applied_slot)]
    /\ hasMemory' = [hasMemory EXCEPT ![node] = ~IsWithoutMemory(node, journal)]
    /\ isHalted' = [isHalted EXCEPT ![node] = FALSE]
    /\ restored' = [restored EXCEPT ![node] = {}]
    /\ UNCHANGED <<log, digests, voteFloor, acted, hazy>>

Restore(node, slot) ==
    /\ restored' = [restored EXCEPT ![node] = @ \cup {slot}]
    /\ UNCHANGED <<vars, digests, reached, voteFloor, hasMemory, isHalted, acted, hazy>>

Silent(node) ==
    /\ isHalted' = [isHalted EXCEPT ![node] = TRUE]
    /\ UNCHANGED <<vars, digests, reached, voteFloor, hasMemory, acted, restored, hazy>>

\* Every vote in the trace lies at or below the floor.
CoversForgotten(node, floor) == \A s \in acted[node] : s <= floor

RejoinTold(node, floor) ==
    /\ voteFloor' = [voteFloor EXCEPT ![node] = floor]
    /\ hasMemory' = [hasMemory EXCEPT ![node] = TRUE]
    /\ UNCHANGED <<vars, digests, reached, isHalted, acted, restored, hazy>>

Rejoin(node, floor) == CoversForgotten(node, floor) /\ RejoinTold(node, floor)

\* Events of the node are missing: its position and its promises are unknown.
Gap(node) ==
    /\ hazy' = hazy \cup {node}
    /\ applied' = [applied EXCEPT ![node] = Unknown]
    /\ known' = [known EXCEPT ![node] = EmptyRing]
    /\ hasMemory' = [hasMemory EXCEPT ![node] = TRUE]
    /\ isHalted' = [isHalted EXCEPT ![node] = FALSE]
    /\ voteFloor' = [voteFloor EXCEPT ![node] = 0]
    /\ acted' = [acted EXCEPT ![node] = {}]
    /\ restored' = [restored EXCEPT ![node] = {}]
    /\ UNCHANGED <<log, digests, reached>>

-----------------------------------------------------------------------------
\* Taking part in consensus.

MaySpeak(node) == hasMemory[node] /\ ~isHalted[node]
IsAboveFloor(node, slot) == slot > voteFloor[node]
IsRestored(node, slot) == slot \in restored[node] \/ slot \notin acted[node]

ActTold(node, slot) ==
    /\ acted' = [acted EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ restored' = [restored EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ UNCHANGED <<vars, digests, reached, voteFloor, hasMemory, isHalted, hazy>>

Act(node, slot) ==
    /\ MaySpeak(node)
    /\ IsAboveFloor(node, slot)
    /\ IsRestored(node, slot)
    /\ InRange(node, slot)
    /\ ActTold(node, slot)

EnterView(node, slot) == Act(node, slot)
Vote1(node, slot) == Act(node, slot)
Vote2(node, slot) == Act(node, slot)
Vote3(node, slot) == Act(node, slot)
Vote4(node, slot) == Act(node, slot)

\* A proposal reveals the proposer of a window earlier, if it was unknown.
Resolved(node, slot, view) ==
    LET i == Place(slot - Window)
    IN  IF FirstLeader(slot) # Anyone \/ log[i].slot > slot - Window THEN log
        ELSE [log EXCEPT ![i] = [slot |-> slot - Window, value |-> At(log, slot - Window),
                                 proposer |-> (node - view) % ReplicaCount]]

Proposals(slot) == IF At(proposed, slot) = NoValue THEN {} ELSE At(proposed, slot)

ProposeTold(node, slot, view, value) ==
    /\ log' = Resolved(node, slot, view)
    /\ proposed' = IF IsPast(proposed, slot) THEN proposed
                   ELSE Put(proposed, slot, Proposals(slot) \cup {<<value, view, node>>})
    /\ acted' = [acted EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ restored' = [restored EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ UNCHANGED <<known, applied, ledger, checkpoint, reached, voteFloor, hasMemory, isHalted, hazy>>

Propose(node, slot, view, value) ==
    /\ MaySpeak(node)
    /\ IsAboveFloor(node, slot)
    /\ IsRestored(node, slot)
    /\ InRange(node, slot)
    /\ Leads(node, slot, view)
    /\ ProposeTold(node, slot, view, value)

-----------------------------------------------------------------------------
\* Decisions, and their application.

\* The first proposer of the value. A proposal of a later view may repeat a value of an earlier view, which a liar or a
\* board with missing events had proposed.
ProposerOf(slot, value) ==
    LET mine == {x \in Proposals(slot) : x[1] = value /\ (x[2] = 0 \/ Byzantine \cup hazy = {})}
    IN  IF mine = {} THEN Anyone ELSE (CHOOSE x \in mine : \A y \in mine : x[2] <= y[2])[3]

Chosen(slot, value) ==
    IF IsPast(log, slot) \/ At(log, slot) # NoValue THEN log
    ELSE [log EXCEPT ![Place(slot)] =
             [slot |-> slot, value |-> value,
              proposer |-> IF @.slot = slot /\ @.proposer # Anyone THEN @.proposer ELSE ProposerOf(slot, value)]]

IsTheDecision(slot, value) == Agrees(log, slot, value)

DecisionTold(node, slot, value) ==
    /\ log' = Chosen(slot, value)
    /\ known' = [known EXCEPT ![node] = Kept(@, slot, value)]
    /\ UNCHANGED <<applied, digests, memories>>

Decide(node, slot, value) ==
    /\ InRange(node, slot)
    /\ IsTheDecision(slot, value)
    /\ DecisionTold(node, slot, value)

IsLearnable(node, slot) ==
    applied[node] # Unknown => applied[node] - Window < slot /\ slot <= applied[node] + 2 * Window

Learn(node, slot, value) ==
    /\ IsLearnable(node, slot)
    /\ IsTheDecision(slot, value)
    /\ DecisionTold(node, slot, value)

IsNext(node, slot) == applied[node] # Unknown => slot = applied[node] + 1
IsWhatItDecided(node, slot, value) == Agrees(known[node], slot, value)
IsTheLedger(slot, digest) == Agrees(ledger, slot, digest)

ApplyTold(node, slot, value, digest) ==
    /\ log' = Chosen(slot, value)
    /\ known' = [known EXCEPT ![node] = Kept(@, slot, value)]
    /\ ledger' = Kept(ledger, slot, digest)
    /\ applied' = [applied EXCEPT ![node] = slot]
    /\ reached' = [reached EXCEPT ![node] = Max(@, slot)]
    /\ UNCHANGED <<proposed, checkpoint, voteFloor, hasMemory, isHalted, acted, restored, hazy>>

Apply(node, slot, value, digest) ==
    /\ IsNext(node, slot)
    /\ IsTheDecision(slot, value)
    /\ IsWhatItDecided(node, slot, value)
    /\ IsTheLedger(slot, digest)
    /\ ApplyTold(node, slot, value, digest)

IsTheCheckpoint(slot, digest) == Agrees(checkpoint, slot, digest)

CheckpointTold(slot, digest) ==
    /\ checkpoint' = Kept(checkpoint, slot, digest)
    /\ UNCHANGED <<vars, proposed, ledger, memories>>

Checkpoint(slot, digest) ==
    /\ IsTheCheckpoint(slot, digest)
    /\ CheckpointTold(slot, digest)

IsAhead(node, slot) == slot > applied[node]
IsReached(slot) == IsBlocking(Byzantine \cup hazy \cup {q \in Correct : reached[q] >= slot})

AdoptTold(node, slot, digest) ==
    /\ applied' = [applied EXCEPT ![node] = slot]
    /\ reached' = [reached EXCEPT ![node] = Max(@, slot)]
    /\ checkpoint' = Kept(checkpoint, slot, digest)
    /\ UNCHANGED <<log, known, proposed, ledger, voteFloor, hasMemory, isHalted, acted, restored, hazy>>

Adopt(node, slot, digest) ==
    /\ IsAhead(node, slot)
    /\ IsReached(slot)
    /\ IsTheCheckpoint(slot, digest)
    /\ AdoptTold(node, slot, digest)

-----------------------------------------------------------------------------
\* Possible events of a trace, within bounds: for TLC, and for arguments that other programs' traces leave out.
CONSTANTS TraceSlot, TraceView, TraceDigest

TraceNext ==
    \E node \in Correct :
        \/ \E journal \in {"fresh", "ok", "torn", "blank", "unreadable"}, applied_slot \in TraceSlot \cup {0} :
              Boot(node, journal, applied_slot)
        \/ Silent(node)
        \/ Gap(node)
        \/ \E floor \in TraceSlot : Rejoin(node, floor)
        \/ \E slot \in TraceSlot :
              \/ Restore(node, slot)
              \/ EnterView(node, slot) \/ Vote1(node, slot) \/ Vote2(node, slot) \/ Vote3(node, slot) \/ Vote4(node, slot)
        \/ \E slot \in TraceSlot, value \in TraceDigest :
              \/ \E view \in TraceView : Propose(node, slot, view, value)
              \/ Decide(node, slot, value)
              \/ Learn(node, slot, value)
              \/ Checkpoint(slot, value)
              \/ Adopt(node, slot, value)
              \/ \E digest \in TraceDigest : Apply(node, slot, value, digest)

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

TraceTypeOK ==
    /\ applied \in [Replica -> TraceSlot \cup {0, Unknown}]
    /\ reached \in [Replica -> TraceSlot \cup {0}]
    /\ voteFloor \in [Replica -> TraceSlot \cup {0}]
    /\ \A p \in Replica : acted[p] \cup restored[p] \subseteq TraceSlot
    /\ hazy \subseteq Correct
=============================================================================
