------------------------------ MODULE snapshot ------------------------------
(***************************************************************************)
(* Global snapshots by K. M. Chandy and L. Lamport, "Distributed           *)
(* Snapshots: Determining Global States of Distributed Systems", ACM TOCS  *)
(* 3(1), 1985, section 3: markers on reliable channels in order. Message   *)
(* level: every item and every marker on every channel is here.            *)
(*                                                                         *)
(* Added to the paper: boards that reboot (their channels get a new        *)
(* incarnation, specs/link, and what was recorded is gone), several        *)
(* snapshots at a time (one for each initiator), and a bound on what is    *)
(* recorded. A snapshot that a reboot, a newer one or the bound spoils is  *)
(* abandoned, never completed with a hole in it. The paper has no reboots: *)
(* a recording stands between the lives that its channels run between, and *)
(* ends with any of them.                                                  *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - The application is a state `local` and items; Send and Receive say    *)
(*   what they make of it. A snapshot copies both and looks at neither.    *)
(* - A channel is a sequence; it loses its items only with an incarnation  *)
(*   of either end (specs/link).                                           *)
(* - Down and slow look alike: a board that is down takes no step, Restart *)
(*   is its crash and its next life in one. Boots are counted 1, 2, ...    *)
(* - Liars (Byzantine boards) have no state: any item or marker may come   *)
(*   from them at any time, and what is sent to them is not kept.          *)
(*                                                                         *)
(* Names in trace and code: trace_snapshot.tla.                            *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  Board,     \* board numbers: a set of naturals
  Liar,      \* those that may say anything
  ItemsMax   \* items that one board records for one snapshot (SNAPSHOT_ITEMS_MAX)

ASSUME Board \subseteq Nat /\ Liar \subseteq Board /\ ItemsMax \in Nat

VARIABLES
  local,      \* local[i]: the application's state at i
  life,       \* life[i]: number of the present life of i
  known,      \* known[i][j]: the life of j to which i has a channel, 0 if none
  wire,       \* wire[i][j]: what is on the channel from i to j
  given,      \* given[i][j]: items that i gave to its present channel to j, markers left out
  taken,      \* taken[i][j]: items that the present channel from j gave to i, markers left out
  recording,  \* recording[i][o]: the part of i in the snapshot of initiator o that is in progress, or None
  latest,     \* latest[i][o]: the highest number of o's snapshots in which i took part in this life, 0 if none
  done        \* done[i][o]: the part of i in the last snapshot of o that i finished, or None

vars == <<local, life, known, wire, given, taken, recording, latest, done>>

Correct == Board \ Liar
Peers(i) == Board \ {i}
NoLife == 0
None == [number |-> 0]
Reason == {"a newer snapshot of the same initiator", "a peer rebooted", "more items on the way than fit"}

(* The lives between which the channels of i run: its own and those that it knows. *)
Lives(i) == [known[i] EXCEPT ![i] = life[i]]

InProgress(i, o) == recording[i][o] # None

-----------------------------------------------------------------------------
(* Channels. The content of either kind is a tuple: TLC cannot compare an integer with a tuple. *)

Reaches(i, j) == j \in Correct /\ known[i][j] = life[j]

Item(i, item) == [life |-> life[i], kind |-> "item", content |-> <<item>>]
Marker(i, o, number) == [life |-> life[i], kind |-> "marker", content |-> <<o, number>>]

HasNext(i, j, kind) == wire[j][i] # <<>> /\ Head(wire[j][i]).life = known[i][j] /\ Head(wire[j][i]).kind = kind
Front(i, j) == Head(wire[j][i]).content
Popped(i, j) == [wire EXCEPT ![j][i] = Tail(@)]

-----------------------------------------------------------------------------
(* The application *)

Init ==
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> NoLife]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]
  /\ given = [i \in Board |-> [j \in Board |-> 0]]
  /\ taken = [i \in Board |-> [j \in Board |-> 0]]
  /\ recording = [i \in Board |-> [o \in Board |-> None]]
  /\ latest = [i \in Board |-> [o \in Board |-> 0]]
  /\ done = [i \in Board |-> [o \in Board |-> None]]

(* An event of i that sends `item` to each board in `to`; none if that is empty. *)
Send(i, to, item, after) ==
  /\ to \subseteq Peers(i)
  /\ \A j \in to : known[i][j] # NoLife \/ j \in Liar
  /\ local' = [local EXCEPT ![i] = after]
  /\ given' = [given EXCEPT ![i] = [j \in Board |-> IF j \in to THEN @[j] + 1 ELSE @[j]]]
  /\ wire' = [wire EXCEPT ![i] = [j \in Board |-> IF j \in to /\ Reaches(i, j) THEN Append(@[j], Item(i, item)) ELSE @[j]]]
  /\ UNCHANGED <<life, known, taken, recording, latest, done>>

(* i gets `item` from j, and records it in every snapshot that still waits for the marker of j. In the same event it may
   answer: a sequence of no or one item. *)
Takes(i, j, item, after, answer) ==
  /\ local' = [local EXCEPT ![i] = after]
  /\ taken' = [taken EXCEPT ![i][j] = @ + 1]
  /\ given' = [given EXCEPT ![i][j] = @ + Len(answer)]
  /\ recording' = [recording EXCEPT ![i] = [o \in Board |->
       IF InProgress(i, o) /\ recording[i][o].status[j] = "open"
       THEN [recording[i][o] EXCEPT !.channels[j] = Append(@, item), !.count = @ + 1]
       ELSE recording[i][o]]]
  /\ UNCHANGED <<life, known, latest, done>>

Receive(i, j, after, answer) ==
  /\ HasNext(i, j, "item")
  /\ Takes(i, j, Front(i, j)[1], after, answer)
  /\ wire' = IF answer # <<>> /\ Reaches(i, j)
             THEN [Popped(i, j) EXCEPT ![i][j] = Append(@, Item(i, Head(answer)))]
             ELSE Popped(i, j)

ReceiveLie(i, x, item, after, answer) ==
  /\ x \in Liar
  /\ Takes(i, x, item, after, answer)
  /\ UNCHANGED wire

-----------------------------------------------------------------------------
(* The snapshot *)

(* Somebody's marker stands before i: the reason to record. *)
HasMarker(i, o, number) == Liar # {} \/ \E j \in Peers(i) : HasNext(i, j, "marker") /\ Front(i, j) = <<o, number>>

CanRecord(i, o, number) ==
  /\ ~InProgress(i, o)
  /\ number > latest[i][o]
  /\ i # o => HasMarker(i, o, number)

(* Section 3.1, marker-sending rule: record, and send a marker on every channel before any other item. *)
Record(i, o, number) ==
  /\ CanRecord(i, o, number)
  /\ recording' = [recording EXCEPT ![i][o] =
       [number |-> number, lives |-> Lives(i), state |-> local[i], given |-> given[i], taken |-> taken[i],
        channels |-> [j \in Board |-> <<>>], count |-> 0,
        status |-> [j \in Board |-> IF j = i THEN "closed" ELSE "open"]]]
  /\ latest' = [latest EXCEPT ![i][o] = number]
  /\ wire' = [wire EXCEPT ![i] = [j \in Board |-> IF j # i /\ Reaches(i, j)
                                                  THEN Append(wire[i][j], Marker(i, o, number))
                                                  ELSE wire[i][j]]]
  /\ UNCHANGED <<local, life, known, given, taken, done>>

(* Marker-receiving rule: what came on the channel since the recording is its state. *)
Closes(i, j, o, number) ==
  /\ InProgress(i, o) /\ recording[i][o].number = number /\ recording[i][o].status[j] = "open"
  /\ recording' = [recording EXCEPT ![i][o].status[j] = "closed"]
  /\ UNCHANGED <<local, life, known, given, taken, latest, done>>

ReceiveMarker(i, j, o, number) ==
  /\ HasNext(i, j, "marker") /\ Front(i, j) = <<o, number>>
  /\ Closes(i, j, o, number)
  /\ wire' = Popped(i, j)

ReceiveMarkerLie(i, x, o, number) ==
  /\ x \in Liar
  /\ Closes(i, x, o, number)
  /\ UNCHANGED wire

(* The snapshot is over here, or it is an earlier life's own. *)
IsOver(i, o, number) ==
  \/ o = i /\ (InProgress(i, o) => recording[i][o].number # number)
  \/ number <= latest[i][o] /\ (InProgress(i, o) => recording[i][o].number # number)

Ignore(i, j, o, number) ==
  /\ IsOver(i, o, number)
  /\ \/ j \in Liar /\ UNCHANGED wire
     \/ HasNext(i, j, "marker") /\ Front(i, j) = <<o, number>> /\ wire' = Popped(i, j)
  /\ UNCHANGED <<local, life, known, given, taken, recording, latest, done>>

IsFinished(i, o) == InProgress(i, o) /\ \A j \in Board : recording[i][o].status[j] = "closed"

Done(i, o) ==
  /\ IsFinished(i, o)
  /\ recording[i][o].count <= ItemsMax
  /\ done' = [done EXCEPT ![i][o] = recording[i][o]]
  /\ recording' = [recording EXCEPT ![i][o] = None]
  /\ UNCHANGED <<local, life, known, wire, given, taken, latest>>

HasNewerMarker(i, o) ==
  Liar # {} \/ \E j \in Peers(i) : HasNext(i, j, "marker") /\ Front(i, j)[1] = o /\ Front(i, j)[2] > latest[i][o]

IsSpoilt(i, o, reason) ==
  \/ reason = "a newer snapshot of the same initiator" /\ o # i /\ HasNewerMarker(i, o)
  \/ reason = "a peer rebooted" /\ \E j \in Board : recording[i][o].status[j] = "lost"
  \/ reason = "more items on the way than fit" /\ recording[i][o].count > ItemsMax

Abandon(i, o, reason) ==
  /\ InProgress(i, o)
  /\ IsSpoilt(i, o, reason)
  /\ recording' = [recording EXCEPT ![i][o] = None]
  /\ UNCHANGED <<local, life, known, wire, given, taken, latest, done>>

-----------------------------------------------------------------------------
(* Reboots *)

(* The channel of i to another life of j comes into being. That spoils every recording, whether the marker of j is in or not:
   the new life has not recorded, it may do so again with a marker that reaches it late, and then it sends a second one.
   `first`: a sequence of no or one item that i says first of all. What former lives of i sent to this life of j is still on
   its way: it arrives as long as j has not met the present life of i. *)
Renews(i, j, first) ==
  /\ given' = [given EXCEPT ![i][j] = Len(first)]
  /\ taken' = [taken EXCEPT ![i][j] = 0]
  /\ recording' = [recording EXCEPT ![i] = [o \in Board |->
       IF InProgress(i, o) THEN [recording[i][o] EXCEPT !.status[j] = "lost"] ELSE recording[i][o]]]

Meet(i, j, b, first) ==
  /\ j \in Correct
  /\ known[i][j] < b /\ b <= life[j]
  /\ known' = [known EXCEPT ![i][j] = b]
  /\ Renews(i, j, first)
  /\ wire' = LET kept == SelectSeq(wire[j][i], LAMBDA entry : entry.life >= b)
                 dropped == [wire EXCEPT ![j][i] = kept]
             IN IF b = life[j] /\ first # <<>> THEN [dropped EXCEPT ![i][j] = Append(@, Item(i, Head(first)))] ELSE dropped
  /\ UNCHANGED <<local, life, latest, done>>

MeetLiar(i, x, first) ==
  /\ x \in Liar
  /\ Renews(i, x, first)
  /\ UNCHANGED <<local, life, known, wire, latest, done>>

(* What was recorded and not reported is gone; `done` is what the others have been told. *)
Restart(i, after) ==
  /\ life' = [life EXCEPT ![i] = @ + 1]
  /\ local' = [local EXCEPT ![i] = after]
  /\ known' = [known EXCEPT ![i] = [j \in Board |-> NoLife]]
  /\ given' = [given EXCEPT ![i] = [j \in Board |-> 0]]
  /\ taken' = [taken EXCEPT ![i] = [j \in Board |-> 0]]
  /\ recording' = [recording EXCEPT ![i] = [o \in Board |-> None]]
  /\ latest' = [latest EXCEPT ![i] = [o \in Board |-> 0]]
  /\ wire' = [j \in Board |-> [wire[j] EXCEPT ![i] = <<>>]]
  /\ UNCHANGED done

-----------------------------------------------------------------------------
(* Properties of states. All speak of correct boards. *)

Status == {"open", "closed", "lost"}

TypeOK ==
  /\ \A i \in Correct : life[i] \in Nat \ {0}
  /\ \A i, j \in Correct : known[i][j] \in 0 .. life[j] /\ given[i][j] \in Nat /\ taken[i][j] \in Nat
  /\ \A i \in Correct, o \in Board :
       InProgress(i, o) =>
         /\ recording[i][o].number = latest[i][o]
         /\ \A j \in Board : recording[i][o].status[j] \in Status

(* i and j have both finished parts of a snapshot of one name. *)
NamedAlike(i, j, o) == i # j /\ done[i][o] # None /\ done[j][o].number = done[i][o].number

(* They have both finished their parts of one and the same snapshot: over the channels between the same lives. *)
BothDone(i, j, o) == NamedAlike(i, j, o) /\ \A k \in {i, j} : done[i][o].lives[k] = done[j][o].lives[k]

(* Only a liar gives one name to two snapshots: else finished parts of one name belong together, whoever reboots. *)
PartsFit == \A i, j, o \in Correct : NamedAlike(i, j, o) => BothDone(i, j, o)

(* No item is received before the cut and sent after it. *)
ConsistentCut ==
  \A i, j \in Correct, o \in Board :
    BothDone(i, j, o) => done[i][o].taken[j] <= done[j][o].given[i]

(* The state of a channel is what had been sent and not been received: nothing more, nothing less. *)
ChannelsExact ==
  \A i, j \in Correct, o \in Board :
    BothDone(i, j, o) => Len(done[i][o].channels[j]) = done[j][o].given[i] - done[i][o].taken[j]

Connected(i, j) == i # j /\ known[i][j] = life[j] /\ known[j][i] = life[i]

MarkersOnWire(j, i, o, number) ==
  {k \in 1 .. Len(wire[j][i]) : wire[j][i][k].kind = "marker" /\ wire[j][i][k].life = life[j]
                                  /\ wire[j][i][k].content = <<o, number>>}

(* A channel carries the marker of a snapshot once: it is still to be sent, on the wire, or has closed the channel. *)
MarkerOnce ==
  \A i \in Correct, o \in Board : InProgress(i, o) =>
    \A j \in Correct : Connected(i, j) =>
      LET number == recording[i][o].number
          count == Cardinality(MarkersOnWire(j, i, o, number))
      IN /\ count <= 1
         /\ recording[i][o].status[j] = "closed" => count = 0
         /\ latest[j][o] < number => count = 0 /\ recording[i][o].status[j] # "closed"

(* A snapshot that is done has a marker from every channel, and nothing lost. *)
DoneIsWhole ==
  \A i \in Correct, o \in Board :
    done[i][o] # None =>
      /\ \A j \in Board : done[i][o].status[j] = "closed"
      /\ done[i][o].count <= ItemsMax

(* Properties of steps *)

(* Only what spoils a snapshot ends it without a result. *)
NoSilentEndStep ==
  \A i \in Correct, o \in Board :
    InProgress(i, o) /\ life'[i] = life[i] /\ recording'[i][o] = None =>
      done'[i][o] = recording[i][o] \/ \E reason \in Reason : IsSpoilt(i, o, reason)
NoSilentEnd == [][NoSilentEndStep]_vars

(* What was recorded stays as it was. *)
StateKeptStep ==
  \A i \in Correct, o \in Board :
    InProgress(i, o) /\ recording'[i][o] # None /\ recording'[i][o].number = recording[i][o].number =>
      /\ recording'[i][o].state = recording[i][o].state
      /\ \A j \in Board : recording[i][o].status[j] = "closed" =>
           recording'[i][o].channels[j] = recording[i][o].channels[j]
StateKept == [][StateKeptStep]_vars
=============================================================================
