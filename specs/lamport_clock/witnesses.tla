------------------------------ MODULE witnesses ------------------------------
(***************************************************************************)
(* How far a clock follows its peers when some of them lie                 *)
(* (firmware/amu/core/lamport.py, class Witnesses). OUR rule, after the    *)
(* f + 1 of Byzantine fault tolerance: among that many boards one is       *)
(* correct (Castro and Liskov, PBFT, OSDI 1999, section 4).                *)
(*                                                                         *)
(* With IR2 alone, one message can push a clock to the end of all times.   *)
(* So a board remembers the time that each peer claims, and follows at     *)
(* most Lead beyond what f + 1 of them claim. Rejecting alone is not       *)
(* enough: a liar could push one correct board, and all others would       *)
(* then reject its messages forever. So a board that hears a time          *)
(* slightly past the bound advances to the bound, and a peer of which      *)
(* LostMax messages in a row were lost is heard nevertheless, outside      *)
(* the order.                                                              *)
(*                                                                         *)
(* Modelled: every correct board's clock, claims and counts; liars that    *)
(* claim any time to any board at any moment; lost and late messages.      *)
(*                                                                         *)
(* Abstracted: a board's own events. Lead stands for 2^26 of them, so      *)
(* the single tick of an event is too small to matter: a receipt sets      *)
(* the clock to the later of the two times (module lamport_clock has IR1   *)
(* and IR2 event by event). The end of all times (LAMPORT_MAX) is          *)
(* TimeMax; liars stop there, as they must in the code.                    *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Correct, Liar,  \* boards
  Victims,        \* the correct ones that liars send to
  FaultMax,       \* f
  Lead,           \* LAMPORT_LEAD_MAX
  LostMax,        \* LAMPORT_LOST_MAX
  TimeMax,
  FirstTimes      \* initial clocks: apart, if a liar pushed some of them before it fell silent

Board == Correct \cup Liar
ASSUME
  /\ Correct \cap Liar = {} /\ Victims \subseteq Correct
  /\ Cardinality(Liar) <= FaultMax
  /\ Cardinality(Board) > 3 * FaultMax

VARIABLES
  clock,   \* [n] -> Lamport time of a correct board
  claims,  \* [n][p] -> the latest time that p claimed to n, -1 before the first
  lost     \* [n][p] -> how many messages of p in a row n treated as lost

vars == <<clock, claims, lost>>

None == -1
Time == 0..TimeMax
Max(x, y) == IF x > y THEN x ELSE y
Min(x, y) == IF x < y THEN x ELSE y

(* So many boards that one of them is correct. *)
HasWitness(S) == Cardinality(S) > FaultMax

(* Witnesses._common: the latest time that f + 1 peers have claimed. *)
Common(c) ==
  LET claimed == {t \in None..TimeMax : HasWitness({p \in Board : c[p] >= t})}
  IN CHOOSE t \in claimed : \A u \in claimed : u <= t

(* Witnesses.believable, after p has claimed `time`: the claims that n remembers, how far its clock follows what f + 1
   claim, and the latest time that it accepts. *)
Heard(n, p, time) ==
  LET c == [claims[n] EXCEPT ![p] = Max(@, time)]
      common == Common(c)
      followed == IF common < TimeMax THEN Max(clock[n], common) ELSE clock[n]
      believed == IF common = None THEN clock[n] + Lead ELSE Max(followed, common + Lead)
  IN [claims |-> c, common |-> common, followed |-> followed, bound |-> Min(believed, TimeMax - 1)]

Init ==
  /\ clock \in [Correct -> FirstTimes]
  /\ claims = [n \in Correct |-> [p \in Board |-> None]]
  /\ lost = [n \in Correct |-> [p \in Correct |-> 0]]

(* Witnesses.judge, and the effect of each of its answers on a message of p to n that claims `time`. *)
InOrder(n, p, time) ==
  LET h == Heard(n, p, time)
  IN /\ time <= h.bound
     /\ clock' = [clock EXCEPT ![n] = Max(h.followed, time)]
     /\ lost' = IF p \in Correct THEN [lost EXCEPT ![n][p] = 0] ELSE lost
     /\ claims' = [claims EXCEPT ![n] = h.claims]

(* Too few peers have claimed a time: judge by our own clock. *)
TooEarly(n, p, time) ==
  LET h == Heard(n, p, time)
  IN /\ time > h.bound
     /\ h.common = None
     /\ claims' = [claims EXCEPT ![n] = h.claims]
     /\ UNCHANGED <<clock, lost>>

(* Beyond the bound. If it is only slightly beyond, the clock advances to the bound. *)
Beyond(n, p, time) ==
  LET h == Heard(n, p, time)
  IN /\ time > h.bound
     /\ h.common # None
     /\ clock' = [clock EXCEPT ![n] = IF time <= h.bound + Lead THEN Max(h.followed, h.bound) ELSE h.followed]
     /\ claims' = [claims EXCEPT ![n] = h.claims]

Lost(n, p, time) ==
  /\ lost[n][p] < LostMax
  /\ Beyond(n, p, time)
  /\ lost' = [lost EXCEPT ![n][p] = @ + 1]

(* The board acts on it, but the receipt may be earlier than the sending. (The code counts on; no guard reads that.) *)
OutOfOrder(n, p, time) ==
  /\ lost[n][p] = LostMax
  /\ Beyond(n, p, time)
  /\ UNCHANGED lost

(* A message that a correct peer sends at this moment. *)
HearInOrder(n, p) == p # n /\ InOrder(n, p, clock[p])
HearTooEarly(n, p) == p # n /\ TooEarly(n, p, clock[p])
HearLost(n, p) == p # n /\ Lost(n, p, clock[p])
HearOutOfOrder(n, p) == p # n /\ OutOfOrder(n, p, clock[p])
Hear(n, p) == HearInOrder(n, p) \/ HearTooEarly(n, p) \/ HearLost(n, p) \/ HearOutOfOrder(n, p)

(* A late message: with any time that the peer's clock has passed. *)
HearLate(n, p, time) ==
  /\ p # n /\ time < clock[p]
  /\ InOrder(n, p, time) \/ TooEarly(n, p, time) \/ Lost(n, p, time) \/ OutOfOrder(n, p, time)

(* A liar sends any time to any of its victims. Whether a board loses the message or acts on it, clocks are the same. *)
HearLiar(n, p, time) ==
  \/ InOrder(n, p, time)
  \/ TooEarly(n, p, time)
  \/ Beyond(n, p, time) /\ UNCHANGED lost

Next ==
  \/ \E n, p \in Correct : HearInOrder(n, p)
  \/ \E n, p \in Correct : HearTooEarly(n, p)
  \/ \E n, p \in Correct : HearLost(n, p)
  \/ \E n, p \in Correct : HearOutOfOrder(n, p)
  \/ \E n, p \in Correct, time \in Time : HearLate(n, p, time)
  \/ \E n \in Victims, p \in Liar, time \in Time : HearLiar(n, p, time)

Spec == Init /\ [][Next]_vars

(* Correct boards keep hearing each other as long as some board learns a later time from it. Claims and clocks only
   grow, so this one condition is enough; no pair needs its own. Late messages bring no later time, and are left out to
   make TLC's search smaller. *)
Exchange == \E n \in Correct : \E p \in Correct \ {n} : Hear(n, p)
Prompt == Exchange \/ \E n \in Victims, p \in Liar, time \in Time : HearLiar(n, p, time)

FairSpec == Init /\ [][Prompt]_vars /\ WF_<<clock, claims>>(Exchange)

-----------------------------------------------------------------------------
TypeOK ==
  /\ clock \in [Correct -> Time]
  /\ claims \in [Correct -> [Board -> {None} \cup Time]]
  /\ lost \in [Correct -> [Correct -> 0..LostMax]]

Latest ==
  LET reached == {t \in Time : \E n \in Correct : clock[n] = t}
  IN CHOOSE t \in reached : \A u \in reached : u <= t

(* LAM-6: some correct board's clock has reached the time that f + 1 boards claim. *)
CommonIsBacked == \A n \in Correct : Common(claims[n]) <= Latest

(* LAM-7: no board is pushed more than Lead beyond the clocks of correct boards, and none to the end of all times. *)
PushBounded ==
  [][\A n \in Correct : clock'[n] <= Latest + Lead]_vars
TimesLeft == \A n \in Correct : clock[n] < TimeMax

(* LAM-8: once the liars can claim nothing later, every correct board takes the messages of all others in order. *)
TakenInOrder == \A n, p \in Correct : n # p => clock[p] <= Heard(n, p, clock[p]).bound
HeardInTheEnd == <>[]TakenInOrder
=============================================================================
