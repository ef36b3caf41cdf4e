----------------------------- MODULE trace_link -----------------------------
(***************************************************************************)
(* Checks the channels of a recorded run against the promises of link.tla. *)
(* Each trace event has an operator; parameters have the names of fields.  *)
(*                                                                         *)
(* A trace shows what callers see: given items, delivered items, adopted   *)
(* incarnations. Segments are not traced. So this module keeps, for every  *)
(* pair of boards, only the part of link.tla's state by which these three  *)
(* can be judged. Except for the incarnations that were left, its state    *)
(* does not grow with a run.                                               *)
(*                                                                         *)
(* link.tla                   here             trace        code           *)
(* side[n].boot               incarnation[n]   boot         Channel.boot   *)
(* side[n].peer               adopted[n][p]    peer_boot    Channel.peer_boot*)
(* acknowledged + Len(queue)  given[n][p]      sequence     Channel.send   *)
(* delivered                  delivered[n][p]  sequence     Channel.delivered*)
(* Len(queue) in Adopt        (checked)        undelivered  Channel.take_restart*)
(*                                                                         *)
(* Events must come in an order in which every item is given before it is  *)
(* delivered. The order of the file is one: a board traces each step       *)
(* before it sends the resulting messages. Liars' events are ignored.      *)
(***************************************************************************)
EXTENDS Integers

CONSTANTS
  Board, Liar,
  QueueMax   \* CHANNEL_QUEUE_ITEMS_MAX

VARIABLES
  incarnation,  \* [n] -> number of its boot, NoBoot before the first
  adopted,      \* [n][p] -> boot of p that n has adopted, NoBoot if none
  given,        \* [n][p] -> number of the last item that n gave for p in this connection
  delivered,    \* [n][p] -> number of the last item of p that n got in this connection
  left          \* [n][p] -> boots of p that n had adopted and left in this incarnation

vars == <<incarnation, adopted, given, delivered, left>>

NoBoot == -1
Correct == Board \ Liar
IsJudged(n, p) == n \in Correct /\ p \in Correct

TraceInit ==
  /\ incarnation = [n \in Board |-> NoBoot]
  /\ adopted = [n \in Board |-> [p \in Board |-> NoBoot]]
  /\ given = [n \in Board |-> [p \in Board |-> 0]]
  /\ delivered = [n \in Board |-> [p \in Board |-> 0]]
  /\ left = [n \in Board |-> [p \in Board |-> {}]]

(* A new incarnation knows nobody. *)
Boot(node, boot) ==
  /\ boot # incarnation[node]
  /\ incarnation' = [incarnation EXCEPT ![node] = boot]
  /\ adopted' = [adopted EXCEPT ![node] = [p \in Board |-> NoBoot]]
  /\ given' = [given EXCEPT ![node] = [p \in Board |-> 0]]
  /\ delivered' = [delivered EXCEPT ![node] = [p \in Board |-> 0]]
  /\ left' = [left EXCEPT ![node] = [p \in Board |-> {}]]

(* n and p are alive and have adopted each other, so their counts can be compared. *)
Paired(n, p) == adopted[n][p] = incarnation[p] /\ adopted[p][n] = incarnation[n]

(* An item is given to the channel. *)
ChannelSend(node, peer, sequence) ==
  /\ IF IsJudged(node, peer)
     THEN /\ sequence = given[node][peer] + 1
          /\ given' = [given EXCEPT ![node][peer] = sequence]
     ELSE UNCHANGED given
  /\ UNCHANGED <<incarnation, adopted, delivered, left>>

(* The next item of this board's present connection. If sender and receiver are paired, the sender gave it. *)
ChannelDeliver(node, peer, peer_boot, sequence) ==
  /\ IF IsJudged(node, peer)
     THEN /\ peer_boot = adopted[node][peer]
          /\ sequence = delivered[node][peer] + 1
          /\ Paired(node, peer) => sequence <= given[peer][node]
          /\ delivered' = [delivered EXCEPT ![node][peer] = sequence]
     ELSE UNCHANGED delivered
  /\ UNCHANGED <<incarnation, adopted, given, left>>

(* The board adopts an incarnation of the peer that exists and that it has not left. It gets back all items that the
   former one did not receive, and perhaps some that it did; items given before the first adoption go to that one. *)
ChannelRestart(node, peer, peer_boot, undelivered) ==
  /\ IF IsJudged(node, peer)
     THEN LET before == adopted[node][peer]
          IN /\ peer_boot # before /\ peer_boot \notin left[node][peer]
             /\ undelivered <= IF before = NoBoot THEN 0 ELSE given[node][peer]
             /\ undelivered <= QueueMax
             /\ adopted' = [adopted EXCEPT ![node][peer] = peer_boot]
             /\ given' = [given EXCEPT ![node][peer] = IF before = NoBoot THEN @ ELSE 0]
             /\ delivered' = [delivered EXCEPT ![node][peer] = 0]
             /\ left' = [left EXCEPT ![node][peer] = @ \cup ({before} \ {NoBoot})]
     ELSE UNCHANGED <<adopted, given, delivered, left>>
  /\ UNCHANGED incarnation

-----------------------------------------------------------------------------
(* LNK-1: the receiver is not ahead of the sender. *)
NothingInvented ==
  \A n, p \in Correct : n # p /\ Paired(n, p) => delivered[n][p] <= given[p][n]

(* LNK-5: a channel holds at most QueueMax items that the peer has not received. *)
QueueKept ==
  \A n, p \in Correct : n # p /\ Paired(n, p) => given[n][p] - delivered[p][n] <= QueueMax

(* LNK-6: an incarnation that was left is not adopted again. *)
LeftForGood == \A n, p \in Correct : adopted[n][p] \notin left[n][p]

CONSTANTS NumberMax, BootMax  \* for TLC, which must find the arguments: see trace_link.cfg

TraceNext ==
  \E node \in Correct :
    \/ \E boot \in 1..BootMax : Boot(node, boot)
    \/ \E peer \in Board \ {node}, sequence \in 1..NumberMax :
         \/ ChannelSend(node, peer, sequence)
         \/ \E peer_boot \in 1..BootMax : ChannelDeliver(node, peer, peer_boot, sequence)
    \/ \E peer \in Board \ {node}, peer_boot \in 1..BootMax, undelivered \in 0..QueueMax :
         ChannelRestart(node, peer, peer_boot, undelivered)

TraceSpec == TraceInit /\ [][TraceNext]_vars
=============================================================================
