-------------------------------- MODULE link --------------------------------
(***************************************************************************)
(* A reliable channel between two boards, first in, first out in each      *)
(* direction, over a path that loses, duplicates and reorders              *)
(* (firmware/amu/services/channel.py).                                     *)
(*                                                                         *)
(* Sliding window with cumulative acknowledgement and go-back-n            *)
(* (Stenning, A Data Transfer Protocol, Computer Networks 1, 1976; Cerf    *)
(* and Kahn, A Protocol for Packet Network Intercommunication, 1974).      *)
(* Either board may reboot and forget everything; a three-way handshake    *)
(* adopts a new incarnation (Tomlinson, Selecting Sequence Numbers, 1975;  *)
(* Belsnes, Single-Message Communication, 1976).                           *)
(*                                                                         *)
(* Modelled: both ends, with every field of a segment. A side is one       *)
(* record, and the effect of an input is a function of that record, as in  *)
(* the code. Each input is followed by the segment that is due after it.   *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - Bytes: CRC or tag reject a damaged frame, so damage is loss (module   *)
(*   framing, same folder). No one can forge a segment of the other side.  *)
(* - Boot numbers: a board that lost its flash takes any unused number.    *)
(*   Guards compare boot numbers only for equality, so 1, 2, ... stand     *)
(*   for any distinct ones; only OnlyLaterIncarnations uses their order,   *)
(*   which is that of time.                                                *)
(* - Time: a running timer may expire at any moment. Pauses, their growth  *)
(*   and the bound on segments per tick are left out: a segment that is    *)
(*   held back is one that is slow, or was never sent.                     *)
(* - The path holds FlightMax segments per direction, each until it is     *)
(*   lost or pushed out by another. It may be received any number of       *)
(*   times and in any order, so an old duplicate can wait arbitrarily      *)
(*   long.                                                                 *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Side,        \* two boards
  Talkers,     \* those of them that send items
  Rebooters,   \* those that reboot
  BootMax,     \* incarnations of each of them
  NumberMax,   \* items that are given in one connection
  Window,      \* CHANNEL_WINDOW_ITEMS
  QueueMax,    \* CHANNEL_QUEUE_ITEMS_MAX
  FlightMax    \* segments under way

ASSUME Cardinality(Side) = 2 /\ Talkers \subseteq Side /\ Rebooters \subseteq Side

VARIABLES
  side,    \* [s] -> what the board knows; a reboot clears it
  flight,  \* segments under way, each with its destination
  log      \* [s][own boot][boot of the other] -> delivered items: history, for the properties

vars == <<side, flight, log>>

NoBoot == 0  \* None in the code: no incarnation of the other side is adopted
Boot == 1..BootMax

Other(s) == CHOOSE t \in Side : t # s
Min(x, y) == IF x < y THEN x ELSE y
Max(x, y) == IF x > y THEN x ELSE y

(* For the properties, an item carries the incarnation that sent it, the one that it is for, and its number as counted
   by Give. The protocol does not read these. *)
Item == Boot \X (Boot \cup {NoBoot}) \X (1..NumberMax)
From(item) == item[1]
To(item) == item[2]
Number(item) == item[3]

-----------------------------------------------------------------------------
(* One side. Names as in Channel: acknowledged, sent, highest, delivered. *)

New(b) ==
  [boot |-> b, peer |-> NoBoot, known |-> FALSE, challenge |-> 1, echo |-> 0, queue |-> <<>>,
   acknowledged |-> 0, sent |-> 0, highest |-> 0, delivered |-> 0]

WindowEnd(c) == c.acknowledged + Min(Len(c.queue), Window)
HasFresh(c) == c.peer # NoBoot /\ c.sent < WindowEnd(c)

(* Channel._handshake: a segment outside any connection. *)
Handshake(c, peer, echo) ==
  [boot |-> c.boot, peer |-> peer, challenge |-> c.challenge, echo |-> echo,
   first |-> 0, acknowledged |-> 0, items |-> <<>>]

(* Channel._connected: the fresh items. It asks for an answer until we know that the other side has adopted us. *)
Connected(c) ==
  [boot |-> c.boot, peer |-> c.peer, challenge |-> IF c.known THEN 0 ELSE c.challenge, echo |-> c.echo,
   first |-> c.sent + 1, acknowledged |-> c.delivered,
   items |-> SubSeq(c.queue, c.sent - c.acknowledged + 1, WindowEnd(c) - c.acknowledged)]

Speech(c) == IF c.peer = NoBoot THEN Handshake(c, NoBoot, 0) ELSE Connected(c)

(* The side after Speech(c) has been sent. *)
Spoken(c) ==
  IF c.peer = NoBoot THEN c
  ELSE [c EXCEPT !.sent = WindowEnd(c), !.highest = Max(c.highest, WindowEnd(c))]

(* Channel.send. *)
Given(c) ==
  LET number == c.acknowledged + Len(c.queue) + 1
  IN [c EXCEPT !.queue = Append(c.queue, <<c.boot, c.peer, number>>)]

(* Channel.tick, when it is time to go back. *)
WentBack(c) == [c EXCEPT !.sent = c.acknowledged]
MayGoBack(c) == ~c.known \/ c.highest > c.acknowledged

(* Channel._adopt. Items given before any incarnation was known go to the first one; items given for a former
   incarnation are handed back to the caller. *)
Adopted(c, b) ==
  [New(c.boot) EXCEPT
    !.peer = b,
    !.challenge = c.challenge + 1,
    !.queue = IF c.peer = NoBoot THEN [i \in DOMAIN c.queue |-> <<c.boot, b, i>>] ELSE <<>>]

(* Channel._meet: a challenge is new since the last adoption, so its echo proves that m's incarnation lived after it. *)
IsStranger(c, m) == m.boot # c.peer
Proves(c, m) == m.echo = c.challenge /\ m.peer = c.boot

(* Channel._take_acknowledgement. *)
Acknowledged(c, m) ==
  IF m.acknowledged > c.acknowledged /\ m.acknowledged <= c.highest
  THEN [c EXCEPT !.queue = SubSeq(c.queue, m.acknowledged - c.acknowledged + 1, Len(c.queue)),
                 !.acknowledged = m.acknowledged,
                 !.sent = Max(c.sent, m.acknowledged)]
  ELSE c

(* Channel._take_items: the items of m that are new. *)
Next1(c) == c.delivered + 1
Last(m) == m.first + Len(m.items) - 1
FreshItems(c, m) ==
  IF m.peer = c.boot /\ m.items # <<>> /\ m.first <= Next1(c) /\ Last(m) >= Next1(c)
  THEN SubSeq(m.items, Next1(c) - m.first + 1, Len(m.items))
  ELSE <<>>

(* Channel.receive: a segment of the adopted incarnation. *)
Heard(c, m) ==
  LET challenged == IF m.challenge = 0 THEN c ELSE [c EXCEPT !.echo = m.challenge]
      connected == [Acknowledged(challenged, m) EXCEPT
                      !.known = c.known \/ m.first > 0,
                      !.delivered = c.delivered + Len(FreshItems(c, m))]
  IN IF m.peer = c.boot THEN connected ELSE challenged

IsOwed(c, m) == m.challenge # 0 \/ m.peer # c.boot \/ m.items # <<>>

-----------------------------------------------------------------------------
(* The path. A segment that finds the path full pushes another one out. *)
Coming(s) == {sent[2] : sent \in {sent \in flight : sent[1] = s}}

Put(t, m) ==
  IF <<t, m>> \in flight \/ Cardinality(flight) < FlightMax THEN flight' = flight \cup {<<t, m>>}
  ELSE \E lost \in flight : flight' = (flight \ {lost}) \cup {<<t, m>>}

Init ==
  /\ side = [s \in Side |-> New(1)]
  /\ flight = {}
  /\ log = [s \in Side |-> [b \in Boot |-> [p \in Boot |-> <<>>]]]

(* The caller gives an item, and it is sent if the window allows. *)
Give(s) ==
  LET c == side[s]
      given == Given(c)
  IN /\ s \in Talkers
     /\ Len(c.queue) < QueueMax
     /\ c.acknowledged + Len(c.queue) < NumberMax
     /\ IF HasFresh(given)
        THEN side' = [side EXCEPT ![s] = Spoken(given)] /\ Put(Other(s), Speech(given))
        ELSE side' = [side EXCEPT ![s] = given] /\ UNCHANGED flight
     /\ UNCHANGED log

(* The timer expires. *)
Timeout(s) ==
  LET c == WentBack(side[s])
  IN /\ MayGoBack(side[s])
     /\ side' = [side EXCEPT ![s] = Spoken(c)]
     /\ Put(Other(s), Speech(c))
     /\ UNCHANGED log

(* A segment of the adopted incarnation, or of one that is adopted because of it. *)
Take(s, m, c, owed) ==
  LET heard == Heard(c, m)
      fresh == FreshItems(c, m)
  IN /\ IF owed \/ HasFresh(heard)
        THEN side' = [side EXCEPT ![s] = Spoken(heard)] /\ Put(Other(s), Speech(heard))
        ELSE side' = [side EXCEPT ![s] = heard] /\ UNCHANGED flight
     /\ log' = IF fresh = <<>> THEN log ELSE [log EXCEPT ![s][c.boot][c.peer] = @ \o fresh]

Receive(s, m) ==
  /\ <<s, m>> \in flight
  /\ ~IsStranger(side[s], m)
  /\ Take(s, m, side[s], IsOwed(side[s], m))

Adopt(s, m) ==
  /\ <<s, m>> \in flight
  /\ IsStranger(side[s], m) /\ Proves(side[s], m)
  /\ Take(s, m, Adopted(side[s], m.boot), TRUE)

Challenge(s, m) ==
  /\ <<s, m>> \in flight
  /\ IsStranger(side[s], m) /\ ~Proves(side[s], m)
  /\ Put(Other(s), Handshake(side[s], m.boot, m.challenge))
  /\ UNCHANGED <<side, log>>

Lose(s, m) ==
  /\ <<s, m>> \in flight
  /\ flight' = flight \ {<<s, m>>}
  /\ UNCHANGED <<side, log>>

(* The side forgets everything; the segments on the path remain. *)
Reboot(s) ==
  /\ s \in Rebooters
  /\ side[s].boot < BootMax
  /\ side' = [side EXCEPT ![s] = New(side[s].boot + 1)]
  /\ UNCHANGED <<flight, log>>

Next ==
  \/ \E s \in Side : Give(s)
  \/ \E s \in Side : Timeout(s)
  \/ \E s \in Side : Reboot(s)
  \/ \E s \in Side : \E m \in Coming(s) : Receive(s, m)
  \/ \E s \in Side : \E m \in Coming(s) : Adopt(s, m)
  \/ \E s \in Side : \E m \in Coming(s) : Challenge(s, m)

Spec == Init /\ [][Next]_vars

(* A segment that is never received again is as good as lost, so safety is checked without Lose. Liveness needs Lose.
   Timers run, and if segments of a kind keep coming, the path keeps letting some of them through. Boards stop
   rebooting, because there are only BootMax incarnations. *)
LossyNext == Next \/ \E s \in Side : \E m \in Coming(s) : Lose(s, m)

Greetings(s) == {m \in Coming(s) : m.peer = NoBoot}
Answers(s) == {m \in Coming(s) : m.peer # NoBoot /\ m.first = 0}
Connecteds(s) == {m \in Coming(s) : m.first > 0}
Arrive(s, those) == \E m \in those : Receive(s, m) \/ Adopt(s, m) \/ Challenge(s, m)

FairSpec ==
  /\ Init /\ [][LossyNext]_vars
  /\ \A s \in Side :
       /\ WF_vars(Timeout(s))
       /\ SF_vars(Arrive(s, Greetings(s)))
       /\ SF_vars(Arrive(s, Answers(s)))
       /\ SF_vars(Arrive(s, Connecteds(s)))

-----------------------------------------------------------------------------
Count == 0..NumberMax
ChallengeNumber == 0..(BootMax + 1)

TypeOK ==
  /\ \A s \in Side :
       LET c == side[s]
       IN /\ c.boot \in Boot /\ c.peer \in Boot \cup {NoBoot} /\ c.known \in BOOLEAN
          /\ c.challenge \in ChallengeNumber \ {0} /\ c.echo \in ChallengeNumber
          /\ \A i \in DOMAIN c.queue : c.queue[i] \in Item
          /\ {c.acknowledged, c.sent, c.highest, c.delivered} \subseteq Count
          /\ c.acknowledged <= c.sent /\ c.sent <= c.highest
  /\ \A s \in Side : \A m \in Coming(s) :
       /\ m.boot \in Boot /\ m.peer \in Boot \cup {NoBoot}
       /\ {m.challenge, m.echo} \subseteq ChallengeNumber
       /\ m.acknowledged \in Count /\ m.first \in Count \cup {NumberMax + 1}
       /\ \A i \in DOMAIN m.items : m.items[i] \in Item

(* LNK-1: the items delivered in a connection are a prefix of those given, each once and in order. *)
DeliveredInOrder ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] : Number(log[s][b][p][i]) = i

(* LNK-2: no delivered item is from a former incarnation, or was meant for one. *)
NoFormerItem ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] :
    From(log[s][b][p][i]) = p /\ To(log[s][b][p][i]) = b

(* LNK-3: acknowledged items have been delivered. *)
AcknowledgedIsDelivered ==
  \A s \in Side : side[s].peer # NoBoot =>
    side[s].acknowledged <= Len(log[Other(s)][side[s].peer][side[s].boot])

(* LNK-4: items that were given and not acknowledged are still held, in order: nothing is dropped silently. *)
QueueHoldsTheRest ==
  \A s \in Side : \A i \in DOMAIN side[s].queue :
    side[s].queue[i] = <<side[s].boot, side[s].peer, side[s].acknowledged + i>>

(* LNK-5: bounds. *)
WindowKept ==
  \A s \in Side :
    /\ Len(side[s].queue) <= QueueMax
    /\ side[s].highest - side[s].acknowledged <= Window
    /\ \A m \in Coming(s) : Len(m.items) <= Window

(* Both sides name each other. *)
Paired == \A s \in Side : side[s].peer = side[Other(s)].boot

(* If a side knows that a living peer has adopted it, the peer has. *)
KnownIsTrue ==
  \A s \in Side : side[s].known /\ side[Other(s)].boot = side[s].peer => side[Other(s)].peer = side[s].boot

(* LNK-6: a side never returns to an incarnation that has ended. *)
Stays(s) == side'[s].boot = side[s].boot
OnlyLaterIncarnations ==
  [][\A s \in Side : Stays(s) /\ side'[s].peer # side[s].peer => side'[s].peer > side[s].peer]_vars

(* LNK-7: no old segment that is still under way can part two sides that name each other. *)
PairStands ==
  [][Paired /\ (\A s \in Side : Stays(s)) => \A s \in Side : side'[s].peer = side[s].peer]_vars

(* LNK-8: every given item is delivered if boards stop rebooting and the path keeps letting segments through. *)
AllDelivered == <>[](Paired /\ \A s \in Side : side[s].known /\ side[s].queue = <<>>)
=============================================================================
