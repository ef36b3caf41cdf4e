------------------------------- MODULE rejoin -------------------------------
(***************************************************************************)
(* A replica that lost its flash does not know what it voted. It votes     *)
(* again only above a floor: the second highest of n - f fresh answers of  *)
(* others, which slot they have applied, plus two windows. Our own         *)
(* composition (specs/decisions/rejoin_after_amnesia.md) of quorum         *)
(* intersection (Malkhi and Reiter, 1998) and of recovery by a nonce and a *)
(* quorum's answers (Castro and Liskov, ACM TOCS 2002).                    *)
(*                                                                         *)
(* Abstractions, and why they are sound                                    *)
(* - A replica's votes in a slot are one vote, without value. A replica    *)
(*   that voted in a slot may have voted for any value in any phase, so    *)
(*   voting again after forgetting that is the breach. If no replica does, *)
(*   what tetrabft.tla shows of replicas that remember holds for all.      *)
(* - A slot is decided as soon as a quorum voted in it. The real one is    *)
(*   decided later or never, so this log is ahead of any real one, and the *)
(*   forgotten votes are as high as they can be.                           *)
(* - To adopt a state is to apply all its slots one after the other, which *)
(*   passes through more states.                                           *)
(* - Decisions reach flash with the next vote, so a reboot may lose all    *)
(*   slots applied since; all slots a window below a vote are on flash.    *)
(*                                                                         *)
(* Faulty are the Byzantine replicas, and a replica without memory from    *)
(* the loss until it has voted above its floor. At most f at a time; this  *)
(* bounds `Forget`. It is not enough to have applied what lies below the   *)
(* floor: until the vote, a reboot may undo that.                          *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Replica,
    Byzantine,    \* those that may do anything
    FaultsMax,    \* f
    Window,       \* WINDOW_SLOTS
    MaxSlot       \* the last slot of the model

Correct == Replica \ Byzantine
Slot == 1..MaxSlot
QuorumSize == Cardinality(Replica) - FaultsMax
IsQuorum(S) == Cardinality(S) >= QuorumSize
TooMany(S) == Cardinality(S) > FaultsMax
Unknown == -1     \* FLOOR_UNKNOWN

ASSUME
    /\ Cardinality(Replica) >= 3 * FaultsMax + 1
    /\ Cardinality(Byzantine) <= FaultsMax
    /\ Window \in Nat \ {0}

VARIABLES
    applied,    \* applied[p]: the last slot in p's ledger
    floor,      \* floor[p]: p votes above it only; Unknown without memory
    voted,      \* voted[p]: slots in which p remembers to have voted
    forgotten,  \* forgotten[p]: slots in which p voted in a life that it forgot
    answers     \* answers[p]: answers to p's present probe: replica to applied slot, or Unknown

vars == <<applied, floor, voted, forgotten, answers>>

NoAnswers == [q \in Replica |-> Unknown]
Highest(S) == IF S = {} THEN 0 ELSE CHOOSE s \in S : \A t \in S : t <= s

Decided(s) == IsQuorum(Byzantine \cup {q \in Correct : s \in voted[q] \cup forgotten[q]})

IsRecovering(p) == floor[p] = Unknown \/ (floor[p] > 0 /\ voted[p] = {})

\* q answers when it is at most a window behind each slot in which it ever voted. Before, it may be far behind: if several
\* boards, losing their memories one after the other, each told p so, p's floor would be too low.
CanAnswer(q) == floor[q] # Unknown /\ floor[q] <= applied[q] + Window

-----------------------------------------------------------------------------
Init ==
    /\ applied = [p \in Correct |-> 0]
    /\ floor = [p \in Correct |-> 0]
    /\ voted = [p \in Correct |-> {}]
    /\ forgotten = [p \in Correct |-> {}]
    /\ answers = [p \in Correct |-> NoAnswers]

\* p takes part in a slot that is open, or was applied less than a window ago.
Vote(p, s) ==
    /\ floor[p] # Unknown
    /\ s > floor[p]
    /\ applied[p] - Window < s /\ s <= applied[p] + Window
    /\ s \notin voted[p]
    /\ voted' = [voted EXCEPT ![p] = @ \cup {s}]
    /\ UNCHANGED <<applied, floor, forgotten, answers>>

Apply(p) ==
    /\ applied[p] < MaxSlot
    /\ Decided(applied[p] + 1)
    /\ applied' = [applied EXCEPT ![p] = @ + 1]
    /\ UNCHANGED <<floor, voted, forgotten, answers>>

\* p loses power and reboots with its flash.
Reboot(p, s) ==
    /\ s < applied[p]
    /\ s >= Highest(voted[p]) - Window
    /\ applied' = [applied EXCEPT ![p] = s]
    /\ UNCHANGED <<floor, voted, forgotten, answers>>

\* p reboots without its flash, while at most f are faulty.
Forget(p) ==
    /\ ~TooMany(Byzantine \cup {q \in Correct : q = p \/ IsRecovering(q)})
    /\ applied' = [applied EXCEPT ![p] = 0]
    /\ floor' = [floor EXCEPT ![p] = Unknown]
    /\ voted' = [voted EXCEPT ![p] = {}]
    /\ forgotten' = [forgotten EXCEPT ![p] = @ \cup voted[p]]
    /\ answers' = [answers EXCEPT ![p] = NoAnswers]

\* An answer to p's probe of this life (the nonce): never older than the loss. Only the first answer of each replica
\* counts here; a later one is the first in another behaviour.
Answer(p, q, s) ==
    /\ floor[p] = Unknown
    /\ q # p
    /\ answers[p][q] = Unknown
    /\ q \in Correct => CanAnswer(q) /\ s = applied[q]
    /\ answers' = [answers EXCEPT ![p][q] = s]
    /\ UNCHANGED <<applied, floor, voted, forgotten>>

\* The second highest answer.
Answered(p) == {q \in Replica : answers[p][q] # Unknown}
IsSecond(p, s) ==
    /\ Cardinality({q \in Answered(p) : answers[p][q] > s}) < 2
    /\ Cardinality({q \in Answered(p) : answers[p][q] >= s}) >= 2
Second(p) == CHOOSE s \in {answers[p][q] : q \in Answered(p)} : IsSecond(p, s)

Rejoin(p) ==
    /\ floor[p] = Unknown
    /\ IsQuorum(Answered(p))
    /\ floor' = [floor EXCEPT ![p] = Second(p) + 2 * Window]
    /\ answers' = [answers EXCEPT ![p] = NoAnswers]
    /\ UNCHANGED <<applied, voted, forgotten>>

Next ==
    \E p \in Correct :
        \/ \E s \in Slot : Vote(p, s)
        \/ Apply(p)
        \/ \E s \in 0..MaxSlot : Reboot(p, s)
        \/ Forget(p)
        \/ \E q \in Replica, s \in 0..MaxSlot : Answer(p, q, s)
        \/ Rejoin(p)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
\* Properties; properties.md gives each its identifier.

TypeOK ==
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ floor \in [Correct -> Unknown..(MaxSlot + 2 * Window)]
    /\ voted \in [Correct -> SUBSET Slot]
    /\ forgotten \in [Correct -> SUBSET Slot]
    /\ answers \in [Correct -> [Replica -> Unknown..MaxSlot]]

\* No replica votes a second time in a slot in which it forgot its vote.
NoSecondVote == \A p \in Correct : voted[p] \cap forgotten[p] = {}

\* The reason: every forgotten vote lies at or below the floor.
FloorCoversForgotten == \A p \in Correct : floor[p] # Unknown => \A s \in forgotten[p] : s <= floor[p]

\* A replica without memory does not vote, and none votes at or below its floor.
SilentWithoutMemory ==
    \A p \in Correct : IF floor[p] = Unknown THEN voted[p] = {} ELSE \A s \in voted[p] : s > floor[p]

\* One liar alone cannot raise the floor above all slots that the log will reach.
FloorIsReachable ==
    \A p \in Correct : floor[p] <= 2 * Window + Highest({s \in Slot : Decided(s)})

\* While at most f are faulty, n - f others remember their votes and can answer.
CanBeAnswered ==
    \A p \in Correct :
        floor[p] = Unknown => Cardinality({q \in Correct \ {p} : CanAnswer(q)}) >= QuorumSize - Cardinality(Byzantine)
=============================================================================
