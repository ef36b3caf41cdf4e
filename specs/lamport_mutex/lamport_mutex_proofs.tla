------------------------ MODULE lamport_mutex_proofs ------------------------
(***************************************************************************)
(* Proofs about lamport_mutex.tla, for any number of boards, requests,     *)
(* reboots and liars (amu prove lamport_mutex; docs/reference/proofs.md).  *)
(***************************************************************************)
EXTENDS lamport_mutex

CONSTANTS
  Times,   \* of events: all, or those of a small model
  Clocks   \* with which a life may begin: all, or those of a small model

ASSUME ConstantsHaveTypes == Times \subseteq Nat /\ Clocks \subseteq Nat

\* Every board has met and heard every other.
Connections ==
  /\ clock = [i \in Board |-> 0]
  /\ requested = [i \in Board |-> NoTime]
  /\ holding = [i \in Board |-> FALSE]
  /\ queue = [i \in Board |-> [j \in Board |-> NoTime]]
  /\ heard = [i \in Board |-> [j \in Board |-> TRUE]]
  /\ later = [i \in Board |-> [j \in Board |-> FALSE]]
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> 1]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]

Next ==
  \/ \E i \in Correct, time \in Times : Request(i, time)
  \/ \E i \in Correct : Enter(i)
  \/ \E i \in Correct, time \in Times : Release(i, time)
  \/ \E i \in Correct, time \in Clocks : Restart(i, time)
  \/ \E i, j \in Correct, time \in Times : i # j /\ Receive(i, j, time)
  \/ \E i, j \in Correct : \E b \in 1 .. life[j] : i # j /\ Meet(i, j, b)
  \/ \E i \in Correct, x \in Liar, kind \in Kind, sent, time \in Times : ReceiveLie(i, x, kind, sent, time)
  \/ \E i \in Correct, x \in Liar : MeetLiar(i, x)

\* Boards that have not met, or that have.
Start == Init \/ Connections

Spec == Start /\ [][Next]_vars

TimeOrNone == Nat \cup {NoTime}

Types ==
  /\ clock \in [Board -> Nat]
  /\ requested \in [Board -> TimeOrNone]
  /\ holding \in [Board -> BOOLEAN]
  /\ queue \in [Board -> [Board -> TimeOrNone]]
  /\ heard \in [Board -> [Board -> BOOLEAN]]
  /\ later \in [Board -> [Board -> BOOLEAN]]
  /\ life \in [Board -> Nat]
  /\ known \in [Board -> [Board -> Nat]]
  /\ wire \in [Board -> [Board -> Seq([life : Nat, kind : Kind, time : Nat])]]

THEOREM Typed == Spec => []Types
<1> QED

-----------------------------------------------------------------------------
\* Lives: what is on a channel was sent by a life that its receiver may still meet, to the receiver's present life.

KnownLives == \A i, j \in Correct : known[i][j] <= life[j]

LivesOnWire ==
  \A i, j \in Correct : i # j => \A k \in 1 .. Len(wire[i][j]) :
    known[j][i] <= wire[i][j][k].life /\ wire[i][j][k].life <= life[i]

PresentItems ==
  \A i, j \in Correct : i # j => \A k \in 1 .. Len(wire[i][j]) : wire[i][j][k].life = life[i] => known[i][j] = life[j]

Lives ==
  /\ KnownLives
  /\ LivesOnWire
  /\ PresentItems

THEOREM LivesKept == Spec => []Lives
<1> QED BY Typed, Types, KnownLives, LivesOnWire, PresentItems

-----------------------------------------------------------------------------
\* Who has heard whom: what i requests, it has heard all for, and so no item of a former life of i is on the way.

HeardFirst == \A i, j \in Correct : i # j /\ (queue[i][j] # NoTime \/ later[i][j]) => heard[i][j]

HeardMeansMet == \A i, j \in Correct : i # j /\ heard[i][j] /\ known[i][j] = life[j] => known[j][i] = life[i]

FreshChannels ==
  \A i, j \in Correct : i # j /\ (heard[i][j] \/ requested[i] # NoTime \/ Len(wire[j][i]) > 0) =>
    /\ \A k \in 1 .. Len(wire[i][j]) : wire[i][j][k].life = life[i]
    /\ heard[j][i] => known[j][i] = life[i]

Hearing ==
  /\ HeardFirst
  /\ HeardMeansMet
  /\ FreshChannels

THEOREM Heard == Spec => []Hearing
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW b \in 1 .. life[j], Meet(i, j, b) PROVE Hearing'
  <2>1. FreshChannels' BY LivesKept, LivesOnWire, FreshChannels
  <2> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, HeardFirst, HeardMeansMet
<1> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, HeardFirst, HeardMeansMet, FreshChannels

-----------------------------------------------------------------------------
\* Channels: the times of a life grow along them, and none of the present life is later than its clock.

SentBefore ==
  \A i, j \in Correct : i # j => \A k \in 1 .. Len(wire[i][j]) :
    wire[i][j][k].life = life[i] => wire[i][j][k].time <= clock[i]

Ordered ==
  \A i, j \in Correct : \A k, l \in 1 .. Len(wire[i][j]) :
    k < l /\ wire[i][j][k].life = wire[i][j][l].life => wire[i][j][k].time < wire[i][j][l].time

NothingAhead ==
  /\ \A i \in Correct : requested[i] <= clock[i]
  /\ \A i, j \in Correct : i # j /\ known[j][i] = life[i] => queue[j][i] <= clock[i]
  /\ SentBefore

Channels ==
  /\ NothingAhead
  /\ Ordered

THEOREM ChannelsOrdered == Spec => []Channels
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW b \in 1 .. life[j], Meet(i, j, b) PROVE Channels'
  <2>1. Ordered' BY LivesKept, PresentItems, Ordered
  <2> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, NothingAhead
<1> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, NothingAhead, Ordered

\* After its request a board sends replies alone, until it releases.
RepliesAfterRequest ==
  \A i, j \in Correct : i # j /\ requested[i] # NoTime => \A k \in 1 .. Len(wire[i][j]) :
    wire[i][j][k].life = life[i] /\ wire[i][j][k].time > requested[i] => wire[i][j][k].kind = "reply"

\* When a request is in the queue, all that was sent before it has arrived.
QueueIsUpToDate ==
  \A i, j \in Correct : i # j /\ requested[i] # NoTime /\ queue[j][i] = requested[i] =>
    \A k \in 1 .. Len(wire[i][j]) : wire[i][j][k].time > requested[i]

IsRequestAt(i, j, k) ==
  wire[i][j][k].kind = "request" /\ wire[i][j][k].time = requested[i] /\ wire[i][j][k].life = life[i]

RequestsOnTheWay ==
  \A i, j \in Correct : i # j /\ requested[i] # NoTime /\ known[i][j] = life[j] =>
    queue[j][i] = requested[i] \/ \E k \in 1 .. Len(wire[i][j]) : IsRequestAt(i, j, k)

\* The place before a place: solvers do not find it by themselves.
LEMMA HasPlaceBefore ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[i][j]) :
    wire[i][j][k].kind # "reply" => \E m \in 0 .. (Len(wire[i][j]) - 1) : k = m + 1
<1> QED

LEMMA HasNextPlace ==
  ASSUME Types
  PROVE  \A i, j \in Correct : \E m \in 1 .. (Len(wire[i][j]) + 1) : m = Len(wire[i][j]) + 1
  BY Types

Queues ==
  /\ RepliesAfterRequest
  /\ QueueIsUpToDate
  /\ RequestsOnTheWay

THEOREM QueuesKept == Spec => []Queues
<1>1. ASSUME NEW i \in Correct, NEW time \in Times, Request(i, time) PROVE Queues'
  <2>1. RequestsOnTheWay' BY RequestsOnTheWay, HasNextPlace
  <2> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels,
           ChannelsOrdered, NothingAhead, Ordered, RepliesAfterRequest, QueueIsUpToDate
<1>2. ASSUME NEW i \in Correct, NEW j \in Correct, NEW b \in 1 .. life[j], Meet(i, j, b) PROVE Queues'
  <2>1. ASSUME requested[j] # NoTime, known[j][i] = life[i]
        PROVE  \E k \in 1 .. Len(wire'[j][i]) : IsRequestAt(j, i, k)'
    BY Heard, HeardFirst, FreshChannels, RequestsOnTheWay
  <2>2. ASSUME requested[i] # NoTime, b = life[j]
        PROVE  \E k \in 1 .. Len(wire'[i][j]) : IsRequestAt(i, j, k)'
    BY HasNextPlace
  <2>3. RequestsOnTheWay' BY RequestsOnTheWay, <2>1, <2>2
  <2> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels,
           ChannelsOrdered, NothingAhead, Ordered, RepliesAfterRequest, QueueIsUpToDate
<1>3. ASSUME NEW i \in Correct, NEW j \in Correct, NEW time \in Times, Receive(i, j, time) PROVE Queues'
  <2>1. ASSUME requested[j] # NoTime, known[j][i] = life[i]
        PROVE  queue'[i][j] = requested[j] \/ \E k \in 1 .. Len(wire'[j][i]) : IsRequestAt(j, i, k)'
    BY Heard, FreshChannels, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay, HasPlaceBefore, HasNextPlace
  <2>2. RequestsOnTheWay' BY RequestsOnTheWay, <2>1
  <2>3. RepliesAfterRequest' BY RepliesAfterRequest, HasNextPlace
  <2> QED BY Typed, Types, Heard, FreshChannels, ChannelsOrdered, NothingAhead, Ordered, QueueIsUpToDate
<1> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels,
           ChannelsOrdered, NothingAhead, Ordered, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay

-----------------------------------------------------------------------------
\* What a later item of j tells i.

LaterIsLater ==
  \A i, j \in Correct :
    i # j /\ later[i][j] /\ requested[i] # NoTime /\ known[i][j] = life[j] => clock[j] > requested[i]

THEOREM LaterTells == Spec => []LaterIsLater
<1> QED BY Typed, Types, LivesKept, KnownLives, Heard, HeardFirst, HeardMeansMet, ChannelsOrdered, NothingAhead

THEOREM LaterTellsRequests == Spec => []LaterMeansKnown
<1> QED BY Typed, Types, LivesKept, KnownLives, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels, ChannelsOrdered,
           NothingAhead, Ordered, QueuesKept, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay, LaterTells,
           LaterIsLater

\* No other board can ask for an earlier turn than the holder's.
HolderGoesFirst ==
  \A i, j \in Correct : i # j /\ holding[i] /\ known[i][j] = life[j] =>
    \/ clock[j] > requested[i]
    \/ queue[j][i] = requested[i]
    \/ ~heard[j][i] /\ \A k \in 1 .. Len(wire[i][j]) : wire[i][j][k].time >= requested[i]

HolderHasRequested == \A i \in Correct : holding[i] => requested[i] # NoTime

Turns ==
  /\ HolderHasRequested
  /\ HolderGoesFirst
  /\ GrantedInOrder

THEOREM TurnsInOrder == Spec => []Turns
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW b \in 1 .. life[j], Meet(i, j, b) PROVE Turns'
  <2>1. HolderGoesFirst'
    BY LivesKept, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels, HolderHasRequested, HolderGoesFirst
  <2> QED BY Typed, Types, HolderHasRequested, GrantedInOrder
<1> QED BY Typed, Types, LivesKept, KnownLives, PresentItems, Heard, HeardFirst, HeardMeansMet, FreshChannels, ChannelsOrdered,
           NothingAhead, Ordered, QueuesKept, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay, LaterTells, LaterIsLater,
           LaterTellsRequests, LaterMeansKnown, HolderHasRequested, HolderGoesFirst, GrantedInOrder

-----------------------------------------------------------------------------
\* A request in a queue, or on its way to one, is outstanding, or its release is on the way.

IsReleasedAfter(i, j, time) ==
  \E k \in 1 .. Len(wire[i][j]) :
    wire[i][j][k].kind = "release" /\ wire[i][j][k].life = life[i] /\ wire[i][j][k].time > time

RequestsTruthful ==
  \A i, j \in Correct : i # j => \A k \in 1 .. Len(wire[i][j]) :
    wire[i][j][k].kind = "request" /\ wire[i][j][k].life = life[i] =>
      wire[i][j][k].time = requested[i] \/ IsReleasedAfter(i, j, wire[i][j][k].time)

QueuesTruthful ==
  \A i, j \in Correct : i # j /\ queue[j][i] # NoTime /\ known[j][i] = life[i] =>
    queue[j][i] = requested[i] \/ IsReleasedAfter(i, j, queue[j][i])

Truthful ==
  /\ RequestsTruthful
  /\ QueuesTruthful

THEOREM QueuesAreTruthful == Spec => []Truthful
<1>1. ASSUME NEW i \in Correct, NEW time \in Times, Release(i, time) PROVE Truthful'
  <2>1. RequestsTruthful' BY LivesKept, PresentItems, ChannelsOrdered, NothingAhead, RequestsTruthful, HasNextPlace
  <2>2. QueuesTruthful' BY Heard, HeardFirst, HeardMeansMet, ChannelsOrdered, NothingAhead, QueuesTruthful, HasNextPlace
  <2> QED
<1>2. ASSUME NEW i \in Correct, NEW j \in Correct, NEW b \in 1 .. life[j], Meet(i, j, b) PROVE Truthful'
  <2> HIDE DEF IsReleasedAfter
  <2>1. ASSUME NEW p \in Correct, NEW q \in Correct, NEW sent \in Int, p # q, IsReleasedAfter(p, q, sent)
        PROVE  IsReleasedAfter(p, q, sent)'
    BY DEF IsReleasedAfter
  <2>2. RequestsTruthful' BY RequestsTruthful, <2>1
  <2>3. QueuesTruthful' BY Heard, HeardFirst, HeardMeansMet, QueuesTruthful, <2>1
  <2> QED
<1>3. ASSUME NEW i \in Correct, NEW j \in Correct, NEW time \in Times, Receive(i, j, time) PROVE Truthful'
  <2> HIDE DEF IsReleasedAfter
  <2>1. ASSUME NEW p \in Correct, NEW q \in Correct, NEW sent \in Int, p # q, IsReleasedAfter(p, q, sent),
               p = j /\ q = i /\ Head(wire[j][i]).kind = "release" /\ Head(wire[j][i]).life = life[j] =>
                 Head(wire[j][i]).time <= sent
        PROVE  IsReleasedAfter(p, q, sent)'
    BY HasPlaceBefore, HasNextPlace DEF IsReleasedAfter
  <2>2. RequestsTruthful' BY Typed, Types, ChannelsOrdered, Ordered, RequestsTruthful, <2>1
  <2>3. QueuesTruthful' BY Typed, Types, ChannelsOrdered, Ordered, RequestsTruthful, QueuesTruthful, <2>1
  <2> QED
<1> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, Heard, ChannelsOrdered, RequestsTruthful, QueuesTruthful

-----------------------------------------------------------------------------
\* The properties of the module, as it says them.

THEOREM RequestsDoArrive == Spec => []RequestsArrive
  BY QueuesKept, RequestsOnTheWay

THEOREM QueueIsTruthful == Spec => []QueueTruthful
  BY QueuesAreTruthful, QueuesTruthful

THEOREM TimesDoGrow == Spec => []TimesGrow
  BY ChannelsOrdered, Ordered

THEOREM TypeKept == Spec => []TypeOK
<1> QED BY Typed, Types, LivesKept, KnownLives, LivesOnWire, ChannelsOrdered, NothingAhead, TurnsInOrder, HolderHasRequested

THEOREM RebootsEndTurns == Spec => RebootEndsTurn
<1> QED

THEOREM NobodyTakesATurn == Spec => NoTakingAway
<1> QED

THEOREM Exclusion == Spec => []MutualExclusion
  BY Typed, Types, TurnsInOrder, HolderHasRequested, GrantedInOrder
=============================================================================
