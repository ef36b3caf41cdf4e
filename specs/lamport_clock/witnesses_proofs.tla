-------------------------- MODULE witnesses_proofs --------------------------
(***************************************************************************)
(* Proofs about witnesses.tla, for any number of boards, leads and times   *)
(* (amu prove lamport_clock; docs/reference/proofs.md). That boards are    *)
(* heard in the end stays with the model checker.                          *)
(***************************************************************************)
EXTENDS witnesses

CONSTANT Everybody  \* boards

ASSUME ConstantsHaveTypes ==
  /\ Correct \subseteq Everybody
  /\ Liar \subseteq Everybody \ Correct
  /\ Victims \subseteq Correct
  /\ FaultMax \in Nat
  /\ Lead \in Nat
  /\ LostMax \in Nat
  /\ TimeMax \in Nat
  /\ FirstTimes \subseteq 0..(TimeMax - 1)

LEMMA WitnessIsCorrect == \A S \in SUBSET Everybody : HasWitness(S) => \E p \in S : p \notin Liar
  BY DEF Cardinality

LEMMA BoardsHaveWitness == HasWitness(Board)
  BY DEF Cardinality

HIDE DEF HasWitness

-----------------------------------------------------------------------------
THEOREM WitnessesTyped == Spec => []TypeOK
<1> QED

\* What a correct board claims, its clock has reached.
ClaimsAreReached == \A n, p \in Correct : claims[n][p] <= clock[p]

THEOREM ClaimsReached == Spec => []ClaimsAreReached
<1> QED BY WitnessesTyped, TypeOK

LEMMA CommonReached ==
  ASSUME TypeOK, ClaimsAreReached, NEW n \in Correct
  PROVE  \E p \in Correct : Common(claims[n]) <= clock[p]
<1>1. HasWitness({p \in Board : claims[n][p] >= None}) BY TypeOK, BoardsHaveWitness
<1>2. \E t \in None..TimeMax : t = None
<1>3. \E t \in None..TimeMax : HasWitness({p \in Board : claims[n][p] >= t}) BY <1>1, <1>2
<1>4. HasWitness({p \in Board : claims[n][p] >= Common(claims[n])}) BY <1>3
<1> QED BY ClaimsAreReached, WitnessIsCorrect, <1>4

LEMMA LatestIsLatest ==
  ASSUME TypeOK
  PROVE  \A n \in Correct : clock[n] <= Latest
  BY TypeOK

THEOREM CommonBacked == Spec => []CommonIsBacked
  BY WitnessesTyped, TypeOK, ClaimsReached, ClaimsAreReached, CommonReached, LatestIsLatest

THEOREM EndNotReached == Spec => []TimesLeft
<1> QED BY WitnessesTyped, TypeOK

\* The same of what f + 1 claim after a message.
LEMMA CommonReachedAfter ==
  ASSUME TypeOK, ClaimsAreReached, NEW n \in Correct, NEW p \in Board, NEW time \in Time, p \in Correct => time <= clock[p]
  PROVE  \E q \in Correct : Heard(n, p, time).common <= clock[q]
<1>1. HasWitness({q \in Board : Heard(n, p, time).claims[q] >= None}) BY TypeOK, BoardsHaveWitness
<1>2. \E t \in None..TimeMax : t = None
<1>3. \E t \in None..TimeMax : HasWitness({q \in Board : Heard(n, p, time).claims[q] >= t}) BY <1>1, <1>2
<1>4. HasWitness({q \in Board : Heard(n, p, time).claims[q] >= Heard(n, p, time).common}) BY <1>3
<1> QED BY ClaimsAreReached, WitnessIsCorrect, <1>4

LEMMA CommonReachedNow ==
  ASSUME TypeOK, ClaimsAreReached, NEW n \in Correct, NEW p \in Correct
  PROVE  \E q \in Correct : Heard(n, p, clock[p]).common <= clock[q]
<1>1. HasWitness({q \in Board : Heard(n, p, clock[p]).claims[q] >= None}) BY TypeOK, BoardsHaveWitness
<1>2. \E t \in None..TimeMax : t = None
<1>3. \E t \in None..TimeMax : HasWitness({q \in Board : Heard(n, p, clock[p]).claims[q] >= t}) BY <1>1, <1>2
<1>4. HasWitness({q \in Board : Heard(n, p, clock[p]).claims[q] >= Heard(n, p, clock[p]).common}) BY <1>3
<1> QED BY ClaimsAreReached, WitnessIsCorrect, <1>4

THEOREM PushesBounded == Spec => PushBounded
<1>1. ASSUME NEW n \in Correct, NEW p \in Correct, HearInOrder(n, p) PROVE \A m \in Correct : clock'[m] <= Latest + Lead
  <2> QED BY TypeOK, LatestIsLatest, CommonReachedNow
<1>2. ASSUME NEW n \in Correct, NEW p \in Correct, HearLost(n, p) PROVE \A m \in Correct : clock'[m] <= Latest + Lead
  <2> QED BY TypeOK, LatestIsLatest, CommonReachedNow
<1>3. ASSUME NEW n \in Correct, NEW p \in Correct, HearOutOfOrder(n, p) PROVE \A m \in Correct : clock'[m] <= Latest + Lead
  <2> QED BY TypeOK, LatestIsLatest, CommonReachedNow
<1> QED BY WitnessesTyped, TypeOK, ClaimsReached, LatestIsLatest, CommonReachedAfter
=============================================================================
