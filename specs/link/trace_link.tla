----------------------------- MODULE trace_link -----------------------------
(***************************************************************************)
(* Holds the channels of a recorded run against what link.tla promises:    *)
(* one operator for each trace event, its parameters named as the fields.  *)
(*                                                                         *)
(* A trace tells what callers see: items that are given, items that are    *)
(* delivered, incarnations that are adopted. Segments are not traced, so   *)
(* this module keeps of link.tla what those three can be judged by, for    *)
(* every pair of boards. What it keeps does not grow with a run, but for   *)
(* the incarnations that were left.                                        *)
(*                                                                         *)
(* link.tla                   here             trace        code           *)
(* side[n].boot               incarnation[n]   boot         Channel.boot   *)
(* side[n].peer               adopted[n][p]    peer_boot    Channel.peer_boot*)
(* acknowledged + Len(queue)  given[n][p]      sequence     Channel.send   *)
(* delivered                  delivered[n][p]  sequence     Channel.delivered*)
(* Len(queue) in Adopt        (checked)        undelivered  Channel.take_restart*)
(*                                                                         *)
(* Events come in an order in which every delivery stands after the        *)
(* giving: that of the file is one, for a board traces what it does before *)
(* it sends what comes of it. What a liar says of itself is not looked at. *)
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

(* n and p live and have adopted each other: what one of them counts can be held against the other. *)
Paired(n, p) == adopted[n][p] = incarnation[p] /\ adopted[p][n] = incarnation[n]

(* An item is given to the channel. *)
ChannelSend(node, peer, sequence) ==
  /\ IF IsJudged(node, peer)
     THEN /\ sequence = given[node][peer] + 1
          /\ given' = [given EXCEPT ![node][peer] = sequence]
     ELSE UNCHANGED given
  /\ UNCHANGED <<incarnation, adopted, delivered, left>>

(* The next item, of the connection that this board is in; and it was given, as far as its sender can be asked. *)
ChannelDeliver(node, peer, peer_boot, sequence) ==
  /\ IF IsJudged(node, peer)
     THEN /\ peer_boot = adopted[node][peer]
          /\ sequence = delivered[node][peer] + 1
          /\ Paired(node, peer) => sequence <= given[peer][node]
          /\ delivered' = [delivered EXCEPT ![node][peer] = sequence]
     ELSE UNCHANGED delivered
  /\ UNCHANGED <<incarnation, adopted, given, left>>

(* An incarnation of the peer is adopted: one that it has, none that this board had left. Of what was given to the former
   one all is handed back that was not delivered, and perhaps some that was; to the first one goes what was given before. *)
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

(* LNK-5: a channel holds no more than its bound of what the peer has not got. *)
QueueKept ==
  \A n, p \in Correct : n # p /\ Paired(n, p) => given[n][p] - delivered[p][n] <= QueueMax

(* LNK-6: who was left is not adopted again. *)
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
