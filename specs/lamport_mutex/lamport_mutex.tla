--------------------------- MODULE lamport_mutex ---------------------------
(***************************************************************************)
(* Mutual exclusion by L. Lamport, "Time, Clocks, and the Ordering of      *)
(* Events in a Distributed System", CACM 21(7), 1978: every board keeps a  *)
(* queue of requests, ordered by (time, board). Requests, replies and      *)
(* releases on reliable channels, in order, keep the queues up to date.    *)
(* Message level: every item on every channel is modelled.                 *)
(*                                                                         *)
(* Added to the paper: boards that reboot. A reboot ends the board's turn, *)
(* and its channels get a new incarnation (specs/link). A board that meets *)
(* a peer on a new channel forgets what it knew of the peer, and first     *)
(* repeats its own outstanding request, with the old time. No board        *)
(* requests before it has heard from every peer on the present channel,    *)
(* nor at a time that is not later than all requests it knows.             *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - A channel is a sequence; specs/link shows why. It loses items only    *)
(*   when either end starts a new incarnation.                             *)
(* - Down and slow look alike. So a board that is down takes no step, and  *)
(*   Restart is its crash and its next life in one.                        *)
(* - Boots are counted 1, 2, ...; only whether two are equal matters.      *)
(* - Times are arguments. Safety needs only that times grow within a       *)
(*   board's life; a reboot may lose the clock. The clock condition        *)
(*   (receipt later than sending) serves progress alone.                   *)
(* - Liars (Byzantine boards) have no state: any item may come from them   *)
(*   at any time, and items sent to them are not kept.                     *)
(*                                                                         *)
(* Names in trace and code: trace_lamport_mutex.tla.                       *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  Board,     \* board numbers: a set of naturals
  Liar       \* those that may send anything

ASSUME Board \subseteq Nat /\ Liar \subseteq Board

VARIABLES
  clock,      \* clock[i]: time of the latest event of i in its present life
  requested,  \* requested[i]: time of the outstanding request of i (waiting or holding), or NoTime
  holding,    \* holding[i]: i has its turn
  queue,      \* queue[i][j]: time of the request of j that i knows of, or NoTime
  heard,      \* heard[i][j]: i has heard from j on the present channel
  later,      \* later[i][j]: j has sent i something later than the request of i
  life,       \* life[i]: number of the present life of i
  known,      \* known[i][j]: the life of j to which i has a channel, 0 if none
  wire        \* wire[i][j]: items from i to j, each with the life of i that sent it

vars == <<clock, requested, holding, queue, heard, later, life, known, wire>>

Correct == Board \ Liar
Peers(i) == Board \ {i}
NoTime == -1
NoLife == 0
Kind == {"request", "reply", "release"}

Before(s, i, t, j) == s < t \/ (s = t /\ i < j)    \* the total order of requests

-----------------------------------------------------------------------------
(* Channels *)

(* i has a channel to j, and it leads to the present life of j. *)
Reaches(i, j) == j \in Correct /\ known[i][j] = life[j]

Sent(i, j, kind, time) == [life |-> life[i], kind |-> kind, time |-> time]

ToAll(i, kind, time) ==
  [wire EXCEPT ![i] = [j \in Board |-> IF j # i /\ Reaches(i, j)
                                       THEN Append(wire[i][j], Sent(i, j, kind, time))
                                       ELSE wire[i][j]]]

-----------------------------------------------------------------------------
(* Actions *)

Init ==
  /\ clock = [i \in Board |-> 0]
  /\ requested = [i \in Board |-> NoTime]
  /\ holding = [i \in Board |-> FALSE]
  /\ queue = [i \in Board |-> [j \in Board |-> NoTime]]
  /\ heard = [i \in Board |-> [j \in Board |-> FALSE]]
  /\ later = [i \in Board |-> [j \in Board |-> FALSE]]
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> NoLife]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]

(* Rule 1. *)
CanRequest(i, time) ==
  /\ requested[i] = NoTime
  /\ time > clock[i]
  /\ \A j \in Peers(i) : heard[i][j] /\ queue[i][j] < time

Request(i, time) ==
  /\ CanRequest(i, time)
  /\ clock' = [clock EXCEPT ![i] = time]
  /\ requested' = [requested EXCEPT ![i] = time]
  /\ later' = [later EXCEPT ![i] = [j \in Board |-> FALSE]]
  /\ wire' = ToAll(i, "request", time)
  /\ UNCHANGED <<holding, queue, heard, life, known>>

(* Rules 2 and 4, and what rule 5 needs: i gets an item of j at `time`. A receipt without an answer sends nothing, so no
   other board can see whether the clock moved. *)
Takes(i, j, kind, sent, time) ==
  /\ IF kind = "request" THEN time > clock[i] ELSE time >= clock[i]
  /\ clock' = [clock EXCEPT ![i] = time]
  /\ heard' = [heard EXCEPT ![i][j] = TRUE]
  /\ queue' = [queue EXCEPT ![i][j] = CASE kind = "request" -> sent
                                        [] kind = "release" -> NoTime
                                        [] OTHER -> @]
  /\ later' = [later EXCEPT ![i][j] = @ \/ (requested[i] # NoTime /\ sent > requested[i])]
  /\ UNCHANGED <<requested, holding, life, known>>

Receive(i, j, time) ==
  /\ wire[j][i] # <<>>
  /\ LET item == Head(wire[j][i])
         rest == [wire EXCEPT ![j][i] = Tail(@)]
     IN
     /\ item.life = known[i][j]
     /\ Takes(i, j, item.kind, item.time, time)
     /\ wire' = IF item.kind = "request" /\ Reaches(i, j)
                THEN [rest EXCEPT ![i][j] = Append(@, Sent(i, j, "reply", time))]
                ELSE rest

(* A lie. *)
ReceiveLie(i, x, kind, sent, time) ==
  /\ x \in Liar
  /\ Takes(i, x, kind, sent, time)
  /\ UNCHANGED wire

(* Rule 5. *)
CanEnter(i) ==
  /\ requested[i] # NoTime
  /\ ~holding[i]
  /\ \A j \in Peers(i) :
       /\ later[i][j]
       /\ queue[i][j] = NoTime \/ Before(requested[i], i, queue[i][j], j)

Enter(i) ==
  /\ CanEnter(i)
  /\ holding' = [holding EXCEPT ![i] = TRUE]
  /\ UNCHANGED <<clock, requested, queue, heard, later, life, known, wire>>

(* Rule 3. *)
Release(i, time) ==
  /\ holding[i]
  /\ time > clock[i]
  /\ clock' = [clock EXCEPT ![i] = time]
  /\ holding' = [holding EXCEPT ![i] = FALSE]
  /\ requested' = [requested EXCEPT ![i] = NoTime]
  /\ later' = [later EXCEPT ![i] = [j \in Board |-> FALSE]]
  /\ wire' = ToAll(i, "release", time)
  /\ UNCHANGED <<queue, heard, life, known>>

Forgets(i, j) ==
  /\ queue' = [queue EXCEPT ![i][j] = NoTime]
  /\ heard' = [heard EXCEPT ![i][j] = FALSE]
  /\ later' = [later EXCEPT ![i][j] = FALSE]

(* The first item on a new channel. *)
Greeting(i, j) ==
  IF requested[i] # NoTime THEN Sent(i, j, "request", requested[i]) ELSE Sent(i, j, "reply", clock[i])

(* The channel of i to life b of j begins. Items that former boots of j sent to i are lost. Items that former boots of i
   sent to this boot of j still arrive until j meets the present boot of i. Boot b may have ended: i cannot know. *)
Meet(i, j, b) ==
  /\ j \in Correct
  /\ known[i][j] < b /\ b <= life[j]
  /\ known' = [known EXCEPT ![i][j] = b]
  /\ Forgets(i, j)
  /\ wire' = LET kept == SelectSeq(wire[j][i], LAMBDA item : item.life >= b)
                 dropped == [wire EXCEPT ![j][i] = kept]
             IN IF b = life[j] THEN [dropped EXCEPT ![i][j] = Append(@, Greeting(i, j))] ELSE dropped
  /\ UNCHANGED <<clock, requested, holding, life>>

(* A liar may also claim to have rebooted. *)
MeetLiar(i, x) ==
  /\ x \in Liar
  /\ Forgets(i, x)
  /\ UNCHANGED <<clock, requested, holding, life, known, wire>>

(* Crash and next life, with the clock that flash has kept, or 0. Items that i sent may still arrive; items sent to i
   are lost. *)
Restart(i, time) ==
  /\ life' = [life EXCEPT ![i] = @ + 1]
  /\ clock' = [clock EXCEPT ![i] = time]
  /\ requested' = [requested EXCEPT ![i] = NoTime]
  /\ holding' = [holding EXCEPT ![i] = FALSE]
  /\ queue' = [queue EXCEPT ![i] = [j \in Board |-> NoTime]]
  /\ heard' = [heard EXCEPT ![i] = [j \in Board |-> FALSE]]
  /\ later' = [later EXCEPT ![i] = [j \in Board |-> FALSE]]
  /\ known' = [known EXCEPT ![i] = [j \in Board |-> NoLife]]
  /\ wire' = [j \in Board |-> [wire[j] EXCEPT ![i] = <<>>]]

-----------------------------------------------------------------------------
(* Properties of states. All are about correct boards. *)

TypeOK ==
  /\ \A i \in Correct :
       /\ clock[i] \in Nat
       /\ requested[i] = NoTime \/ requested[i] \in 1 .. clock[i]
       /\ holding[i] \in BOOLEAN
       /\ life[i] \in Nat \ {0}
       /\ holding[i] => requested[i] # NoTime
  /\ \A i, j \in Correct :
       /\ queue[i][j] = NoTime \/ queue[i][j] \in Nat
       /\ heard[i][j] \in BOOLEAN
       /\ later[i][j] \in BOOLEAN
       /\ known[i][j] \in 0 .. life[j]
       /\ \A k \in 1 .. Len(wire[i][j]) : wire[i][j][k].kind \in Kind /\ wire[i][j][k].life \in 1 .. life[i]

(* I of the paper. *)
MutualExclusion == \A i, j \in Correct : holding[i] /\ holding[j] => i = j

(* II of the paper: the request of the holder is before those of all that wait. *)
GrantedInOrder ==
  \A i, j \in Correct :
    i # j /\ holding[i] /\ requested[j] # NoTime => Before(requested[i], i, requested[j], j)

(* Both ends know each other's present life. *)
Connected(i, j) == i # j /\ known[i][j] = life[j] /\ known[j][i] = life[i]

OnWire(i, j, kind) == {wire[i][j][k].time : k \in {k \in 1 .. Len(wire[i][j]) :
                          wire[i][j][k].kind = kind /\ wire[i][j][k].life = life[i]}}

(* Why rule 5 suffices: once j has sent i something later than the request of i, i knows every earlier request of j. *)
LaterMeansKnown ==
  \A i, j \in Correct :
    /\ later[i][j] /\ requested[i] # NoTime /\ requested[j] # NoTime
    /\ Connected(i, j) /\ Before(requested[j], j, requested[i], i)
    => queue[i][j] = requested[j]

(* Each request is in the queue of every peer, or on the way to it. *)
RequestsArrive ==
  \A i, j \in Correct :
    requested[j] # NoTime /\ Connected(i, j) => queue[i][j] = requested[j] \/ requested[j] \in OnWire(j, i, "request")

(* Each request in a queue is outstanding, or its release is on the way. *)
QueueTruthful ==
  \A i, j \in Correct :
    queue[i][j] # NoTime /\ Connected(i, j) =>
      queue[i][j] = requested[j] \/ \E time \in OnWire(j, i, "release") : time > queue[i][j]

(* The times of the items that one life of a board sends on a channel grow. *)
TimesGrow ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[i][j]) - 1 :
    wire[i][j][k].life = wire[i][j][k + 1].life => wire[i][j][k].time < wire[i][j][k + 1].time

ItemsMax == 7   \* MUTEX_ITEMS_ON_CHANNEL_MAX
WireBounded == \A i, j \in Correct : Cardinality({k \in 1 .. Len(wire[i][j]) : wire[i][j][k].life = life[i]}) <= ItemsMax

(* Property of steps: a life begins without a turn. *)
RebootEndsTurnStep == \A i \in Correct : life'[i] # life[i] => ~holding'[i] /\ requested'[i] = NoTime
RebootEndsTurn == [][RebootEndsTurnStep]_vars

(* A holder keeps its turn until it releases or reboots: no other board can take it away. *)
NoTakingAwayStep ==
  \A i \in Correct : holding[i] /\ ~holding'[i] => life'[i] # life[i] \/ \A j \in Board : j # i => holding'[j] = holding[j]
NoTakingAway == [][NoTakingAwayStep]_vars
=============================================================================
