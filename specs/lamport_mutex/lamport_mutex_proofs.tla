------------------------ MODULE lamport_mutex_proofs ------------------------
(***************************************************************************)
(* Proofs about lamport_mutex.tla, for any number of boards, requests and  *)
(* liars, while no correct board reboots: the algorithm of the paper (amu  *)
(* prove lamport_mutex; docs/reference/proofs.md). Reboots stay with the   *)
(* model checker.                                                          *)
(***************************************************************************)
EXTENDS lamport_mutex

CONSTANT Times  \* of events: all, or those of a small model

ASSUME ConstantsHaveTypes == Times \subseteq Nat

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
  \/ \E i, j \in Correct, time \in Times : i # j /\ Receive(i, j, time)
  \/ \E i \in Correct, x \in Liar, kind \in Kind, sent, time \in Times : ReceiveLie(i, x, kind, sent, time)
  \/ \E i \in Correct, x \in Liar : MeetLiar(i, x)

Spec == Connections /\ [][Next]_vars

TimeOrNone == Nat \cup {NoTime}

Types ==
  /\ clock \in [Board -> Nat]
  /\ requested \in [Board -> TimeOrNone]
  /\ holding \in [Board -> BOOLEAN]
  /\ queue \in [Board -> [Board -> TimeOrNone]]
  /\ heard \in [Board -> [Board -> BOOLEAN]]
  /\ later \in [Board -> [Board -> BOOLEAN]]
  /\ life \in [Board -> {1}]
  /\ known \in [Board -> [Board -> {1}]]
  /\ wire \in [Board -> [Board -> Seq([life : {1}, kind : Kind, time : Nat])]]

THEOREM Typed == Spec => []Types
<1> QED

-----------------------------------------------------------------------------
\* Channels: times grow along them, and none is later than the sender's clock.

SentBefore == \A i, j \in Correct : \A k \in 1 .. Len(wire[j][i]) : wire[j][i][k].time <= clock[j]

Ordered ==
  \A i, j \in Correct : \A k, l \in 1 .. Len(wire[j][i]) : k < l => wire[j][i][k].time < wire[j][i][l].time

NothingAhead ==
  /\ \A j \in Correct : requested[j] <= clock[j]
  /\ \A i, j \in Correct : i # j => queue[i][j] <= clock[j]
  /\ SentBefore

Channels ==
  /\ NothingAhead
  /\ Ordered

THEOREM ChannelsOrdered == Spec => []Channels
<1> QED BY Typed, Types, NothingAhead, Ordered

\* After its request a board sends replies alone, until it releases.
RepliesAfterRequest ==
  \A i, j \in Correct : i # j /\ requested[j] # NoTime =>
    \A k \in 1 .. Len(wire[j][i]) : wire[j][i][k].time > requested[j] => wire[j][i][k].kind = "reply"

\* When a request is in the queue, all that was sent before it has arrived.
QueueIsUpToDate ==
  \A i, j \in Correct : i # j /\ requested[j] # NoTime /\ queue[i][j] = requested[j] =>
    \A k \in 1 .. Len(wire[j][i]) : wire[j][i][k].time > requested[j]

IsRequestAt(i, j, k) == wire[j][i][k].kind = "request" /\ wire[j][i][k].time = requested[j]

RequestsOnTheWay ==
  \A i, j \in Correct : i # j /\ requested[j] # NoTime =>
    queue[i][j] = requested[j] \/ \E k \in 1 .. Len(wire[j][i]) : IsRequestAt(i, j, k)

\* The place before a place: solvers do not find it by themselves.
LEMMA HasPlaceBefore ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[j][i]) :
    IsRequestAt(i, j, k) => \E m \in 0 .. (Len(wire[j][i]) - 1) : k = m + 1
<1> QED

Queues ==
  /\ RepliesAfterRequest
  /\ QueueIsUpToDate
  /\ RequestsOnTheWay

THEOREM QueuesKept == Spec => []Queues
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW time \in Times, Receive(i, j, time) PROVE Queues'
  <2>1. RequestsOnTheWay' BY Typed, Types, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay, HasPlaceBefore
  <2> QED BY Typed, Types, ChannelsOrdered, NothingAhead, Ordered, RepliesAfterRequest, QueueIsUpToDate,
             RequestsOnTheWay
<1> QED BY Typed, Types, ChannelsOrdered, NothingAhead, Ordered, RepliesAfterRequest, QueueIsUpToDate, RequestsOnTheWay

-----------------------------------------------------------------------------
\* What a later item of j tells i.

LaterIsLater ==
  \A i, j \in Correct : i # j /\ later[i][j] /\ requested[i] # NoTime => clock[j] > requested[i]

THEOREM LaterTells == Spec => []LaterIsLater
<1> QED BY Typed, Types, ChannelsOrdered, NothingAhead

THEOREM LaterTellsRequests == Spec => []LaterMeansKnown
<1> QED BY Typed, Types, ChannelsOrdered, NothingAhead, Ordered, QueuesKept, RepliesAfterRequest, QueueIsUpToDate,
           RequestsOnTheWay, LaterTells, LaterIsLater

HolderHasHeardAll ==
  \A i \in Correct : holding[i] => requested[i] # NoTime /\ \A j \in Correct : i # j => later[i][j]

Turns ==
  /\ HolderHasHeardAll
  /\ GrantedInOrder

THEOREM TurnsInOrder == Spec => []Turns
<1> QED BY Typed, Types, LaterTells, LaterIsLater, LaterTellsRequests, LaterMeansKnown, HolderHasHeardAll, GrantedInOrder

THEOREM Exclusion == Spec => []MutualExclusion
  BY Typed, Types, TurnsInOrder, HolderHasHeardAll, GrantedInOrder
=============================================================================
