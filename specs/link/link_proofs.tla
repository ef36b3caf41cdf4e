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

THEOREM Typed == Spec => []Typing
<1>1. ASSUME NEW s \in Side, NEW m \in Coming(s), Receive(s, m) PROVE Typing'
  <2>1. (side \in [Side -> Record])' BY Types, Counters
  <2>2. (flight \in SUBSET (Side \X Segment))' BY Types, Counters
  <2>3. (log \in [Side -> [Boot -> [Boot -> Items]]])' BY Types
  <2>4. Types' BY <2>1, <2>2, <2>3
  <2> QED BY Types, Counters
<1>2. ASSUME NEW s \in Side, NEW m \in Coming(s), Adopt(s, m) PROVE Typing'
  <2>1. (side \in [Side -> Record])' BY Types, Counters
  <2>2. (flight \in SUBSET (Side \X Segment))' BY Types, Counters
  <2>3. (log \in [Side -> [Boot -> [Boot -> Items]]])' BY Types
  <2>4. Types' BY <2>1, <2>2, <2>3
  <2> QED BY Types, Counters
<1> QED BY Types, Counters

LEMMA Two ==
  \A s \in Side : Other(s) # s /\ Other(Other(s)) = s /\ \A t \in Side : t # s => t = Other(s)
<1> QED

\* What most proofs need of the types: solvers get lost in the rest.
LEMMA BootsAreNumbers ==
  ASSUME Types
  PROVE  \A s \in Side :
    /\ side[s].boot \in Boot /\ side[s].peer \in Boot \cup {NoBoot}
    /\ \A m \in Coming(s) : m.boot \in Boot /\ m.peer \in Boot \cup {NoBoot}
  BY Types

LEMMA NumbersAreNatural ==
  ASSUME Types
  PROVE  /\ \A s \in Side, b \in Boot, p \in Boot : Len(log[s][b][p]) >= 0
         /\ \A s \in Side : side[s].delivered >= 0
  BY Types

-----------------------------------------------------------------------------
\* Items: those of the queue and of segments have the numbers that the protocol thinks.

SegmentsNumbered ==
  \A s \in Side : \A m \in Coming(s) : \A i \in DOMAIN m.items : m.items[i] = <<m.boot, m.peer, m.first + i - 1>>

Numbering ==
  /\ QueueHoldsTheRest
  /\ SegmentsNumbered

THEOREM Numbered == Spec => []Numbering
<1> QED BY Typed, Types, Counters, QueueHoldsTheRest

THEOREM WindowsKept == Spec => []WindowKept
<1> QED BY Typed, Types, Counters

-----------------------------------------------------------------------------
\* Incarnations: one that is named has lived.

PeersLived == \A s \in Side : side[s].peer <= side[Other(s)].boot

SegmentsLived == \A s \in Side : \A m \in Coming(s) : m.boot <= side[Other(s)].boot /\ m.peer <= side[s].boot

Lives ==
  /\ PeersLived
  /\ SegmentsLived

THEOREM OnlyTheLivingAreNamed == Spec => []Lives
<1> QED BY Typed, Types, Two, PeersLived, SegmentsLived

-----------------------------------------------------------------------------
\* Challenges: none is echoed before it was made, so the echo of a new one comes from a later incarnation.

SegmentsChallenge ==
  \A s \in Side : \A m \in Coming(s) :
    m.boot = side[Other(s)].boot => m.challenge <= side[Other(s)].challenge

EchoesHeld == \A s \in Side : side[s].peer = side[Other(s)].boot => side[s].echo <= side[Other(s)].challenge

SegmentsEcho == \A s \in Side : \A m \in Coming(s) : m.peer = side[s].boot => m.echo <= side[s].challenge

ProofsAreNew == \A s \in Side : \A m \in Coming(s) : Proves(side[s], m) => m.boot >= side[s].peer

Challenges ==
  /\ SegmentsChallenge
  /\ EchoesHeld
  /\ SegmentsEcho
  /\ ProofsAreNew

THEOREM ChallengesProve == Spec => []Challenges
<1> QED BY Typed, Types, Two, OnlyTheLivingAreNamed, PeersLived, SegmentsLived, SegmentsChallenge, EchoesHeld,
           SegmentsEcho

THEOREM LaterIncarnations == Spec => OnlyLaterIncarnations
<1> QED BY Typed, Types, ChallengesProve, ProofsAreNew

THEOREM PairsStand == Spec => PairStands
<1> QED BY Typed, Types, Two, OnlyTheLivingAreNamed, SegmentsLived, ChallengesProve, ProofsAreNew

-----------------------------------------------------------------------------
\* Delivered items: the log of a connection is as long as its side says, and that of a later one is empty.

LogIsCounted ==
  \A s \in Side : side[s].peer # NoBoot => Len(log[s][side[s].boot][side[s].peer]) = side[s].delivered

NothingBefore ==
  \A s \in Side, b \in Boot, p \in Boot :
    b > side[s].boot \/ (b = side[s].boot /\ p > side[s].peer) => log[s][b][p] = <<>>

Logs ==
  /\ LogIsCounted
  /\ NothingBefore

THEOREM LogsCounted == Spec => []Logs
<1> QED BY Typed, BootsAreNumbers, OnlyTheLivingAreNamed, SegmentsLived, ChallengesProve, ProofsAreNew, LogIsCounted,
           NothingBefore

LogsNumbered ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] : log[s][b][p][i] = <<p, b, i>>

THEOREM LogsAreNumbered == Spec => []LogsNumbered
<1> QED BY Typed, BootsAreNumbers, NumbersAreNatural, Numbered, SegmentsNumbered, OnlyTheLivingAreNamed, ChallengesProve,
           ProofsAreNew, LogsCounted, LogIsCounted, NothingBefore

THEOREM InOrder == Spec => []DeliveredInOrder
  BY LogsAreNumbered

THEOREM OfThisConnection == Spec => []NoFormerItem
  BY LogsAreNumbered

-----------------------------------------------------------------------------
\* Acknowledgements.

SegmentsAcknowledge ==
  \A s \in Side : \A m \in Coming(s) :
    m.peer # NoBoot => m.acknowledged <= Len(log[Other(s)][m.boot][m.peer])

Acknowledgements ==
  /\ SegmentsAcknowledge
  /\ AcknowledgedIsDelivered

THEOREM AcknowledgedAreDelivered == Spec => []Acknowledgements
<1> QED BY Typed, BootsAreNumbers, Two, NumbersAreNatural, LogsCounted, LogIsCounted, SegmentsAcknowledge, AcknowledgedIsDelivered

-----------------------------------------------------------------------------
\* Who is known to have adopted.

SpeakersAdopted ==
  \A s \in Side : \A m \in Coming(s) :
    m.first > 0 /\ m.boot = side[Other(s)].boot /\ m.peer = side[s].boot => side[Other(s)].peer = side[s].boot

Known ==
  /\ SpeakersAdopted
  /\ KnownIsTrue

THEOREM KnownHolds == Spec => []Known
<1> QED BY Typed, Types, Two, OnlyTheLivingAreNamed, PeersLived, SegmentsLived, ChallengesProve, ProofsAreNew,
           SpeakersAdopted, KnownIsTrue
=============================================================================
