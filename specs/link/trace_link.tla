----------------------------- MODULE trace_link -----------------------------
(***************************************************************************)
(* Checks the channels of a recorded run against the promises of link.tla. *)
(* Each trace event has an operator; parameters have the names of fields.  *)
(*                                                                         *)
(* A trace shows what callers see: given items, delivered items, adopted   *)
(* incarnations, and when a segment left and arrived, but not what is in   *)
(* it. So this module keeps, for every pair of boards, only the part of    *)
(* link.tla's state by which these can be judged. Except for the           *)
(* incarnations that were left or have ended, its state does not grow with *)
(* a run.                                                                  *)
(*                                                                         *)
(* link.tla                   here             trace        code           *)
(* side[n].boot               incarnation[n]   boot         Channel.boot   *)
(* side[n].peer               adopted[n][p]    peer_boot    Channel.peer_boot*)
(* acknowledged + Len(queue)  given[n][p]      sequence     Channel.send   *)
(* delivered                  delivered[n][p]  sequence     Channel.delivered*)
(* Len(queue) in Adopt        (checked)        undelivered  Channel.take_restart*)
(* highest                    segments[n][p]   Send         Channel._take_fresh*)
(*                                                                         *)
(* A delivered item goes to its user at once: to the mutex (MutexReceive), *)
(* to the snapshot (SnapshotMarker, SnapshotIgnored), or to nobody, if it  *)
(* is not an item (Refuse). These events are taken here, too.              *)
(*                                                                         *)
(* Events must come in an order in which every item is given before it is  *)
(* delivered. The order of the file is one: a board traces each step       *)
(* before it sends the resulting messages. Liars' events are ignored, and  *)
(* of a channel to a liar only this end is judged.                         *)
(*                                                                         *)
(* An item travels in a segment: it is delivered in the step that receives *)
(* a segment of the peer, which left after the item had been given.        *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
  Board, Liar,
  QueueMax,        \* CHANNEL_QUEUE_ITEMS_MAX
  TracesMessages,  \* whether the trace has Send and Receive
  SegmentKind      \* of messages: Segment.KIND

VARIABLES
  incarnation,  \* [n] -> number of its boot, NoBoot before the first
  adopted,      \* [n][p] -> boot of p that n has adopted, NoBoot if none
  given,        \* [n][p] -> number of the last item that n gave for p in this connection
  delivered,    \* [n][p] -> number of the last item of p that n got in this connection
  got,          \* [n][p] -> number of the last item of n's present connection to p that p got
  ended,        \* [n] -> what boots of n that have ended gave: records
  left,         \* [n][p] -> boots of p that n had adopted and left in this incarnation
  due,          \* [n] -> whose item n has got and not taken yet, Nobody if none
  segments,     \* [n][p] -> <<time, last>> of segments of n's present connection to p: the first that may carry item last
  heard         \* [n] -> whose segment n is taking, and when it left; <<Nobody, 0>> if it takes none

vars == <<incarnation, adopted, given, delivered, got, ended, left, due, segments, heard>>

NoBoot == -1
Nobody == -1
AnyTime == -1  \* of a segment that was taken out of the order
Correct == Board \ Liar
IsJudged(n, p) == n \in Correct /\ p \in Correct

TraceInit ==
  /\ incarnation = [n \in Board |-> NoBoot]
  /\ adopted = [n \in Board |-> [p \in Board |-> NoBoot]]
  /\ given = [n \in Board |-> [p \in Board |-> 0]]
  /\ delivered = [n \in Board |-> [p \in Board |-> 0]]
  /\ got = [n \in Board |-> [p \in Board |-> 0]]
  /\ ended = [n \in Board |-> {}]
  /\ left = [n \in Board |-> [p \in Board |-> {}]]
  /\ due = [n \in Board |-> Nobody]
  /\ segments = [n \in Board |-> [p \in Board |-> {}]]
  /\ heard = [n \in Board |-> <<Nobody, 0>>]

Boots(n) == {incarnation[n]} \cup {old.boot : old \in ended[n]}

(* A new incarnation knows nobody. *)
Boot(node, boot) ==
  /\ boot # NoBoot
  /\ boot \notin Boots(node)
  /\ incarnation' = [incarnation EXCEPT ![node] = boot]
  /\ adopted' = [adopted EXCEPT ![node] = [p \in Board |-> NoBoot]]
  /\ given' = [given EXCEPT ![node] = [p \in Board |-> 0]]
  /\ delivered' = [delivered EXCEPT ![node] = [p \in Board |-> 0]]
  /\ got' = [got EXCEPT ![node] = [p \in Board |-> 0]]
  /\ ended' = [ended EXCEPT ![node] = IF incarnation[node] = NoBoot THEN @
                 ELSE @ \cup {[boot |-> incarnation[node], adopted |-> adopted[node], given |-> given[node],
                                segments |-> segments[node]]}]
  /\ left' = [left EXCEPT ![node] = [p \in Board |-> {}]]
  /\ due' = [due EXCEPT ![node] = Nobody]
  /\ segments' = [segments EXCEPT ![node] = [p \in Board |-> {}]]
  /\ heard' = [heard EXCEPT ![node] = <<Nobody, 0>>]

(* A segment may carry all items given so far. *)
Send(node, to, kind, lamport) ==
  LET last == given[node][to]
  IN /\ segments' = IF kind # SegmentKind \/ to \notin Board THEN segments
                     ELSE IF last = 0 \/ \E s \in segments[node][to] : s[2] >= last THEN segments
                     ELSE [segments EXCEPT ![node][to] = @ \cup {<<lamport, last>>}]
     /\ UNCHANGED <<incarnation, adopted, given, delivered, got, ended, left, due, heard>>

(* What follows within the step is due to this message. *)
Receive(node, from, sent, kind) ==
  /\ heard' = [heard EXCEPT ![node] = IF kind = SegmentKind THEN <<from, sent>> ELSE <<Nobody, 0>>]
  /\ UNCHANGED <<incarnation, adopted, given, delivered, got, ended, left, due, segments>>

IsHeard(node, peer) == TracesMessages => heard[node][1] = peer

(* The item was given when the segment left that node is taking. `sent`: segments of the peer's connection. *)
IsCarried(node, sequence, sent) ==
  TracesMessages => heard[node][2] = AnyTime \/ \E s \in sent : s[1] <= heard[node][2] /\ s[2] >= sequence

(* n and p are alive and have adopted each other, so their counts can be compared. *)
Paired(n, p) == adopted[n][p] = incarnation[p] /\ adopted[p][n] = incarnation[n]

(* The peer's boot, living or not, gave this item to the present incarnation of node. *)
WasGiven(node, peer, boot, sequence) ==
  IF boot = incarnation[peer]
  THEN /\ adopted[peer][node] = incarnation[node] /\ sequence <= given[peer][node]
       /\ IsCarried(node, sequence, segments[peer][node])
  ELSE \E old \in ended[peer] :
         /\ old.boot = boot /\ old.adopted[node] = incarnation[node] /\ sequence <= old.given[node]
         /\ IsCarried(node, sequence, old.segments[node])

(* An item is given to the channel. *)
ChannelSend(node, peer, peer_boot, sequence) ==
  /\ peer_boot = adopted[node][peer]
  /\ sequence = given[node][peer] + 1
  /\ given' = [given EXCEPT ![node][peer] = sequence]
  /\ UNCHANGED <<incarnation, adopted, delivered, got, ended, left, due, segments, heard>>

(* The next item of this board's present connection. The peer gave it, unless it lies. *)
ChannelDeliver(node, peer, peer_boot, sequence) ==
  /\ due[node] = Nobody
  /\ peer_boot # NoBoot
  /\ peer_boot = adopted[node][peer]
  /\ IsHeard(node, peer)
  /\ sequence = delivered[node][peer] + 1
  /\ peer \in Correct => WasGiven(node, peer, peer_boot, sequence)
  /\ delivered' = [delivered EXCEPT ![node][peer] = sequence]
  /\ got' = IF Paired(node, peer) THEN [got EXCEPT ![peer][node] = sequence] ELSE got
  /\ due' = [due EXCEPT ![node] = peer]
  /\ segments' = IF Paired(node, peer) THEN [segments EXCEPT ![peer][node] = {s \in @ : s[2] > sequence}] ELSE segments
  /\ UNCHANGED <<incarnation, adopted, given, ended, left, heard>>

(* The item that was delivered last goes to its user. *)
TakeItem(node, from) ==
  /\ due[node] = from
  /\ due' = [due EXCEPT ![node] = Nobody]
  /\ UNCHANGED <<incarnation, adopted, given, delivered, got, ended, left, segments, heard>>

MutexReceive(node, from) == TakeItem(node, from)
SnapshotMarker(node, from) == TakeItem(node, from)
SnapshotIgnored(node, from) == TakeItem(node, from)

(* Only a liar sends what is not an item. A message that is refused for its time ("lamport") may be acted upon. *)
Refuse(node, from, kind, reason) ==
  CASE reason = "item" -> from \in Liar /\ TakeItem(node, from)
    [] reason = "lamport" ->
         /\ heard' = [heard EXCEPT ![node] = IF kind = SegmentKind THEN <<from, AnyTime>> ELSE <<Nobody, 0>>]
         /\ UNCHANGED <<incarnation, adopted, given, delivered, got, ended, left, due, segments>>
    [] OTHER -> UNCHANGED vars

(* The board adopts an incarnation of the peer that exists and that it has not left. It gets back all items that the
   former one did not receive, and perhaps some that it did; items given before the first adoption go to that one. *)
ChannelRestart(node, peer, peer_boot, undelivered) ==
  LET before == adopted[node][peer]
  IN /\ due[node] = Nobody
     /\ IsHeard(node, peer)
     /\ peer_boot # NoBoot /\ peer_boot # before
     /\ peer \in Correct => peer_boot \in Boots(peer) \ left[node][peer]
     /\ undelivered <= IF before = NoBoot THEN 0 ELSE given[node][peer]
     /\ peer \in Correct /\ before # NoBoot => undelivered >= given[node][peer] - got[node][peer]
     /\ undelivered <= QueueMax
     /\ adopted' = [adopted EXCEPT ![node][peer] = peer_boot]
     /\ given' = [given EXCEPT ![node][peer] = IF before = NoBoot THEN @ ELSE 0]
     /\ delivered' = [delivered EXCEPT ![node][peer] = 0]
     /\ got' = [got EXCEPT ![node][peer] = 0]
     /\ left' = [left EXCEPT ![node][peer] = @ \cup ({before} \ {NoBoot})]
     /\ segments' = [segments EXCEPT ![node][peer] = {}]
     /\ UNCHANGED <<incarnation, ended, due, heard>>

-----------------------------------------------------------------------------
(* LNK-1: the receiver is not ahead of the sender. *)
NothingInvented ==
  \A n, p \in Correct : n # p /\ Paired(n, p) => delivered[n][p] <= given[p][n]

(* LNK-5: a channel holds at most QueueMax items that the peer has not received. *)
QueueKept ==
  \A n, p \in Correct : n # p /\ Paired(n, p) => given[n][p] - delivered[p][n] <= QueueMax

(* LNK-6: an incarnation that was left is not adopted again. *)
LeftForGood == \A n, p \in Correct : adopted[n][p] \notin left[n][p]

CONSTANTS NumberMax, BootMax, TimeMax  \* for TLC, which must find the arguments: see trace_link.cfg

TraceNext ==
  \E node \in Correct :
    \/ \E boot \in 1..BootMax : Boot(node, boot)
    \/ \E peer \in Board \ {node}, sequence \in 1..NumberMax :
         \/ ChannelSend(node, peer, adopted[node][peer], sequence)
         \/ \E peer_boot \in 1..BootMax : ChannelDeliver(node, peer, peer_boot, sequence)
    \/ \E peer \in Board \ {node}, peer_boot \in 1..BootMax, undelivered \in 0..QueueMax :
         ChannelRestart(node, peer, peer_boot, undelivered)
    \/ \E from \in Board \ {node} :
         \/ MutexReceive(node, from) \/ SnapshotMarker(node, from) \/ SnapshotIgnored(node, from)
         \/ \E reason \in {"item", "lamport", "any other"} : Refuse(node, from, SegmentKind, reason)
    \/ \E peer \in Board \ {node}, kind \in {SegmentKind, 0}, time \in 0..TimeMax :
         Send(node, peer, kind, time) \/ Receive(node, peer, time, kind)

TraceSpec == TraceInit /\ [][TraceNext]_vars
=============================================================================
