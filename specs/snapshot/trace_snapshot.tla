--------------------------- MODULE trace_snapshot ---------------------------
(***************************************************************************)
(* Holds the snapshots of a recorded run against snapshot.tla: one         *)
(* operator for each trace event, its parameters named as the fields.      *)
(*                                                                         *)
(*   snapshot            trace                      code (firmware/amu)    *)
(*   i                   node                       Snapshot._me           *)
(*   Record              SnapshotRecord             Snapshot._record       *)
(*   ReceiveMarker(Lie)  SnapshotMarker             .receive_marker        *)
(*   Ignore              SnapshotIgnored            .receive_marker        *)
(*   Done                SnapshotDone               ._finish_if_done       *)
(*   Abandon             SnapshotAbandoned          ._abandon              *)
(*   Send                MutexRequest, MutexRelease .sent                  *)
(*   Receive(Lie)        MutexReceive               .receive_item          *)
(*   Meet, MeetLiar      ChannelRestart             .peer_restarted        *)
(*   Restart             Boot                       .__init__              *)
(*   given, taken        SnapshotRecord.sent_counts ._sent, ._received     *)
(*   recording[i][o]     SnapshotRecord.state, ...  ._recordings[o]        *)
(*   recording...channels SnapshotDone.channels     _Recording.channels    *)
(*   latest[i][o]        SnapshotRecord.number      ._latest[o]            *)
(*   applied[i]          Apply.slot, Adopt.slot,    Replica.applied        *)
(*                       Boot.applied_slot                                 *)
(*                                                                         *)
(* The application is the mutex: local[i] is <<time of the outstanding     *)
(* request or 0, whether i holds>>, and an item <<kind, time>> as in       *)
(* amu.services.items. Its events tell what is sent and received; that     *)
(* they are right is for trace_lamport_mutex.tla to say. Order of events   *)
(* and `lives` as there.                                                   *)
(***************************************************************************)
EXTENDS snapshot

VARIABLES
  lives,  \* lives[i]: numbers of the boots of i so far, in order
  time_of, \* time_of[i]: of the latest event of i's mutex
  applied  \* applied[i]: the slot that i applied last

traceVars == <<lives, time_of, applied>>

Request == 1
Reply == 2
Release == 3
Idle == <<0, FALSE>>

LivesOf(peer, number) == {k \in 1 .. Len(lives[peer]) : lives[peer][k] = number}

TraceInit ==
  /\ Init
  /\ local = [i \in Board |-> Idle]
  /\ lives = [i \in Board |-> <<>>]
  /\ time_of = [i \in Board |-> 0]
  /\ applied = [i \in Board |-> 0]

Now(node, time) == time_of' = [time_of EXCEPT ![node] = time] /\ UNCHANGED <<lives, applied>>

(* What a board records of the log is where it is. Apply and Adopt need to be here only before a SnapshotRecord. *)
IsAt(node, slot) == applied' = [applied EXCEPT ![node] = slot] /\ UNCHANGED <<vars, lives, time_of>>
Apply(node, slot) == IsAt(node, slot)
Adopt(node, slot) == IsAt(node, slot)

Boot(node, boot, applied_slot) ==
  /\ applied' = [applied EXCEPT ![node] = applied_slot]
  /\ lives' = [lives EXCEPT ![node] = Append(@, boot)]
  /\ time_of' = [time_of EXCEPT ![node] = 0]
  /\ IF lives[node] = <<>> THEN UNCHANGED vars ELSE Restart(node, Idle)

(* A board reports the end of a snapshot at once: before anything else but the turn that the same item may begin. *)
OwesAnEnd(node) ==
  \E o \in Board :
    /\ InProgress(node, o)
    /\ \/ IsFinished(node, o)
       \/ recording[node][o].count > ItemsMax
       \/ \E j \in Board : recording[node][o].status[j] = "lost"

Greeting(node) == IF local[node][1] # 0 THEN <<Request, local[node][1]>> ELSE <<Reply, time_of[node]>>

ChannelRestart(node, peer, peer_boot) ==
  /\ ~OwesAnEnd(node)
  /\ \/ MeetLiar(node, peer, <<Greeting(node)>>)
     \/ \E k \in LivesOf(peer, peer_boot) : Meet(node, peer, k, <<Greeting(node)>>)
  /\ UNCHANGED traceVars

MutexRequest(node, time) ==
  /\ ~OwesAnEnd(node)
  /\ Send(node, Peers(node), <<Request, time>>, <<time, FALSE>>)
  /\ Now(node, time)

MutexReceive(node, from, kind, sent, time) ==
  LET answer == IF kind = Request THEN <<<<Reply, time>>>> ELSE <<>>
  IN /\ ~OwesAnEnd(node)
     /\ IF from \in Liar
        THEN ReceiveLie(node, from, <<kind, sent>>, local[node], answer)
        ELSE HasNext(node, from, "item") /\ Front(node, from)[1] = <<kind, sent>> /\ Receive(node, from, local[node], answer)
     /\ Now(node, time)

MutexEnter(node, time) ==
  /\ local[node] = <<time, FALSE>>
  /\ Send(node, {}, <<>>, <<time, TRUE>>)
  /\ UNCHANGED traceVars

MutexRelease(node, time) ==
  /\ ~OwesAnEnd(node)
  /\ Send(node, Peers(node), <<Release, time>>, Idle)
  /\ Now(node, time)

Counts(counts) == [n \in 1 .. Cardinality(Board) |-> counts[n - 1]]  \* boards count from 0, the lists of a trace from 1

(* A snapshot's number is the Lamport time of its start. To report it is the board's next event. *)
IsOfNow(node, initiator, number, lamport) == node = initiator => lamport = number + 1

SnapshotRecord(node, initiator, number, state, sent_counts, received_counts, lamport) ==
  /\ ~OwesAnEnd(node)
  /\ IsOfNow(node, initiator, number, lamport)
  /\ state = <<applied[node], local[node][1], local[node][2]>>
  /\ sent_counts = Counts(given[node])
  /\ received_counts = Counts(taken[node])
  /\ Record(node, initiator, number)
  /\ UNCHANGED traceVars

SnapshotMarker(node, from, initiator, number, received_count) ==
  /\ ~OwesAnEnd(node)
  /\ received_count = taken[node][from]
  /\ ReceiveMarker(node, from, initiator, number) \/ ReceiveMarkerLie(node, from, initiator, number)
  /\ UNCHANGED traceVars

SnapshotIgnored(node, from, initiator, number) ==
  /\ ~OwesAnEnd(node)
  /\ Ignore(node, from, initiator, number)
  /\ UNCHANGED traceVars

SnapshotDone(node, initiator, number, channels) ==
  /\ recording[node][initiator].number = number
  /\ channels = Counts(recording[node][initiator].channels)
  /\ Done(node, initiator)
  /\ UNCHANGED traceVars

SnapshotAbandoned(node, initiator, number, reason) ==
  /\ recording[node][initiator].number = number
  /\ Abandon(node, initiator, reason)
  /\ UNCHANGED traceVars

(* What a snapshot is for: in a picture of the swarm nobody holds beside another, though the picture was taken board by
   board. *)
OneHolderInPicture ==
  \A i, j \in Correct, o \in Board :
    BothDone(i, j, o) => ~(done[i][o].state[2] /\ done[j][o].state[2])

(* The invariants that speak of `done` alone, asked when it changes: a trace is long, and snapshots are few. *)
ConsistentCutKept == [][UNCHANGED done \/ ConsistentCut']_<<vars, traceVars>>
ChannelsExactKept == [][UNCHANGED done \/ ChannelsExact']_<<vars, traceVars>>
PartsFitKept == [][UNCHANGED done \/ PartsFit']_<<vars, traceVars>>
DoneIsWholeKept == [][UNCHANGED done \/ DoneIsWhole']_<<vars, traceVars>>
OneHolderInPictureKept == [][UNCHANGED done \/ OneHolderInPicture']_<<vars, traceVars>>

CONSTANTS TimeMax, BootMax  \* for TLC, which must find the arguments: see trace_snapshot.cfg

Times == 1 .. TimeMax

TraceNext ==
  \E node \in Correct :
    \/ \E boot \in 1 .. BootMax : boot > Len(lives[node]) /\ Boot(node, boot, 0)
    \/ \E peer \in Peers(node), peer_boot \in 1 .. BootMax : ChannelRestart(node, peer, peer_boot)
    \/ \E time \in Times : time > time_of[node] /\ local[node] = Idle /\ MutexRequest(node, time)
    \/ \E time \in Times : MutexEnter(node, time)
    \/ \E time \in Times : time > time_of[node] /\ local[node][2] /\ MutexRelease(node, time)
    \/ \E from \in Peers(node), kind \in 1 .. 3, sent_at \in 0 .. TimeMax, time \in Times :
         time > time_of[node] /\ MutexReceive(node, from, kind, sent_at, time)
    \/ \E number \in Times, initiator \in Board :
         SnapshotRecord(node, initiator, number, <<applied[node], local[node][1], local[node][2]>>,
                        Counts(given[node]), Counts(taken[node]), number + 1)
    \/ \E number \in Times, initiator \in Board, from \in Peers(node) :
         \/ SnapshotMarker(node, from, initiator, number, taken[node][from])
         \/ SnapshotIgnored(node, from, initiator, number)
    \/ \E number \in Times, initiator \in Board :
         \/ InProgress(node, initiator) /\ SnapshotDone(node, initiator, number, Counts(recording[node][initiator].channels))
         \/ \E reason \in Reason : SnapshotAbandoned(node, initiator, number, reason)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, traceVars>>
=============================================================================
