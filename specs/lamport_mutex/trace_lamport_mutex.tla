------------------------ MODULE trace_lamport_mutex ------------------------
(***************************************************************************)
(* Checks the turns of a recorded run against lamport_mutex.tla. Each      *)
(* trace event has an operator; parameters have the names of the fields.   *)
(*                                                                         *)
(*   lamport_mutex     trace                        code (firmware/amu)    *)
(*   i                 node                         Mutex._me              *)
(*   Request           MutexRequest                 Mutex.request          *)
(*   Receive           MutexReceive (a correct      Mutex.receive          *)
(*   ReceiveLie        `from`; a liar)                                     *)
(*   Enter             MutexEnter                   Mutex._enter_if_first  *)
(*   Release           MutexRelease                 Mutex.release          *)
(*   Meet, MeetLiar    ChannelRestart               Mutex.peer_restarted   *)
(*   Restart           Boot                         Mutex.__init__         *)
(*   clock[i]          MutexReceive.time, ...       Mutex._time            *)
(*   requested[i]      MutexRequest.time            Mutex.requested        *)
(*   holding[i]        MutexEnter, MutexRelease     Mutex.is_holding       *)
(*   queue[i][j]       MutexReceive.sent            Mutex._requests[j]     *)
(*   heard[i][j]       MutexReceive.from            Mutex._is_heard[j]     *)
(*   later[i][j]       MutexReceive.sent            Mutex._is_later[j]     *)
(*   life, known       Boot, ChannelRestart         Channel.boot, peer_boot*)
(*   wire[i][j]        (follows from the others)    Mutex._items, Channel  *)
(*                                                                         *)
(* A trace has its own boot numbers; `lives` maps them to lives of boards. *)
(* Events must come in an order in which every receipt comes after its     *)
(* sending. The order of the file is one: a board traces each step before  *)
(* it sends the resulting items.                                           *)
(***************************************************************************)
EXTENDS lamport_mutex

VARIABLE lives  \* lives[i]: numbers of the boots of i so far, in order

Kinds == <<"request", "reply", "release">>  \* amu.services.items

LivesOf(peer, number) == {k \in 1 .. Len(lives[peer]) : lives[peer][k] = number}

TraceInit == Init /\ lives = [i \in Board |-> <<>>]

Boot(node, boot) ==
  /\ lives' = [lives EXCEPT ![node] = Append(@, boot)]
  /\ IF lives[node] = <<>> THEN UNCHANGED vars ELSE Restart(node, 0)

ChannelRestart(node, peer, peer_boot) ==
  /\ \/ MeetLiar(node, peer)
     \/ \E k \in LivesOf(peer, peer_boot) : Meet(node, peer, k)
  /\ UNCHANGED lives

(* `time` is the Lamport time of the event itself. To report it is the board's next event. *)
IsNow(time, lamport) == lamport = time + 1

MutexRequest(node, time, lamport) ==
  /\ IsNow(time, lamport)
  /\ Request(node, time)
  /\ UNCHANGED lives

MutexReceive(node, from, kind, sent, time, lamport) ==
  /\ IsNow(time, lamport)
  /\ IF from \in Liar
     THEN ReceiveLie(node, from, Kinds[kind], sent, time)
     ELSE /\ wire[from][node] # <<>>
          /\ Head(wire[from][node]).kind = Kinds[kind]
          /\ Head(wire[from][node]).time = sent
          /\ Receive(node, from, time)
  /\ UNCHANGED lives

MutexEnter(node, time) == requested[node] = time /\ Enter(node) /\ UNCHANGED lives

MutexRelease(node, time, lamport) ==
  /\ IsNow(time, lamport)
  /\ Release(node, time)
  /\ UNCHANGED lives

CONSTANTS TimeMax, BootMax  \* for TLC, which must find the arguments: see trace_lamport_mutex.cfg

Times == 1 .. TimeMax

TraceNext ==
  \E node \in Correct :
    \/ \E boot \in 1 .. BootMax : boot > Len(lives[node]) /\ Boot(node, boot)
    \/ \E peer \in Peers(node), peer_boot \in 1 .. BootMax : ChannelRestart(node, peer, peer_boot)
    \/ \E time \in Times :
         \/ MutexRequest(node, time, time + 1)
         \/ MutexEnter(node, time)
         \/ MutexRelease(node, time, time + 1)
    \/ \E from \in Peers(node), kind \in 1 .. 3, sent \in 0 .. TimeMax, time \in Times :
         MutexReceive(node, from, kind, sent, time, time + 1)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, lives>>
=============================================================================
