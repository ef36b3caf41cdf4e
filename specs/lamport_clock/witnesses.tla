------------------------------ MODULE witnesses ------------------------------
(***************************************************************************)
(* Whom to believe about the time when some boards lie                     *)
(* (firmware/amu/core/lamport.py, class Witnesses). OUR rule, after the    *)
(* f + 1 of Byzantine fault tolerance: among that many boards one is       *)
(* correct (Castro and Liskov, PBFT, OSDI 1999, section 4).                *)
(*                                                                         *)
(* IR2 lets one message push a clock to the end of all times. So a board   *)
(* remembers what each peer claims the time to be and is pushed at most    *)
(* Lead beyond what f + 1 of them claim. Refusing alone would let a liar   *)
(* push one correct board that all others then refuse for ever; so who     *)
(* hears of a time a little beyond follows up to the bound, and a peer     *)
(* whose messages were lost LostMax times in a row is heard all the same,  *)
(* outside the order.                                                      *)
(*                                                                         *)
(* Modelled: every correct board's clock, claims and counts; liars that    *)
(* claim anything to anybody at any time; messages that are lost, and      *)
(* messages that come late.                                                *)
(*                                                                         *)
(* Abstracted: a board's own events. Lead stands for 2^26 of them, so that *)
(* the one by which a clock moves at an event is too small to be seen: a   *)
(* receipt takes the clock to the later of the two times (module           *)
(* lamport_clock has IR1 and IR2 event by event). The end of all times     *)
(* (LAMPORT_MAX) is TimeMax; liars stop there, as they must in the code.   *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Correct, Liar,  \* boards
  Victims,        \* the correct ones that liars speak to
  FaultMax,       \* f
  Lead,           \* LAMPORT_LEAD_MAX
  LostMax,        \* LAMPORT_LOST_MAX
  TimeMax,
  FirstTimes      \* where clocks stand at first: apart, if a liar has pushed some before it fell silent

Board == Correct \cup Liar
ASSUME
  /\ Correct \cap Liar = {} /\ Victims \subseteq Correct
  /\ Cardinality(Liar) <= FaultMax
  /\ Cardinality(Board) > 3 * FaultMax

VARIABLES
  clock,   \* [n] -> Lamport time of a correct board
  claims,  \* [n][p] -> the latest time that p claimed to n, -1 before the first
  lost     \* [n][p] -> messages of p in a row that n took for lost

vars == <<clock, claims, lost>>

None == -1
Time == 0..TimeMax
Max(x, y) == IF x > y THEN x ELSE y
Min(x, y) == IF x < y THEN x ELSE y

(* Witnesses._common: the latest time that f + 1 peers have claimed. *)
Common(c) ==
  CHOOSE t \in {c[p] : p \in Board} :
    /\ Cardinality({p \in Board : c[p] >= t}) > FaultMax
    /\ Cardinality({p \in Board : c[p] > t}) <= FaultMax

(* Witnesses.believable: what n knows once p has claimed `time`, how far its clock follows what f + 1 claim, and the
   latest time that it believes. *)
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

(* Witnesses.judge, and what comes of its three answers. A message of p to n that claims `time`. *)
InOrder(n, p, time) ==
  LET h == Heard(n, p, time)
  IN /\ time <= h.bound
     /\ clock' = [clock EXCEPT ![n] = Max(h.followed, time)]
     /\ lost' = IF p \in Correct THEN [lost EXCEPT ![n][p] = 0] ELSE lost
     /\ claims' = [claims EXCEPT ![n] = h.claims]

(* Too few have spoken: our own clock is all that we have to go by. *)
TooEarly(n, p, time) ==
  LET h == Heard(n, p, time)
  IN /\ time > h.bound
     /\ h.common = None
     /\ claims' = [claims EXCEPT ![n] = h.claims]
     /\ UNCHANGED <<clock, lost>>

(* Beyond the bound. A little beyond is followed up to it. *)
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

(* Acted upon, but the receipt may be earlier than the sending. (The code counts on; nobody reads by how much.) *)
OutOfOrder(n, p, time) ==
  /\ lost[n][p] = LostMax
  /\ Beyond(n, p, time)
  /\ UNCHANGED lost

(* A message that a correct peer sends now. *)
HearInOrder(n, p) == p # n /\ InOrder(n, p, clock[p])
HearTooEarly(n, p) == p # n /\ TooEarly(n, p, clock[p])
HearLost(n, p) == p # n /\ Lost(n, p, clock[p])
HearOutOfOrder(n, p) == p # n /\ OutOfOrder(n, p, clock[p])
Hear(n, p) == HearInOrder(n, p) \/ HearTooEarly(n, p) \/ HearLost(n, p) \/ HearOutOfOrder(n, p)

(* One that was long under way: from any time that the peer's clock may have passed. *)
HearLate(n, p, time) ==
  /\ p # n /\ time < clock[p]
  /\ InOrder(n, p, time) \/ TooEarly(n, p, time) \/ Lost(n, p, time) \/ OutOfOrder(n, p, time)

(* A liar says what it likes to whom it likes. Whether what it says is lost or acted upon is nothing to the clocks. *)
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

(* Correct boards go on hearing each other as long as anybody learns of a later time by it. Claims and clocks only grow, so
   that much is enough, and no pair needs a condition of its own. Messages that come late tell of nothing later; they
   are left out here, for TLC's sake. *)
Exchange == \E n \in Correct : \E p \in Correct \ {n} : Hear(n, p)
Prompt == Exchange \/ \E n \in Victims, p \in Liar, time \in Time : HearLiar(n, p, time)

FairSpec == Init /\ [][Prompt]_vars /\ WF_<<clock, claims>>(Exchange)

-----------------------------------------------------------------------------
TypeOK ==
  /\ clock \in [Correct -> Time]
  /\ claims \in [Correct -> [Board -> {None} \cup Time]]
  /\ lost \in [Correct -> [Correct -> 0..LostMax]]

Latest == CHOOSE t \in Time : (\E n \in Correct : clock[n] = t) /\ \A n \in Correct : clock[n] <= t

(* LAM-6: what f + 1 claim, some correct board's clock has reached. *)
CommonIsBacked == \A n \in Correct : Common(claims[n]) <= Latest

(* LAM-7: nobody is pushed further than Lead beyond the clocks of correct boards, and never to the end of all times. *)
PushBounded ==
  [][\A n \in Correct : clock'[n] <= Latest + Lead]_vars
TimesLeft == \A n \in Correct : clock[n] < TimeMax

(* LAM-8: when liars have said all that they can say, every correct board takes every other's messages in order. *)
TakenInOrder == \A n, p \in Correct : n # p => clock[p] <= Heard(n, p, clock[p]).bound
HeardInTheEnd == <>[]TakenInOrder
=============================================================================
