---------------------------- MODULE rejoin_proofs ----------------------------
(***************************************************************************)
(* Proofs about rejoin.tla, for any number of replicas, slots and liars    *)
(* (amu prove replicated_log; docs/reference/proofs.md): no replica that   *)
(* lost its memory votes a second time in a slot.                          *)
(***************************************************************************)
EXTENDS rejoin

ASSUME ConstantsHaveTypes ==
    /\ Byzantine \subseteq Replica
    /\ FaultsMax \in Nat
    /\ Window \in Nat
    /\ MaxSlot \in Nat

\* While at most f are faulty, p among them: those that answer p and those that decided a slot share two correct replicas.
LEMMA TwoCorrectShared ==
    \A A, Q \in SUBSET Replica, p \in Correct, r \in Replica :
        /\ IsQuorum(A)
        /\ IsQuorum(Q)
        /\ p \notin A
        /\ ~TooMany(Byzantine \cup {p})
        => \E q \in Correct : q \in A /\ q \in Q /\ q # r
  BY DEF Cardinality

HIDE DEF IsQuorum, TooMany

-----------------------------------------------------------------------------
\* TypeOK, but for the floor's upper bound.
Types ==
    /\ applied \in [Correct -> 0..MaxSlot]
    /\ floor \in [Correct -> Int]
    /\ voted \in [Correct -> SUBSET Slot]
    /\ forgotten \in [Correct -> SUBSET Slot]
    /\ answers \in [Correct -> [Replica -> Unknown..MaxSlot]]

THEOREM RejoinTyped == Spec => []Types
<1> QED

THEOREM Silent == Spec => []SilentWithoutMemory
<1> QED BY RejoinTyped, Types

-----------------------------------------------------------------------------
\* Whatever a replica voted in, a window below it is decided.
VotesInWindow == \A p \in Correct : \A s \in voted[p] : s <= applied[p] + Window
AppliedIsDecided == \A p \in Correct : \A s \in 1..applied[p] : Decided(s)
VotesFollowDecisions ==
    \A p \in Correct : \A s \in voted[p] \cup forgotten[p] : s > Window => Decided(s - Window)

Windows ==
    /\ VotesInWindow
    /\ AppliedIsDecided
    /\ VotesFollowDecisions

THEOREM VotesWithinWindows == Spec => []Windows
<1> QED BY RejoinTyped, Types, VotesInWindow, AppliedIsDecided, VotesFollowDecisions

-----------------------------------------------------------------------------
\* A replica without memory is one of at most f that are faulty, and does not answer itself.
ForgetsWithinFaults == \A p \in Correct : floor[p] = Unknown => ~TooMany(Byzantine \cup {p})
OthersAnswer == \A p \in Correct : answers[p][p] = Unknown

\* Those of a quorum that voted in slot d before p forgot, and did not answer p with less than a window below it.
Witnesses(p, d) ==
    Byzantine \cup
        {q \in Correct : d \in voted[q] \cup forgotten[q] /\ (answers[p][q] = Unknown \/ answers[p][q] >= d - Window)}

WitnessesAnswerHigh ==
    \A p \in Correct :
        floor[p] = Unknown => \A s \in forgotten[p] : s > Window => IsQuorum(Witnesses(p, s - Window))

Memories ==
    /\ ForgetsWithinFaults
    /\ OthersAnswer
    /\ WitnessesAnswerHigh
    /\ FloorCoversForgotten

\* The second highest answer exists: it is the highest slot that two answers reach.
TwoReach(p, t) == \E q, r \in Replica : q # r /\ answers[p][q] >= t /\ answers[p][r] >= t
Reached(p) == {t \in 0..MaxSlot : TwoReach(p, t)}
Top(p) == CHOOSE t \in Reached(p) : \A u \in Reached(p) : u <= t

HIDE DEF TwoReach, IsSecond

LEMMA TopIsHighest ==
    \A p \in Correct : 0 \in Reached(p) => Top(p) \in Reached(p) /\ \A u \in Reached(p) : u <= Top(p)
  OBVIOUS

LEMMA SecondIsChosen ==
    \A p \in Correct : \A q \in Answered(p) :
        IsSecond(p, answers[p][q]) => IsSecond(p, Second(p)) /\ \E r \in Answered(p) : answers[p][r] = Second(p)
  OBVIOUS

HIDE DEF Top, Second

LEMMA TopIsSecond ==
    ASSUME Types, NEW p \in Correct, 0 \in Reached(p)
    PROVE  \E q \in Answered(p) : answers[p][q] = Top(p) /\ IsSecond(p, Top(p))
<1>1. ~TwoReach(p, Top(p) + 1)
  <2>1. TwoReach(p, Top(p) + 1) => Top(p) + 1 <= MaxSlot BY Types DEF TwoReach
  <2> QED BY <2>1, TopIsHighest
<1> QED BY <1>1, TopIsHighest DEF TwoReach, IsSecond

LEMMA TwoAnswer ==
    ASSUME Types, ForgetsWithinFaults, OthersAnswer, NEW p \in Correct, floor[p] = Unknown, IsQuorum(Answered(p))
    PROVE  0 \in Reached(p)
  BY Types, ForgetsWithinFaults, OthersAnswer, TwoCorrectShared DEF TwoReach

LEMMA SecondIsSecond ==
    ASSUME Types, ForgetsWithinFaults, OthersAnswer, NEW p \in Correct, floor[p] = Unknown, IsQuorum(Answered(p))
    PROVE  Second(p) >= 0 /\ IsSecond(p, Second(p))
  BY Types, TwoAnswer, TopIsSecond, SecondIsChosen

LEMMA TwoAnswerHigh ==
    ASSUME Types, Memories, NEW p \in Correct, floor[p] = Unknown, IsQuorum(Answered(p)), NEW s \in forgotten[p],
           s > Window, NEW r \in Replica
    PROVE  \E q \in Answered(p) : q # r /\ answers[p][q] >= s - 2 * Window
  BY TwoCorrectShared, ForgetsWithinFaults, OthersAnswer, WitnessesAnswerHigh

LEMMA SecondCoversForgotten ==
    ASSUME Types, Memories, NEW p \in Correct, floor[p] = Unknown, IsQuorum(Answered(p)), NEW s \in forgotten[p]
    PROVE  s <= Second(p) + 2 * Window
<1>1. ASSUME s > Window
      PROVE  \E q, r \in Answered(p) : q # r /\ answers[p][q] >= s - 2 * Window /\ answers[p][r] >= s - 2 * Window
  BY TwoAnswerHigh
<1>2. \A q, r \in Answered(p) : answers[p][q] > Second(p) /\ answers[p][r] > Second(p) => q = r
  BY SecondIsSecond DEF IsSecond
<1> QED BY <1>1, <1>2, SecondIsSecond

THEOREM ForgottenIsCovered == Spec => []Memories
<1>1. ASSUME NEW p \in Correct, Rejoin(p) PROVE Memories'
  <2> QED BY SecondCoversForgotten
<1> QED BY RejoinTyped, Silent, VotesWithinWindows, Types, SilentWithoutMemory, VotesInWindow, VotesFollowDecisions,
           FloorCoversForgotten

\* No replica votes a second time in a slot in which it forgot its vote.
THEOREM NoneVotesTwice == Spec => []NoSecondVote
  BY Silent, ForgottenIsCovered, SilentWithoutMemory, FloorCoversForgotten
=============================================================================
