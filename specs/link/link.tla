-------------------------------- MODULE link --------------------------------
(***************************************************************************)
(* A reliable channel between two boards, first in, first out in each      *)
(* direction, over a path that loses, doubles and reorders                 *)
(* (firmware/amu/services/channel.py).                                     *)
(*                                                                         *)
(* Sliding window with cumulative acknowledgement, going back n (Stenning, *)
(* A Data Transfer Protocol, Computer Networks 1, 1976; Cerf and Kahn, A   *)
(* Protocol for Packet Network Intercommunication, 1974). Either board may *)
(* reboot and forget everything; a new incarnation is adopted only by a    *)
(* three-way handshake (Tomlinson, Selecting Sequence Numbers, 1975;       *)
(* Belsnes, Single-Message Communication, 1976).                           *)
(*                                                                         *)
(* Modelled: both ends whole, with every field of a segment. A side is one *)
(* record, and what an input does to it is a function of that record, as   *)
(* in the code. Each input is followed by the segment that it makes due.   *)
(*                                                                         *)
(* Abstracted, and why that is sound.                                      *)
(* - Bytes: a damaged frame is refused by its CRC or its tag, so damage is *)
(*   loss (module framing, same folder). Nobody can forge a segment of the *)
(*   other side.                                                           *)
(* - Boot numbers: a board that lost its flash takes any unused number.    *)
(*   Guards compare boot numbers for equality only, so 1, 2, ... stand for *)
(*   any distinct ones; only OnlyLaterIncarnations uses their order, which *)
(*   is that of time.                                                      *)
(* - Time: a timer may run out whenever it runs. Pauses and their growth   *)
(*   are left out, and so is the bound on segments a tick: a segment that  *)
(*   is held back is one that is slow on its way, or was never sent.       *)
(* - The path holds FlightMax segments a direction, each until it is lost  *)
(*   or pushed out by another. It may be received any number of times and  *)
(*   in any order, so an old duplicate can wait for as long as it likes.   *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
  Side,        \* two boards
  Talkers,     \* those of them that send items
  Rebooters,   \* those that reboot
  BootMax,     \* incarnations of each of them
  NumberMax,   \* items of a connection that are given
  Window,      \* CHANNEL_WINDOW_ITEMS
  QueueMax,    \* CHANNEL_QUEUE_ITEMS_MAX
  FlightMax    \* segments under way

ASSUME Cardinality(Side) = 2 /\ Talkers \subseteq Side /\ Rebooters \subseteq Side

VARIABLES
  side,    \* [s] -> what the board knows; forgotten when it reboots
  flight,  \* segments under way, each with the side to which it goes
  log      \* [s][own boot][boot of the other] -> items delivered there: nobody reads it, it is for the properties

vars == <<side, flight, log>>

NoBoot == 0  \* None: no incarnation of the other side has been adopted
Boot == 1..BootMax

Other(s) == CHOOSE t \in Side : t # s
Min(x, y) == IF x < y THEN x ELSE y
Max(x, y) == IF x > y THEN x ELSE y

(* An item says of itself from which incarnation it is, for which one, and its number as Give counted it. The protocol
   looks at none of these. *)
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

(* Channel._handshake: a segment of no connection. *)
Handshake(c, peer, echo) ==
  [boot |-> c.boot, peer |-> peer, challenge |-> c.challenge, echo |-> echo,
   first |-> 0, acknowledged |-> 0, items |-> <<>>]

(* Channel._connected: what is fresh; it asks for an answer until the other side is known to have adopted us. *)
Connected(c) ==
  [boot |-> c.boot, peer |-> c.peer, challenge |-> IF c.known THEN 0 ELSE c.challenge, echo |-> c.echo,
   first |-> c.sent + 1, acknowledged |-> c.delivered,
   items |-> SubSeq(c.queue, c.sent - c.acknowledged + 1, WindowEnd(c) - c.acknowledged)]

Speech(c) == IF c.peer = NoBoot THEN Handshake(c, NoBoot, 0) ELSE Connected(c)

(* What has been sent once Speech(c) is. *)
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

(* Channel._adopt. What was given before any incarnation was known goes to the first one that is; what was given for a
   former one is handed back to the caller. *)
Adopted(c, b) ==
  [New(c.boot) EXCEPT
    !.peer = b,
    !.challenge = c.challenge + 1,
    !.queue = IF c.peer = NoBoot THEN [i \in DOMAIN c.queue |-> <<c.boot, b, i>>] ELSE <<>>]

(* Channel._meet: the echo of a challenge that is new since the last adoption proves that m's incarnation has lived since. *)
IsStranger(c, m) == m.boot # c.peer
Proves(c, m) == m.echo = c.challenge /\ m.peer = c.boot

(* Channel._take_acknowledgement. *)
Acknowledged(c, m) ==
  IF m.acknowledged > c.acknowledged /\ m.acknowledged <= c.highest
  THEN [c EXCEPT !.queue = SubSeq(c.queue, m.acknowledged - c.acknowledged + 1, Len(c.queue)),
                 !.acknowledged = m.acknowledged,
                 !.sent = Max(c.sent, m.acknowledged)]
  ELSE c

(* Channel._take_items: the items of m that are delivered. *)
Next1(c) == c.delivered + 1
Last(m) == m.first + Len(m.items) - 1
FreshItems(c, m) ==
  IF m.peer = c.boot /\ m.items # <<>> /\ m.first <= Next1(c) /\ Last(m) >= Next1(c)
  THEN SubSeq(m.items, Next1(c) - m.first + 1, Len(m.items))
  ELSE <<>>

(* Channel.receive, of the adopted incarnation. *)
Heard(c, m) ==
  LET challenged == IF m.challenge = 0 THEN c ELSE [c EXCEPT !.echo = m.challenge]
      connected == [Acknowledged(challenged, m) EXCEPT
                      !.known = c.known \/ m.first > 0,
                      !.delivered = c.delivered + Len(FreshItems(c, m))]
  IN IF m.peer = c.boot THEN connected ELSE challenged

IsOwed(c, m) == m.challenge # 0 \/ m.peer # c.boot \/ m.items # <<>>

-----------------------------------------------------------------------------
(* The path. A segment that finds it full pushes another one out. *)
Coming(s) == {sent[2] : sent \in {sent \in flight : sent[1] = s}}

Put(t, m) ==
  IF <<t, m>> \in flight THEN UNCHANGED flight
  ELSE IF Cardinality(flight) < FlightMax THEN flight' = flight \cup {<<t, m>>}
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

(* The timer runs out. *)
Timeout(s) ==
  LET c == WentBack(side[s])
  IN /\ MayGoBack(side[s])
     /\ side' = [side EXCEPT ![s] = Spoken(c)]
     /\ Put(Other(s), Speech(c))
     /\ UNCHANGED log

(* A segment of the adopted incarnation, or of one that is adopted for it. *)
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

(* Everything is forgotten; what the path holds is still there. *)
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

(* A segment that is never received again is as good as lost, so what must never happen is looked for without Lose. What
   must happen needs it. The timers run, and where segments come again and again the path lets one through again and
   again. Boards stop rebooting, for there are only BootMax incarnations. *)
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

(* LNK-1: what is delivered in a connection is a prefix of what was given, each item once and in order. *)
DeliveredInOrder ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] : Number(log[s][b][p][i]) = i

(* LNK-2: no item of a former incarnation, and none that was meant for one. *)
NoFormerItem ==
  \A s \in Side, b \in Boot, p \in Boot : \A i \in DOMAIN log[s][b][p] :
    From(log[s][b][p][i]) = p /\ To(log[s][b][p][i]) = b

(* LNK-3: what is acknowledged has been delivered. *)
AcknowledgedIsDelivered ==
  \A s \in Side : side[s].peer # NoBoot =>
    side[s].acknowledged <= Len(log[Other(s)][side[s].peer][side[s].boot])

(* LNK-4: what was given and is not acknowledged is still held, in order: nothing is dropped in silence. *)
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

(* A side that is known to be adopted by a living peer is. *)
KnownIsTrue ==
  \A s \in Side : side[s].known /\ side[Other(s)].boot = side[s].peer => side[Other(s)].peer = side[s].boot

(* LNK-6: a side never goes back to an incarnation that has ended. *)
Stays(s) == side'[s].boot = side[s].boot
OnlyLaterIncarnations ==
  [][\A s \in Side : Stays(s) /\ side'[s].peer # side[s].peer => side'[s].peer > side[s].peer]_vars

(* LNK-7: nothing that is still under way from before can part two sides that name each other. *)
PairStands ==
  [][Paired /\ (\A s \in Side : Stays(s)) => \A s \in Side : side'[s].peer = side[s].peer]_vars

(* LNK-8: all that is given is delivered, if boards stop rebooting and the path lets segments through again and again. *)
AllDelivered == <>[](Paired /\ \A s \in Side : side[s].known /\ side[s].queue = <<>>)
=============================================================================
