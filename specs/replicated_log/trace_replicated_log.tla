------------------------ MODULE trace_replicated_log ------------------------
(***************************************************************************)
(* Checks recorded runs against the log. Each trace event has an operator; *)
(* its parameters have the names of the event's fields. It is a            *)
(* conjunction of guards, one per property (LOG-1 .. LOG-6, LOG-11, CON-3, *)
(* CON-12, KNW-2, KNW-3, see properties.md), and of the event's effect     *)
(* (...Told).                                                              *)
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
(*   proposed              Propose, Restore.hi1     Replica.proposers      *)
(*   kept[node]            Checkpoint, Adopt .slot  Checkpoints.latest     *)
(*   booted[node]          Boot.applied_slot        Replica.restore        *)
(*   Window                RunStart.window_slots    limits.WINDOW_SLOTS    *)
(*   CheckpointSlots                                limits.CHECKPOINT_SLOTS*)
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

CONSTANT CheckpointSlots  \* a checkpoint is due every so many slots

VARIABLES
    proposed,    \* ring: the proposals in the slot, as <<value, view, node>>; of Anyone: in that view or before
    ledger,      \* ring: the ledger's digest after the slot
    checkpoint,  \* ring: the checkpoint's digest
    reached,     \* reached[p]: the highest slot that p had applied in any of its lives
    voteFloor,   \* voteFloor[p]: p acts above it only
    hasMemory,   \* hasMemory[p]: p knows what it voted
    isHalted,    \* isHalted[p]: p has fallen silent permanently
    acted,       \* acted[p]: slots in which p acted, in this boot or before; the last few
    restored,    \* restored[p]: slots in which this boot of p may act: new ones, and those that it read from flash
    hazy,        \* nodes with missing events
    booted,      \* booted[p]: the slot that p had applied when its present life began; Unknown after missing events
    recalls,     \* recalls[p]: the last slot whose decision p may have read from flash; Unknown after missing events
    kept,        \* kept[p]: the slot of p's last checkpoint
    owed,        \* owed[p]: slots whose registers p must state before it does anything else
    forgotten,   \* forgotten[p]: slots in which p acted before it lost its memory
    waking,      \* nodes that have booted and state what they found on flash
    erased       \* nodes whose flash was wiped since they last booted

lives == <<booted, recalls, kept, owed, forgotten, waking, erased>>
memories == <<reached, voteFloor, hasMemory, isHalted, acted, restored, hazy>>
digests == <<proposed, ledger, checkpoint>>
traceVars == <<vars, digests, memories, lives>>

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
    /\ booted = [p \in Replica |-> 0]
    /\ recalls = [p \in Replica |-> 0]
    /\ kept = [p \in Replica |-> 0]
    /\ owed = [p \in Replica |-> {}]
    /\ forgotten = [p \in Replica |-> {}]
    /\ waking = {}
    /\ erased = {}

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

MaySpeak(node) == hasMemory[node] /\ ~isHalted[node]
IsAwake(node) == ~isHalted[node]

HasJournal(journal) == journal \in {"ok", "torn"}

\* What a board told of a checkpoint, it had written.
IsOnFlash(node, journal, applied_slot) == HasJournal(journal) => applied_slot >= kept[node]

\* It had applied no more than it told, than decisions that it wrote and did not tell of, and than a state that f + 1 had.
IsExplained(node, journal, applied_slot) ==
    IF HasJournal(journal)
    THEN \/ node \in hazy
         \/ applied_slot <= reached[node] + 2 * Window
         \/ IsBlocking(Byzantine \cup hazy \cup {q \in Correct : reached[q] + Window >= applied_slot})
    ELSE applied_slot = 0

\* A store that was commissioned is blank only after it was wiped.
IsErased(node, journal) == journal = "blank" => node \in erased \cup hazy \/ ~hasMemory[node]

\* A board that lost its memory and boots with a journal has rejoined, but the Rejoin event died with the board.
BootTold(node, journal, applied_slot) ==
    LET lost == IsWithoutMemory(node, journal) /\ journal # "unreadable"
        gone == IF lost THEN acted[node] ELSE forgotten[node]
    IN  /\ applied' = [applied EXCEPT ![node] = applied_slot]
        /\ known' = [known EXCEPT ![node] = Above(@, applied_slot)]
        /\ reached' = [reached EXCEPT ![node] = Max(@, applied_slot)]
        /\ hasMemory' = [hasMemory EXCEPT ![node] = ~IsWithoutMemory(node, journal)]
        /\ isHalted' = [isHalted EXCEPT ![node] = FALSE]
        /\ restored' = [restored EXCEPT ![node] = {}]
        /\ booted' = [booted EXCEPT ![node] = applied_slot]
        /\ recalls' = [recalls EXCEPT ![node] = IF HasJournal(journal) THEN applied_slot + 2 * Window ELSE 0]
        /\ kept' = [kept EXCEPT ![node] = IF lost THEN 0 ELSE @]
        /\ forgotten' = [forgotten EXCEPT ![node] = gone]
        /\ owed' = [owed EXCEPT ![node] =
                       IF HasJournal(journal) THEN {s \in acted[node] \ gone : s > applied_slot - Window} ELSE {}]
        /\ waking' = waking \cup {node}
        /\ erased' = erased \ {node}
        /\ UNCHANGED <<log, digests, voteFloor, acted, hazy>>

Boot(node, journal, applied_slot) ==
    /\ IsOnFlash(node, journal, applied_slot)
    /\ IsExplained(node, journal, applied_slot)
    /\ IsErased(node, journal)
    /\ BootTold(node, journal, applied_slot)

Erase(board) ==
    /\ erased' = erased \cup {board}
    /\ UNCHANGED <<vars, digests, memories, booted, recalls, kept, owed, forgotten, waking>>

\* A board states its registers slot by slot, right after its Boot.
IsWaking(node) == node \in waking \cup hazy
IsNew(node, slot) == slot \notin restored[node]

Proposals(slot) == IF At(proposed, slot) = NoValue THEN {} ELSE At(proposed, slot)

\* A vote of phase 1 that flash holds shows that its value had been proposed by then: the Propose may have died with the
\* board that made it. `voted`: view and value of such votes.
RestoreTold(node, slot, voted) ==
    /\ restored' = [restored EXCEPT ![node] = @ \cup {slot}]
    /\ owed' = [owed EXCEPT ![node] = @ \ {slot}]
    /\ proposed' = IF voted = {} \/ IsPast(proposed, slot) THEN proposed
                   ELSE Put(proposed, slot, Proposals(slot) \cup {<<x[2], x[1], Anyone>> : x \in voted})
    /\ UNCHANGED <<vars, ledger, checkpoint, reached, voteFloor, hasMemory, isHalted, acted, hazy>>
    /\ UNCHANGED <<booted, recalls, kept, forgotten, waking, erased>>

\* Of registers that are not told, it is assumed that they hold a vote for any value.
Restore(node, slot) ==
    /\ MaySpeak(node)
    /\ IsWaking(node)
    /\ IsNew(node, slot)
    /\ InRange(node, slot)
    /\ RestoreTold(node, slot, {<<0, NoValue>>})

\* The first event after the registers: each slot that the board acted in and can still act in has been stated.
HasRestored(node) == owed[node] = {}

AwakeTold(node) ==
    /\ waking' = waking \ {node}
    /\ UNCHANGED <<vars, digests, memories, booted, recalls, kept, owed, forgotten, erased>>

Awake(node) == HasRestored(node) /\ AwakeTold(node)

Silent(node) ==
    /\ isHalted' = [isHalted EXCEPT ![node] = TRUE]
    /\ UNCHANGED <<vars, digests, reached, voteFloor, hasMemory, acted, restored, hazy, lives>>

\* Every vote in the trace lies at or below the floor.
CoversForgotten(node, floor) == \A s \in acted[node] : s <= floor

RejoinTold(node, floor) ==
    /\ voteFloor' = [voteFloor EXCEPT ![node] = floor]
    /\ hasMemory' = [hasMemory EXCEPT ![node] = TRUE]
    /\ kept' = [kept EXCEPT ![node] = Max(@, applied[node])]  \* it writes all that it has
    /\ UNCHANGED <<vars, digests, reached, isHalted, acted, restored, hazy>>
    /\ UNCHANGED <<booted, recalls, owed, forgotten, waking, erased>>

Rejoin(node, floor) == IsAwake(node) /\ CoversForgotten(node, floor) /\ RejoinTold(node, floor)

\* What a replica must have received (`answers[q]`: the slots that q may have named as applied, since it was asked; liars
\* and those in `free`, of which it may have received anything, name any): n - f answers, of which the floor is two windows
\* above the second highest.
FloorFollows(node, floor, answers, free) ==
    LET m == floor - 2 * Window
        any == (Byzantine \cup hazy \cup free) \ {node}
        named == Correct \ {node}
        least == any \cup {q \in named : \E a \in answers[q] : a >= m}
        exact == any \cup {q \in named : m \in answers[q]}
        most == any \cup {q \in named : \E a \in answers[q] : a <= m}
    IN  \E one \in least, two \in exact : one # two /\ IsQuorum(most \cup {one})

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
    /\ booted' = [booted EXCEPT ![node] = Unknown]
    /\ recalls' = [recalls EXCEPT ![node] = Unknown]
    /\ kept' = [kept EXCEPT ![node] = 0]
    /\ owed' = [owed EXCEPT ![node] = {}]
    /\ forgotten' = [forgotten EXCEPT ![node] = {}]
    /\ waking' = waking \ {node}
    /\ UNCHANGED <<log, digests, reached, erased>>

-----------------------------------------------------------------------------
\* Taking part in consensus.

IsAboveFloor(node, slot) == slot > voteFloor[node]
IsRestored(node, slot) == slot \in restored[node] \/ slot \notin acted[node]

ActTold(node, slot) ==
    /\ acted' = [acted EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ restored' = [restored EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ UNCHANGED <<vars, digests, reached, voteFloor, hasMemory, isHalted, hazy, lives>>

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

\* A wish is a word in consensus: it changes nothing here.
WishTold(node) == UNCHANGED traceVars

Wish(node, slot) ==
    /\ MaySpeak(node)
    /\ IsAboveFloor(node, slot)
    /\ InRange(node, slot)
    /\ WishTold(node)

\* A proposal reveals the proposer of a window earlier, if it was unknown.
Resolved(node, slot, view) ==
    LET i == Place(slot - Window)
    IN  IF FirstLeader(slot) # Anyone \/ log[i].slot > slot - Window THEN log
        ELSE [log EXCEPT ![i] = [slot |-> slot - Window, value |-> At(log, slot - Window),
                                 proposer |-> (node - view) % ReplicaCount]]

ProposeTold(node, slot, view, value) ==
    /\ log' = Resolved(node, slot, view)
    /\ proposed' = IF IsPast(proposed, slot) THEN proposed
                   ELSE Put(proposed, slot, Proposals(slot) \cup {<<value, view, node>>})
    /\ acted' = [acted EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ restored' = [restored EXCEPT ![node] = Recent(@ \cup {slot}, slot)]
    /\ UNCHANGED <<known, applied, ledger, checkpoint, reached, voteFloor, hasMemory, isHalted, hazy, lives>>

Propose(node, slot, view, value) ==
    /\ MaySpeak(node)
    /\ IsAboveFloor(node, slot)
    /\ IsRestored(node, slot)
    /\ InRange(node, slot)
    /\ Leads(node, slot, view)
    /\ ProposeTold(node, slot, view, value)

-----------------------------------------------------------------------------
\* Decisions, and their application.

\* The first proposer of the value. A proposal of a later view may repeat a value of an earlier view, which a liar, a
\* board with missing events, or one that died before it could say so, had proposed.
ProposerOf(slot, value) ==
    LET mine == {x \in Proposals(slot) : x[1] \in {value, NoValue} /\ (x[2] = 0 \/ Byzantine \cup hazy = {})}
        told == {x \in mine : x[3] # Anyone}
        first == {x \in told : \A y \in mine : x[2] <= y[2]}
    IN  IF first = {} THEN Anyone ELSE (CHOOSE x \in first : TRUE)[3]

Chosen(slot, value) ==
    IF IsPast(log, slot) \/ At(log, slot) # NoValue THEN log
    ELSE [log EXCEPT ![Place(slot)] =
             [slot |-> slot, value |-> value,
              proposer |-> IF @.slot = slot /\ @.proposer # Anyone THEN @.proposer ELSE ProposerOf(slot, value)]]

IsTheDecision(slot, value) == Agrees(log, slot, value)

DecisionTold(node, slot, value) ==
    /\ log' = Chosen(slot, value)
    /\ known' = [known EXCEPT ![node] = Kept(@, slot, value)]
    /\ UNCHANGED <<applied, digests, memories, lives>>

Decide(node, slot, value) ==
    /\ IsAwake(node)
    /\ InRange(node, slot)
    /\ IsTheDecision(slot, value)
    /\ DecisionTold(node, slot, value)

IsLearnable(node, slot) ==
    applied[node] # Unknown => applied[node] - Window < slot /\ slot <= applied[node] + 2 * Window

Learn(node, slot, value) ==
    /\ IsAwake(node)
    /\ IsLearnable(node, slot)
    /\ IsTheDecision(slot, value)
    /\ DecisionTold(node, slot, value)

IsNext(node, slot) == applied[node] # Unknown => slot = applied[node] + 1
IsWhatItDecided(node, slot, value) == Agrees(known[node], slot, value)

\* It decided or learned the slot in this life, or flash may hold the decision: two windows beyond what it had applied.
HasDecided(node, slot) ==
    \/ applied[node] = Unknown \/ recalls[node] = Unknown
    \/ slot <= recalls[node]
    \/ At(known[node], slot) # NoValue

\* It has made the checkpoint that was due.
HasCheckpoint(node, slot) ==
    booted[node] # Unknown /\ (slot - 1) % CheckpointSlots = 0 /\ slot - 1 > booted[node] => kept[node] >= slot - 1

IsTheLedger(slot, digest) == Agrees(ledger, slot, digest)

ApplyTold(node, slot, value, digest) ==
    /\ log' = Chosen(slot, value)
    /\ known' = [known EXCEPT ![node] = Kept(@, slot, value)]
    /\ ledger' = Kept(ledger, slot, digest)
    /\ applied' = [applied EXCEPT ![node] = slot]
    /\ reached' = [reached EXCEPT ![node] = Max(@, slot)]
    /\ UNCHANGED <<proposed, checkpoint, voteFloor, hasMemory, isHalted, acted, restored, hazy, lives>>

Apply(node, slot, value, digest) ==
    /\ IsAwake(node)
    /\ IsNext(node, slot)
    /\ HasCheckpoint(node, slot)
    /\ HasDecided(node, slot)
    /\ IsTheDecision(slot, value)
    /\ IsWhatItDecided(node, slot, value)
    /\ IsTheLedger(slot, digest)
    /\ ApplyTold(node, slot, value, digest)

IsTheCheckpoint(slot, digest) == Agrees(checkpoint, slot, digest)

\* A checkpoint is of the slot applied last, and of every so many slots.
IsDue(node, slot) == slot % CheckpointSlots = 0 /\ slot > kept[node] /\ applied[node] \in {slot, Unknown}

CheckpointTold(node, slot, digest) ==
    /\ checkpoint' = Kept(checkpoint, slot, digest)
    /\ kept' = [kept EXCEPT ![node] = slot]
    /\ UNCHANGED <<vars, proposed, ledger, memories, booted, recalls, owed, forgotten, waking, erased>>

Checkpoint(node, slot, digest) ==
    /\ IsAwake(node)
    /\ IsDue(node, slot)
    /\ IsTheCheckpoint(slot, digest)
    /\ CheckpointTold(node, slot, digest)

IsAhead(node, slot) == slot > applied[node]
IsCheckpointSlot(slot) == slot > 0 /\ slot % CheckpointSlots = 0
IsReached(slot) == IsBlocking(Byzantine \cup hazy \cup {q \in Correct : reached[q] >= slot})

AdoptTold(node, slot, digest) ==
    /\ applied' = [applied EXCEPT ![node] = slot]
    /\ reached' = [reached EXCEPT ![node] = Max(@, slot)]
    /\ checkpoint' = Kept(checkpoint, slot, digest)
    /\ kept' = [kept EXCEPT ![node] = slot]
    /\ UNCHANGED <<log, known, proposed, ledger, voteFloor, hasMemory, isHalted, acted, restored, hazy>>
    /\ UNCHANGED <<booted, recalls, owed, forgotten, waking, erased>>

Adopt(node, slot, digest) ==
    /\ IsAwake(node)
    /\ IsAhead(node, slot)
    /\ IsCheckpointSlot(slot)
    /\ IsReached(slot)
    /\ IsTheCheckpoint(slot, digest)
    /\ AdoptTold(node, slot, digest)

\* A replica asks for a state, and adopts it, when f + 1 have reported it: `heard` are those whose report has arrived.
\* It asks for a slot when f + 1 have reported that they applied it, or one above it.
KnowsState(heard) == IsBlocking(Byzantine \cup hazy \cup heard)
KnowsSlot(heard) == IsBlocking(Byzantine \cup hazy \cup heard)

\* A state comes from one that was asked for it in this life: from `giver`, or from anybody if that is unknown.
IsGiven(asked, giver) == giver \in asked \cup {Anyone}

-----------------------------------------------------------------------------
\* What a message about the log may say. Messages about an instance are of its window: InRange. A question for a body,
\* and the body, are of a slot that the sender may learn: IsLearnable. A suggest goes to the leader: Leads. A reply to a
\* client leaves when its operation is applied, which is before the end of the slot: HasOperation.

AsksForSlot(node, slot) == applied[node] # Unknown => applied[node] < slot /\ slot <= applied[node] + Window
TellsDecision(node, slot) == applied[node] # Unknown => slot <= applied[node] + 2 * Window
HasState(node, slot) == IsCheckpointSlot(slot) /\ (slot <= kept[node] \/ node \in hazy)
HasOperation(node, slot) == applied[node] # Unknown => slot <= applied[node] + 1
AsksWhoKnows(node) == ~hasMemory[node] \/ node \in hazy

-----------------------------------------------------------------------------
\* Possible events of a trace, within bounds: for TLC, and for arguments that other programs' traces leave out.
CONSTANTS TraceSlot, TraceView, TraceDigest

TraceNext ==
    \E node \in Correct :
        \/ \E journal \in {"fresh", "ok", "torn", "blank", "unreadable"}, applied_slot \in TraceSlot \cup {0} :
              Boot(node, journal, applied_slot)
        \/ Silent(node)
        \/ Erase(node)
        \/ Awake(node)
        \/ Gap(node)
        \/ \E floor \in TraceSlot : Rejoin(node, floor)
        \/ \E slot \in TraceSlot :
              \/ Restore(node, slot)
              \/ Wish(node, slot)
              \/ EnterView(node, slot) \/ Vote1(node, slot) \/ Vote2(node, slot) \/ Vote3(node, slot) \/ Vote4(node, slot)
        \/ \E slot \in TraceSlot, value \in TraceDigest :
              \/ \E view \in TraceView : Propose(node, slot, view, value)
              \/ Decide(node, slot, value)
              \/ Learn(node, slot, value)
              \/ Checkpoint(node, slot, value)
              \/ Adopt(node, slot, value)
              \/ \E digest \in TraceDigest : Apply(node, slot, value, digest)

TraceSpec == TraceInit /\ [][TraceNext]_traceVars

TraceTypeOK ==
    /\ applied \in [Replica -> TraceSlot \cup {0, Unknown}]
    /\ reached \in [Replica -> TraceSlot \cup {0}]
    /\ voteFloor \in [Replica -> TraceSlot \cup {0}]
    /\ \A p \in Replica : acted[p] \cup restored[p] \cup owed[p] \cup forgotten[p] \subseteq TraceSlot
    /\ hazy \cup waking \cup erased \subseteq Correct
    /\ kept \in [Replica -> TraceSlot \cup {0}]
    /\ booted \in [Replica -> TraceSlot \cup {0, Unknown}]
=============================================================================
