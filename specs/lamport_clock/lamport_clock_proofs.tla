------------------------ MODULE lamport_clock_proofs ------------------------
(***************************************************************************)
(* Proofs about lamport_clock.tla, for any number of boards, events and    *)
(* reboots (amu prove lamport_clock; docs/reference/proofs.md).            *)
(***************************************************************************)
EXTENDS lamport_clock

ASSUME ConstantsHaveTypes ==
  /\ EventMax \in Nat
  /\ Reserve \in Nat
  /\ JumpMax \in Nat
  /\ RebootMax \in Nat

\* TypeOK, without the bounds of a model: those count events.
Types ==
  /\ clock \in [Node -> Nat]
  /\ reserved \in [Node -> Nat]
  /\ vector \in [Node -> [Node -> Nat]]
  /\ events \in SUBSET [node : Node, time : Nat, kind : Kind, vector : [Node -> Nat]]
  /\ reboots \in 0..RebootMax

THEOREM Typed == Spec => []Types
<1> QED

-----------------------------------------------------------------------------
\* Vectors: nobody counts more events of a board than the board itself, whose own events have different counts.

CountsOwn ==
  /\ \A n, m \in Node : vector[n][m] <= vector[m][m]
  /\ \A e \in events : \A m \in Node : e.vector[m] <= vector[m][m]
  /\ \A e \in events : e.vector[e.node] > 0

THEOREM OwnCounts == Spec => []CountsOwn
<1> QED BY Typed, Types

OneEventPerCount == \A e, f \in events : e.node = f.node /\ e.vector[e.node] = f.vector[f.node] => e = f

THEOREM CountsDiffer == Spec => []OneEventPerCount
<1> QED BY Typed, Types, OwnCounts, CountsOwn

-----------------------------------------------------------------------------
\* Times: flash has reserved them, and a clock is not behind what its board has done or heard of.

Reserved ==
  /\ \A n \in Node : clock[n] <= reserved[n]
  /\ FlashKnows

THEOREM TimesReserved == Spec => []Reserved
<1> QED BY Typed, Types

ClockCoversCauses == \A n \in Node, e \in events : e.vector[e.node] <= vector[n][e.node] => e.time <= clock[n]

Causes ==
  /\ ClockCoversCauses
  /\ ClockCondition

THEOREM CausesCovered == Spec => []Causes
<1> QED BY Typed, Types, OwnCounts, CountsOwn, TimesReserved, Reserved, ClockCoversCauses, ClockCondition

THEOREM TimesNotReused == Spec => []NeverReused
<1> QED BY Typed, Types, OwnCounts, CountsOwn, CausesCovered, ClockCoversCauses

THEOREM OrderTotal == Spec => []OrderIsTotal
  BY Typed, Types, CountsDiffer, OneEventPerCount, TimesNotReused, NeverReused

THEOREM OrderExtends == Spec => []OrderExtendsArrow
  BY CausesCovered, ClockCondition

THEOREM JumpsBounded == Spec => JumpBounded
<1> QED BY Typed, Types
=============================================================================
