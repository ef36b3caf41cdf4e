-------------------------- MODULE snapshot_proofs --------------------------
(***************************************************************************)
(* Proofs about snapshot.tla, for any number of boards, items, snapshots   *)
(* and liars (amu prove snapshot; docs/reference/proofs.md).               *)
(*                                                                         *)
(* `stamp` is a history variable: it says of each entry on a channel how   *)
(* many items its sender had given to the channel, that one included. No   *)
(* guard reads it, and it may always be assigned, so it adds no condition  *)
(* to a step: what is proved of the other variables holds without it.      *)
(***************************************************************************)
EXTENDS snapshot

CONSTANTS
  Items,    \* what an item may be: numbers, all or those of a small model
  States,   \* of the application, as numbers
  Numbers   \* of snapshots

ASSUME ConstantsHaveTypes == Items \subseteq Int /\ States \subseteq Int /\ Numbers \subseteq Nat

VARIABLE stamp   \* stamp[i][j][k]: items that i had given to its channel to j when it sent wire[i][j][k]

allVars == <<vars, stamp>>

-----------------------------------------------------------------------------
\* How the history variable follows the channels.

StampSends(i, to) ==
  stamp' = [stamp EXCEPT ![i] = [j \in Board |-> IF j \in to /\ Reaches(i, j) THEN Append(@[j], given[i][j] + 1) ELSE @[j]]]

StampMarkers(i) ==
  stamp' = [stamp EXCEPT ![i] = [j \in Board |-> IF j # i /\ Reaches(i, j) THEN Append(@[j], given[i][j]) ELSE @[j]]]

StampPopped(i, j) == [stamp EXCEPT ![j][i] = Tail(@)]

StampPops(i, j) == stamp' = StampPopped(i, j)

StampIgnores(i, j) == stamp' = IF j \in Liar THEN stamp ELSE StampPopped(i, j)

StampAnswers(i, j, answer) ==
  stamp' = IF answer # <<>> /\ Reaches(i, j) THEN [StampPopped(i, j) EXCEPT ![i][j] = Append(@, given[i][j] + 1)]
           ELSE StampPopped(i, j)

-----------------------------------------------------------------------------
\* Every board has met every other, and none reboots.

Connections ==
  /\ local = [i \in Board |-> 0]
  /\ life = [i \in Board |-> 1]
  /\ known = [i \in Board |-> [j \in Board |-> 1]]
  /\ wire = [i \in Board |-> [j \in Board |-> <<>>]]
  /\ given = [i \in Board |-> [j \in Board |-> 0]]
  /\ taken = [i \in Board |-> [j \in Board |-> 0]]
  /\ recording = [i \in Board |-> [o \in Board |-> None]]
  /\ latest = [i \in Board |-> [o \in Board |-> 0]]
  /\ done = [i \in Board |-> [o \in Board |-> None]]
  /\ stamp = [i \in Board |-> [j \in Board |-> <<>>]]

Next ==
  \/ \E i \in Correct : \E to \in SUBSET Peers(i), item \in Items, after \in States :
       Send(i, to, item, after) /\ StampSends(i, to)
  \/ \E i, j \in Correct, after \in States : i # j /\ Receive(i, j, after, <<>>) /\ StampPops(i, j)
  \/ \E i, j \in Correct, after \in States, answer \in Items :
       i # j /\ Receive(i, j, after, <<answer>>) /\ StampAnswers(i, j, <<answer>>)
  \/ \E i \in Correct, x \in Liar, item \in Items, after \in States :
       ReceiveLie(i, x, item, after, <<>>) /\ UNCHANGED stamp
  \/ \E i \in Correct, x \in Liar, item \in Items, after \in States, answer \in Items :
       ReceiveLie(i, x, item, after, <<answer>>) /\ UNCHANGED stamp
  \/ \E i \in Correct, o \in Board, number \in Numbers : Record(i, o, number) /\ StampMarkers(i)
  \/ \E i, j \in Correct, o \in Board, number \in Numbers : i # j /\ ReceiveMarker(i, j, o, number) /\ StampPops(i, j)
  \/ \E i \in Correct, x \in Liar, o \in Board, number \in Numbers : ReceiveMarkerLie(i, x, o, number) /\ UNCHANGED stamp
  \/ \E i \in Correct, j, o \in Board, number \in Numbers : i # j /\ Ignore(i, j, o, number) /\ StampIgnores(i, j)
  \/ \E i \in Correct, o \in Board : Done(i, o) /\ UNCHANGED stamp
  \/ \E i \in Correct, o \in Board, reason \in Reason : Abandon(i, o, reason) /\ UNCHANGED stamp
  \/ \E i \in Correct, x \in Liar : MeetLiar(i, x, <<>>) /\ UNCHANGED stamp
  \/ \E i \in Correct, x \in Liar, first \in Items : MeetLiar(i, x, <<first>>) /\ UNCHANGED stamp

Spec == Connections /\ [][Next]_allVars

-----------------------------------------------------------------------------
\* Kinds of values. That numbers are natural, and so on, is TypeOK of snapshot.tla, below.

Entry == [life : Int, kind : STRING, content : Seq(Int)]

Part ==
  [number : Int, lives : [Board -> Int], state : Int, given : [Board -> Int], taken : [Board -> Int],
   channels : [Board -> Seq(Int)], count : Int, status : [Board -> STRING]]

Types ==
  /\ local \in [Board -> Int]
  /\ life \in [Board -> Int]
  /\ known \in [Board -> [Board -> Int]]
  /\ wire \in [Board -> [Board -> Seq(Entry)]]
  /\ given \in [Board -> [Board -> Int]]
  /\ taken \in [Board -> [Board -> Int]]
  /\ recording \in [Board -> [Board -> Part \cup {None}]]
  /\ latest \in [Board -> [Board -> Int]]
  /\ done \in [Board -> [Board -> Part \cup {None}]]
  /\ stamp \in [Board -> [Board -> Seq(Int)]]

StampsPaired == \A i, j \in Correct : Len(stamp[i][j]) = Len(wire[i][j])

LengthsNatural == \A i, j \in Correct : Len(wire[i][j]) >= 0

Shapes ==
  /\ Types
  /\ LengthsNatural
  /\ StampsPaired

THEOREM Typed == Spec => []Shapes
<1> QED BY Types, LengthsNatural, StampsPaired

-----------------------------------------------------------------------------
\* Channels: entries wait in the order of their lives, and each board's count runs on from entry to entry.

LivesKnown == \A i, j \in Correct : known[i][j] <= life[j]

EntriesInOrder ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[j][i]) :
    /\ known[i][j] <= wire[j][i][k].life
    /\ wire[j][i][k].life <= life[j]
    /\ \A l \in 1 .. Len(wire[j][i]) : k <= l => wire[j][i][k].life <= wire[j][i][l].life

\* Who has sent in its present life knows the present life of the receiver.
SentWhereMet ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[j][i]) : wire[j][i][k].life = life[j] => known[j][i] = life[i]

Order ==
  /\ LivesKnown
  /\ EntriesInOrder
  /\ SentWhereMet

THEOREM Ordered == Spec => []Order
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW after \in States, NEW answer \in Seq(Int), Receive(i, j, after, answer)
      PROVE Order'
  <2>1. EntriesInOrder' BY Typed, LengthsNatural, LivesKnown
  <2> QED BY Typed, LengthsNatural
<1> QED BY Typed, LengthsNatural, LivesKnown, EntriesInOrder, SentWhereMet

TakenWhereMet == \A i, j \in Correct : i # j /\ taken[i][j] # 0 /\ known[i][j] = life[j] => known[j][i] = life[i]

\* Items that i has taken, and j's count before the first entry of a life.
CountBefore(i, j, b) == IF b = known[i][j] THEN taken[i][j] ELSE 0

\* What an entry adds to the count.
Adds(entry) == IF entry.kind = "item" THEN 1 ELSE 0

NumberedFirst ==
  \A i, j \in Correct : i # j /\ wire[j][i] # <<>> =>
    stamp[j][i][1] = CountBefore(i, j, wire[j][i][1].life) + Adds(wire[j][i][1])

RunsOn(i, j) ==
  \A k, l \in 1 .. Len(wire[j][i]) : l = k + 1 =>
    stamp[j][i][l] = Adds(wire[j][i][l]) + (IF wire[j][i][k].life = wire[j][i][l].life THEN stamp[j][i][k]
                                            ELSE CountBefore(i, j, wire[j][i][l].life))

Numbered == \A i, j \in Correct : i # j => RunsOn(i, j)

GivenCounted ==
  \A i, j \in Correct : i # j /\ known[j][i] = life[i] =>
    given[j][i] = IF wire[j][i] # <<>> /\ wire[j][i][Len(wire[j][i])].life = life[j]
                  THEN stamp[j][i][Len(wire[j][i])]
                  ELSE CountBefore(i, j, life[j])

Channels ==
  /\ TakenWhereMet
  /\ NumberedFirst
  /\ Numbered
  /\ GivenCounted

THEOREM ChannelsCounted == Spec => []Channels
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW after \in States, NEW answer \in Seq(Int), Receive(i, j, after, answer)
      PROVE Channels'
  <2>1. TakenWhereMet' BY Typed, LengthsNatural, Ordered, SentWhereMet
  <2>2. /\ Len(wire[j][i]) > 0 /\ Len(stamp[j][i]) = Len(wire[j][i])
        /\ Len(wire[i][j]) >= 0 /\ Len(stamp[i][j]) = Len(wire[i][j])
    BY Typed, LengthsNatural, StampsPaired
  <2>3. known[i][j] = life[j] =>
          given[i][j] = IF wire[i][j] # <<>> /\ wire[i][j][Len(wire[i][j])].life = life[i]
                        THEN stamp[i][j][Len(wire[i][j])]
                        ELSE CountBefore(j, i, life[i])
    BY GivenCounted
  <2>4. \A k, l \in 1 .. Len(wire[j][i]) :
          l = k + 1 /\ wire[j][i][k].life # wire[j][i][l].life => wire[j][i][l].life # known[i][j]
    BY Ordered, EntriesInOrder
  <2>5. stamp[j][i][1] = CountBefore(i, j, wire[j][i][1].life) + 1 BY NumberedFirst
  <2>6. known[i][j] = life[j] => wire[j][i][Len(wire[j][i])].life = life[j] BY <2>2, Ordered, EntriesInOrder
  <2>7. RunsOn(i, j)' BY <2>2, <2>4, Numbered
  <2>8. RunsOn(j, i)' BY <2>2, <2>3, Numbered
  <2>9. Numbered' BY <2>7, <2>8
  <2>10. NumberedFirst' BY <2>2, <2>3, <2>5, Numbered
  <2> QED BY <2>2, <2>5, <2>6
<1>2. ASSUME NEW i \in Correct, NEW j \in Correct, NEW o \in Board, NEW number \in Numbers, ReceiveMarker(i, j, o, number)
      PROVE Channels'
  <2>1. TakenWhereMet' BY Typed
  <2>2. Numbered' BY Typed, LengthsNatural, StampsPaired
  <2>3. NumberedFirst' BY Typed, LengthsNatural, Numbered
  <2> QED BY Typed, LengthsNatural, StampsPaired, Ordered, EntriesInOrder, NumberedFirst
<1>3. ASSUME NEW i \in Correct, NEW j \in Board, NEW o \in Board, NEW number \in Numbers, Ignore(i, j, o, number)
      PROVE Channels'
  <2>1. TakenWhereMet' BY Typed
  <2>2. Numbered' BY Typed, LengthsNatural, StampsPaired
  <2>3. NumberedFirst' BY Typed, LengthsNatural, Numbered
  <2> QED BY Typed, LengthsNatural, StampsPaired, Ordered, EntriesInOrder, NumberedFirst
<1> QED BY Typed, LengthsNatural, StampsPaired, Ordered, EntriesInOrder, SentWhereMet, NumberedFirst, Numbered, GivenCounted

-----------------------------------------------------------------------------
\* Parts of snapshots. A part belongs to the lives that its channels ran between.

PartsInTime ==
  \A i, j \in Correct, o \in Board :
    /\ recording[i][o] # None =>
         /\ recording[i][o].number = latest[i][o]
         /\ recording[i][o].lives[i] = life[i]
         /\ i # j => recording[i][o].lives[j] <= life[j]
         /\ i # j /\ recording[i][o].status[j] # "lost" => recording[i][o].lives[j] = known[i][j]
    /\ done[i][o] # None =>
         /\ done[i][o].lives[j] <= life[j]
         /\ done[i][o].lives[i] = life[i] => done[i][o].number <= latest[i][o]

NumbersGrow ==
  \A i \in Correct, o \in Board :
    /\ latest[i][o] >= 0
    /\ recording[i][o] # None => recording[i][o].number > 0
    /\ done[i][o] # None => done[i][o].number > 0

Parts ==
  /\ NumbersGrow
  /\ PartsInTime
  /\ DoneIsWhole

THEOREM PartsKept == Spec => []Parts
<1> QED BY Typed, Ordered, LivesKnown, NumbersGrow, PartsInTime

\* Markers. A board sends the marker of a snapshot once it has recorded.

IsMarker(j, i, k, o) == wire[j][i][k].kind = "marker" /\ wire[j][i][k].content[1] = o

MarkersInTime ==
  \A i, j \in Correct : \A k \in 1 .. Len(wire[j][i]) :
    wire[j][i][k].kind = "marker" /\ wire[j][i][k].life = life[j] =>
      wire[j][i][k].content[2] <= latest[j][wire[j][i][k].content[1]]

IsClosed(x, i, j) == x # None /\ x.status[j] = "closed" /\ x.lives[j] = life[j]

ClosedInTime ==
  \A i, j \in Correct, o \in Board : i # j =>
    /\ IsClosed(recording[i][o], i, j) => recording[i][o].number <= latest[j][o]
    /\ IsClosed(done[i][o], i, j) => done[i][o].number <= latest[j][o]

Closings ==
  /\ MarkersInTime
  /\ ClosedInTime

THEOREM ClosedAfterRecording == Spec => []Closings
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW after \in States, NEW answer \in Seq(Int), Receive(i, j, after, answer)
      PROVE Closings'
  <2> QED BY Typed, LengthsNatural
<1>2. ASSUME NEW i \in Correct, NEW j \in Board, NEW o \in Board, NEW number \in Numbers, Ignore(i, j, o, number)
      PROVE Closings'
  <2> QED BY Typed, LengthsNatural
<1>3. ASSUME NEW i \in Correct, NEW j \in Correct, NEW o \in Board, NEW number \in Numbers, ReceiveMarker(i, j, o, number)
      PROVE Closings'
  <2>1. MarkersInTime' BY Typed, LengthsNatural
  <2> QED BY Typed, LengthsNatural, PartsKept, PartsInTime, MarkersInTime
<1> QED BY Typed, LengthsNatural, Ordered, LivesKnown, EntriesInOrder, PartsKept, PartsInTime, MarkersInTime

\* The marker stands where the sender recorded.
StandsRight(i, j, k, y) ==
  y # None /\ wire[j][i][k].content[2] = y.number /\ wire[j][i][k].life = y.lives[j] /\ life[i] = y.lives[i] =>
    stamp[j][i][k] = y.given[i]

MarkersStandRight ==
  \A i, j \in Correct, o \in Board : i # j =>
    \A k \in 1 .. Len(wire[j][i]) : IsMarker(j, i, k, o) =>
      /\ StandsRight(i, j, k, recording[j][o])
      /\ StandsRight(i, j, k, done[j][o])

THEOREM MarkersCount == Spec => []MarkersStandRight
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW after \in States, NEW answer \in Seq(Int), Receive(i, j, after, answer)
      PROVE MarkersStandRight'
  <2> QED BY Typed, LengthsNatural, StampsPaired
<1> QED BY Typed, LengthsNatural, StampsPaired, Ordered, LivesKnown, EntriesInOrder, SentWhereMet, PartsKept, PartsInTime,
           ClosedAfterRecording, MarkersInTime, MarkersStandRight

\* Until the marker is in, all that i takes from j is recorded.
OpenCounts ==
  \A i, j \in Correct, o \in Board : i # j /\ recording[i][o] # None /\ recording[i][o].status[j] = "open" =>
    recording[i][o].taken[j] + Len(recording[i][o].channels[j]) = taken[i][j]

THEOREM OpenKept == Spec => []OpenCounts
<1> QED BY Typed

\* Then it is what j had given when it recorded.
Fits(x, y, i, j) ==
  /\ x # None /\ y # None
  /\ x.number = y.number /\ x.lives[i] = y.lives[i] /\ x.lives[j] = y.lives[j]

Agrees(x, y, i, j) ==
  Fits(x, y, i, j) /\ x.status[j] = "closed" => x.taken[j] + Len(x.channels[j]) = y.given[i]

ClosedCounts ==
  \A i, j \in Correct, o \in Board : i # j =>
    /\ Agrees(recording[i][o], recording[j][o], i, j)
    /\ Agrees(recording[i][o], done[j][o], i, j)
    /\ Agrees(done[i][o], recording[j][o], i, j)
    /\ Agrees(done[i][o], done[j][o], i, j)

THEOREM ClosedKept == Spec => []ClosedCounts
<1>1. ASSUME NEW i \in Correct, NEW j \in Correct, NEW after \in States, NEW answer \in Seq(Int), Receive(i, j, after, answer)
      PROVE ClosedCounts'
  <2> QED BY Typed
<1>2. ASSUME NEW i \in Correct, NEW o \in Board, NEW number \in Numbers, Record(i, o, number) PROVE ClosedCounts'
  <2> QED BY Typed, PartsKept, PartsInTime, ClosedAfterRecording, ClosedInTime
<1>3. ASSUME NEW i \in Correct, NEW j \in Correct, NEW o \in Board, NEW number \in Numbers, ReceiveMarker(i, j, o, number)
      PROVE ClosedCounts'
  <2> QED BY Typed, LengthsNatural, ChannelsCounted, NumberedFirst, PartsKept, PartsInTime, MarkersCount,
             OpenKept, OpenCounts
<1> QED BY Typed, ChannelsCounted, PartsKept, ClosedAfterRecording, MarkersCount, OpenKept

THEOREM Exact == Spec => []ChannelsExact
  BY PartsKept, NumbersGrow, DoneIsWhole, ClosedKept

THEOREM Consistent == Spec => []ConsistentCut
  BY Typed, Types, PartsKept, NumbersGrow, DoneIsWhole, ClosedKept

-----------------------------------------------------------------------------
\* Steps.

THEOREM StatesKept == Spec => StateKept
<1> QED BY Typed

THEOREM EndsHaveReasons == Spec => NoSilentEnd
<1> QED BY Typed
=============================================================================
