----------------------- MODULE replicated_log_proofs -----------------------
(***************************************************************************)
(* Proofs about replicated_log.tla, for any number of replicas, slots,     *)
(* places and values (amu prove replicated_log; docs/reference/proofs.md). *)
(*                                                                         *)
(* A ring forgets: a slot replaces the one `Places` before it. What is     *)
(* proved of one place holds however often it was used. What the model     *)
(* states of a whole log follows for the slots that no later one can have  *)
(* replaced (IsKept): all of them, where Places > MaxSlot.                 *)
(***************************************************************************)
EXTENDS replicated_log_model

\* All but NoValue follows from the assumptions of replicated_log, once a constant is known to be a number.
ASSUME ConstantsHaveTypes ==
    /\ Replica \subseteq Nat
    /\ Byzantine \subseteq Replica
    /\ NoValue \notin Value
    /\ FaultsMax \in Nat
    /\ Window \in Nat
    /\ Places \in Nat \ {0}
    /\ MaxSlot \in Nat
    /\ MaxView \in Nat

LEMMA QuorumHasCorrect == \A Q \in SUBSET Replica : IsQuorum(Q) => \E p \in Correct : p \in Q
  BY DEF Cardinality

LEMMA BlockingSetHasCorrect == \A B \in SUBSET Replica : IsBlocking(B) => \E p \in Correct : p \in B
  BY DEF Cardinality

HIDE DEF IsQuorum, IsBlocking

-----------------------------------------------------------------------------
InRing == 0..(Places - 1)

LEMMA PlaceIsInRing == \A s \in Int : Place(s) \in InRing
  OBVIOUS

LEMMA SamePlaceSameSlot ==
    \A s, t \in Int : Place(s) = Place(t) /\ s - t < Places /\ t - s < Places => s = t
  OBVIOUS

HIDE DEF Place

\* TypeOK, with any number for a proposer.
Types ==
    /\ log \in [InRing -> [slot : 0..MaxSlot, value : Value \cup {NoValue}, proposer : Int]]
    /\ known \in [Replica -> [InRing -> [slot : 0..MaxSlot, value : Value \cup {NoValue}]]]
    /\ applied \in [Replica -> 0..MaxSlot]

THEOREM LogTyped == Spec => []Types
<1> QED

-----------------------------------------------------------------------------
\* What each place of the rings holds.

LogIsPlaced == \A i \in InRing : log[i].slot # 0 => Place(log[i].slot) = i /\ log[i].value # NoValue
EmptyLog == \A i \in InRing : log[i].slot = 0 => log[i].value = NoValue
KnownIsPlaced ==
    \A p \in Correct : \A i \in InRing :
        known[p][i].slot # 0 => Place(known[p][i].slot) = i /\ known[p][i].value # NoValue
EmptyKnown == \A p \in Correct : \A i \in InRing : known[p][i].slot = 0 => known[p][i].value = NoValue
Placed == LogIsPlaced /\ EmptyLog /\ KnownIsPlaced /\ EmptyKnown

\* What a replica knows of a place is what was decided there last, or earlier.
KnownNotAhead == \A p \in Correct : \A i \in InRing : known[p][i].slot <= log[i].slot
KnownIsDecided ==
    \A p \in Correct : \A i \in InRing : known[p][i].slot = log[i].slot => known[p][i].value = log[i].value
KnownAgrees ==
    \A p, q \in Correct : \A i \in InRing :
        known[p][i].slot = known[q][i].slot => known[p][i].value = known[q][i].value
Agreeing == KnownNotAhead /\ KnownIsDecided /\ KnownAgrees

\* An applied slot was decided; so was the one a window below each decided slot.
AppliedWasDecided == \A p \in Correct : \A s \in 1..applied[p] : log[Place(s)].slot >= s
WindowWasDecided ==
    \A i \in InRing : log[i].slot > Window => log[Place(log[i].slot - Window)].slot >= log[i].slot - Window
KnownInWindow == \A p \in Correct : \A i \in InRing : known[p][i].slot <= applied[p] + 2 * Window
Windowed == AppliedWasDecided /\ WindowWasDecided /\ KnownInWindow

THEOREM RingsPlaced == Spec => []Placed
<1> QED BY PlaceIsInRing, LogTyped, Types, BlockingSetHasCorrect

THEOREM RingsAgree == Spec => []Agreeing
<1> QED BY PlaceIsInRing, LogTyped, Types, RingsPlaced, LogIsPlaced, EmptyLog, KnownIsPlaced, EmptyKnown,
           KnownNotAhead, KnownIsDecided, KnownAgrees, BlockingSetHasCorrect

THEOREM DecidedInWindow == Spec => []Windowed
<1>1. ASSUME NEW p \in Correct, NEW s \in Slot, NEW val \in Value, ApplyNext(p, s, val) PROVE Windowed'
  <2>1. log[Place(s)].slot >= s BY PlaceIsInRing, KnownNotAhead
  <2> QED BY <2>1, Types
<1> QED BY PlaceIsInRing, LogTyped, Types, RingsPlaced, LogIsPlaced, KnownIsPlaced, RingsAgree, KnownNotAhead,
           AppliedWasDecided, BlockingSetHasCorrect, QuorumHasCorrect

-----------------------------------------------------------------------------
\* Agreement, with rings that forget.

\* A decision stands until a later slot takes its place, and then the slot is not decided again.
DecisionStands ==
    \A s \in Slot :
        /\ At(log, s) # NoValue => At(log', s) = At(log, s) \/ IsPast(log', s)
        /\ IsPast(log, s) => IsPast(log', s)

THEOREM OneDecision == Spec => [][DecisionStands]_vars
<1> QED BY PlaceIsInRing, LogTyped, Types, RingsPlaced, LogIsPlaced

THEOREM LogsAgree == Spec => []LogAgreement
  BY RingsAgree, KnownAgrees, RingsPlaced, KnownIsPlaced, EmptyKnown, LogTyped

\* What a replica applies is the decision of the slot, and no correct replica knows another one.
AppliesDecision ==
    \A p \in Correct, s \in Slot, val \in Value :
        ApplyNext(p, s, val) =>
            /\ At(log, s) = val \/ IsPast(log, s)
            /\ \A q \in Correct : At(known[q], s) \in {val, NoValue}

THEOREM EqualValuesApplied == Spec => [][AppliesDecision]_vars
<1> QED BY PlaceIsInRing, LogTyped, Types, RingsPlaced, LogIsPlaced, KnownIsPlaced, EmptyKnown, RingsAgree, KnownNotAhead,
           KnownIsDecided, KnownAgrees

THEOREM AppliedInOrder == Spec => InOrder
<1> QED BY LogTyped, Types

-----------------------------------------------------------------------------
\* What a log keeps.

\* No decided slot is so late that it can have replaced s.
IsKept(s) == \A i \in InRing : log[i].slot < s + Places

KeptAreDecided == \A p \in Correct : \A s \in 1..applied[p] : IsKept(s) => At(log, s) # NoValue
KeptAreLearned == \A p \in Correct : \A x \in Knows(p) : IsKept(x.slot) => At(log, x.slot) = x.value
KeptAreInWindow ==
    /\ \A s \in Slots : s > Window /\ IsKept(s - Window) => s - Window \in Slots
    /\ \A p \in Correct : \A x \in Knows(p) : x.slot <= applied[p] + 2 * Window

THEOREM PrefixesDecided == Spec => []KeptAreDecided
  BY PlaceIsInRing, SamePlaceSameSlot, DecidedInWindow, AppliedWasDecided, RingsPlaced, LogIsPlaced DEF Place

THEOREM PrefixesLearned == Spec => []KeptAreLearned
  BY PlaceIsInRing, SamePlaceSameSlot, RingsAgree, KnownNotAhead, KnownIsDecided, RingsPlaced, LogIsPlaced, EmptyLog,
     KnownIsPlaced, EmptyKnown, LogTyped

THEOREM PrefixesInWindow == Spec => []KeptAreInWindow
  BY PlaceIsInRing, SamePlaceSameSlot, DecidedInWindow, WindowWasDecided, KnownInWindow, RingsPlaced, LogIsPlaced,
     EmptyLog, LogTyped

\* With more places than slots nothing is replaced: applied slots are equal prefixes of one log.
KeepsAll == MaxSlot < Places

THEOREM EqualPrefixes == Spec => [](KeepsAll => AppliedIsDecided /\ LearnedIsDecided /\ WithinWindow)
  BY PrefixesDecided, PrefixesLearned, PrefixesInWindow, LogTyped
=============================================================================
