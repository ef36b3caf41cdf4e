----------------------------- MODULE link_proofs -----------------------------
(***************************************************************************)
(* Proofs about link.tla, for any window, queue, path, number of items and *)
(* of incarnations (amu prove link; docs/reference/proofs.md).             *)
(***************************************************************************)
EXTENDS link

ASSUME ConstantsHaveTypes ==
  /\ BootMax \in Nat \ {0}
  /\ NumberMax \in Nat
  /\ Window \in Nat
  /\ QueueMax \in Nat
  /\ FlightMax \in Nat

-----------------------------------------------------------------------------
\* TypeOK, without the bounds of a model: those count items and challenges.
Items == Seq(Nat \X Nat \X Nat)

Record ==
  [boot : Boot, peer : Boot \cup {NoBoot}, known : BOOLEAN, challenge : Nat, echo : Nat, queue : Items,
   acknowledged : Nat, sent : Nat, highest : Nat, delivered : Nat]

Segment ==
  [boot : Boot, peer : Boot \cup {NoBoot}, challenge : Nat, echo : Nat, first : Nat, acknowledged : Nat, items : Items]

Types ==
  /\ side \in [Side -> Record]
  /\ flight \in SUBSET (Side \X Segment)
  /\ log \in [Side -> [Boot -> [Boot -> Items]]]

Counters ==
  \A s \in Side :
    LET c == side[s] IN c.acknowledged <= c.sent /\ c.sent <= c.highest /\ c.highest <= WindowEnd(c)

Typing ==
  /\ Types
  /\ Counters

LEMMA ItemsAreTyped ==
  ASSUME Types
  PROVE  /\ \A s \in Side : \A m \in Coming(s) : m.items \in Items
         /\ \A s \in Side, b \in Boot, p \in Boot : log[s][b][p] \in Items
  BY Types

THEOREM Typed == Spec => []Typing
<1>1. ASSUME NEW s \in Side, NEW m \in Coming(s), Receive(s, m) PROVE Typing'
  <2>1. (side \in [Side -> Record])' BY Types, Counters
  <2>2. (flight \in SUBSET (Side \X Segment))' BY Types, Counters
  <2>3. (log \in [Side -> [Boot -> [Boot -> Items]]])' BY ItemsAreTyped
  <2>4. Types' BY <2>1, <2>2, <2>3
  <2> QED BY Types, Counters
<1>2. ASSUME NEW s \in Side, NEW m \in Coming(s), Adopt(s, m) PROVE Typing'
  <2>1. (side \in [Side -> Record])' BY Types, Counters
  <2>2. (flight \in SUBSET (Side \X Segment))' BY Types, Counters
  <2>3. (log \in [Side -> [Boot -> [Boot -> Items]]])' BY ItemsAreTyped
  <2>4. Types' BY <2>1, <2>2, <2>3
  <2> QED BY Types, Counters
<1> QED BY Types, Counters

LEMMA Two ==
  \A s \in Side : Other(s) # s /\ Other(Other(s)) = s /\ \A t \in Side : t # s => t = Other(s)
<1> QED

\* What most proofs need of the types: solvers get lost in the rest.
LEMMA Ranges ==
  ASSUME Types
  PROVE  /\ \A s \in Side :
              /\ side[s].boot \in Boot /\ side[s].peer \in Boot \cup {NoBoot}
              /\ side[s].challenge >= 0 /\ side[s].delivered >= 0
         /\ \A s \in Side : \A m \in Coming(s) : m.boot \in Boot /\ m.peer \in Boot \cup {NoBoot}
         /\ \A s \in Side, b \in Boot, p \in Boot : Len(log[s][b][p]) >= 0
  BY Types

-----------------------------------------------------------------------------
\* Items of queues and segments have the numbers that the protocol thinks, and no window is exceeded.

SegmentsNumbered ==
  \A s \in Side : \A m \in Coming(s) : \A i \in DOMAIN m.items : m.items[i] = <<m.boot, m.peer, m.first + i - 1>>

Contents ==
  /\ QueueHoldsTheRest
  /\ SegmentsNumbered
  /\ WindowKept

THEOREM Held == Spec => []Contents
<1>1. ASSUME NEW s \in Side, NEW m \in Coming(s), Receive(s, m) PROVE Contents'
  <2>1. SegmentsNumbered' BY Counters, QueueHoldsTheRest
  <2> QED BY Types, Counters
<1> QED BY Typed, Types, Counters, QueueHoldsTheRest

-----------------------------------------------------------------------------
\* Incarnations: one that is named has lived.

PeersLived == \A s \in Side : side[s].peer <= side[Other(s)].boot

SegmentsLived == \A s \in Side : \A m \in Coming(s) : m.boot <= side[Other(s)].boot /\ m.peer <= side[s].boot

\* No challenge is echoed before it was made, so the echo of a new one comes from a later incarnation.
SegmentsChallenge ==
  \A s \in Side : \A m \in Coming(s) : m.boot = side[Other(s)].boot => m.challenge <= side[Other(s)].challenge

EchoesHeld == \A s \in Side : side[s].peer = side[Other(s)].boot => side[s].echo <= side[Other(s)].challenge

SegmentsEcho == \A s \in Side : \A m \in Coming(s) : m.peer = side[s].boot => m.echo <= side[s].challenge

ProofsAreNew == \A s \in Side : \A m \in Coming(s) : Proves(side[s], m) => m.boot >= side[s].peer

IsSpoken(m) == m.first > 0 \/ m.items # <<>>

\* A side that speaks in a connection had adopted the other, and has left it at most for a later one.
SpeakersAdopted ==
  \A s \in Side : \A m \in Coming(s) :
    IsSpoken(m) /\ m.boot = side[Other(s)].boot => m.peer <= side[Other(s)].peer

Incarnations ==
  /\ PeersLived
  /\ SegmentsLived
  /\ SegmentsChallenge
  /\ EchoesHeld
  /\ SegmentsEcho
  /\ ProofsAreNew
  /\ SpeakersAdopted
  /\ KnownIsTrue

THEOREM OneAfterTheOther == Spec => []Incarnations
<1> QED BY Typed, Ranges, Two, PeersLived, SegmentsLived, SegmentsChallenge, EchoesHeld, SegmentsEcho, ProofsAreNew,
           SpeakersAdopted, KnownIsTrue

THEOREM LaterIncarnations == Spec => OnlyLaterIncarnations
<1> QED BY Typed, Ranges, OneAfterTheOther, ProofsAreNew

THEOREM PairsStand == Spec => PairStands
<1> QED BY Typed, Ranges, Two, OneAfterTheOther, SegmentsLived, ProofsAreNew

-----------------------------------------------------------------------------
\* Logs: that of a connection is as long as its side says, that of a later one is empty, and items are in order.

LogIsCounted ==
  \A s \in Side : side[s].peer # NoBoot => Len(log[s][side[s].boot][side[s].peer]) = side[s].delivered

NothingBefore ==
  \A s \in Side, b \in Boot, p \in Boot :
    b > side[s].boot \/ (b = side[s].boot /\ p > side[s].peer) => log[s][b][p] = <<>>

LogsNumbered ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] : log[s][b][p][i] = <<p, b, i>>

LEMMA AdoptedAreNew ==
  ASSUME Types, ProofsAreNew, NothingBefore
  PROVE  \A s \in Side : \A m \in Coming(s) : IsStranger(side[s], m) /\ Proves(side[s], m) =>
    m.boot > side[s].peer /\ Len(log[s][side[s].boot][m.boot]) = 0
  BY Ranges, ProofsAreNew, NothingBefore

Logs ==
  /\ LogIsCounted
  /\ NothingBefore
  /\ LogsNumbered

THEOREM LogsKept == Spec => []Logs
<1>1. ASSUME NEW s \in Side, NEW m \in Coming(s), Adopt(s, m) PROVE Logs'
  <2> QED BY Typed, Ranges, Held, SegmentsNumbered, OneAfterTheOther, AdoptedAreNew
<1> QED BY Typed, Ranges, Held, SegmentsNumbered, OneAfterTheOther, SegmentsLived, ProofsAreNew, LogIsCounted,
           NothingBefore

THEOREM InOrder == Spec => []DeliveredInOrder
  BY LogsKept, LogsNumbered

THEOREM OfThisConnection == Spec => []NoFormerItem
  BY LogsKept, LogsNumbered

-----------------------------------------------------------------------------
\* Acknowledgements.

SegmentsAcknowledge ==
  \A s \in Side : \A m \in Coming(s) :
    m.peer # NoBoot => m.acknowledged <= Len(log[Other(s)][m.boot][m.peer])

Acknowledgements ==
  /\ SegmentsAcknowledge
  /\ AcknowledgedIsDelivered

THEOREM AcknowledgedAreDelivered == Spec => []Acknowledgements
<1> QED BY Typed, Ranges, Two, LogsKept, LogIsCounted, SegmentsAcknowledge, AcknowledgedIsDelivered

-----------------------------------------------------------------------------
\* What is delivered in a connection has been sent by the incarnation of the other side, and given to it.

SegmentsSent ==
  \A s \in Side : \A m \in Coming(s) :
    IsSpoken(m) /\ m.boot = side[Other(s)].boot /\ m.peer = side[Other(s)].peer => Last(m) <= side[Other(s)].highest

NothingUnsent ==
  \A s \in Side, b \in Boot, p \in Boot :
    p > side[Other(s)].boot \/ (p = side[Other(s)].boot /\ b > side[Other(s)].peer) => log[s][b][p] = <<>>

DeliveredIsSent ==
  \A s \in Side :
    LET other == side[Other(s)]
    IN other.peer # NoBoot => Len(log[s][other.peer][other.boot]) <= other.highest

Sent ==
  /\ SegmentsSent
  /\ NothingUnsent
  /\ DeliveredIsSent

LEMMA NothingSentToTheNew ==
  ASSUME Types, ProofsAreNew, NothingBefore, NothingUnsent
  PROVE  \A s \in Side : \A m \in Coming(s) : IsStranger(side[s], m) /\ Proves(side[s], m) =>
    Len(log[Other(s)][m.boot][side[s].boot]) = 0
  BY AdoptedAreNew, Ranges, Two, NothingUnsent

THEOREM OnlySent == Spec => []Sent
<1>1. ASSUME NEW s \in Side, NEW m \in Coming(s), Adopt(s, m) PROVE Sent'
  <2>1. DeliveredIsSent' BY Two, Ranges, AdoptedAreNew, NothingSentToTheNew, SegmentsSent
  <2> QED BY Typed, Ranges, Two, OneAfterTheOther, SegmentsLived, ProofsAreNew, SpeakersAdopted, SegmentsSent,
             NothingUnsent
<1> QED BY Typed, Ranges, Counters, Two, OneAfterTheOther, SegmentsLived, ProofsAreNew, SpeakersAdopted, LogsKept,
           LogIsCounted, NothingBefore, SegmentsSent, NothingUnsent, DeliveredIsSent

DeliveredIsGiven ==
  \A s \in Side :
    LET other == side[Other(s)]
    IN other.peer # NoBoot => Len(log[s][other.peer][other.boot]) <= other.acknowledged + Len(other.queue)

THEOREM OnlyGiven == Spec => []DeliveredIsGiven
  BY Typed, Types, Counters, OnlySent, DeliveredIsSent
=============================================================================
