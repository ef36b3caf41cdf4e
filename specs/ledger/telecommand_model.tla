------------------------- MODULE telecommand_model -------------------------
(***************************************************************************)
(* A telecommand within bounds. Correct boards give the one answer of the  *)
(* log, or one receipt if they cannot read the command; liars say          *)
(* anything. Messages are lost and repeated, and the station may die.      *)
(***************************************************************************)
EXTENDS telecommand

CONSTANTS
  Liar,
  Truth,        \* the log's answer; NoAnswer if nobody can read the command
  Answers,      \* what liars may answer
  AttemptsMax

Correct == Board \ Liar
IsReadable == Truth # NoAnswer
TrueStatuses == IF IsReadable THEN {"queued"} ELSE {"malformed"}
LiarStatuses == {"malformed"}

ModelNext ==
  \/ Queued(1, 0)
  \/ \E b \in Board :
       \/ attempts[b] < AttemptsMax /\ Uplinked(b, attempts[b] + 1)
       \/ \E status \in IF b \in Liar THEN LiarStatuses ELSE TrueStatuses : Received(b, status)
       \/ \E a \in IF b \in Liar THEN Answers ELSE {Truth} \ {NoAnswer} : Applied(b, a[1], a[2]) \/ Conflict(b, a[1], a[2])
  \/ \E a \in Answers \cup {Truth} : Confirmed(a[1], a[2]) \/ Contradiction(a[1], a[2])
  \/ Malformed
  \/ Stale
  \/ Resume

ModelSpec == Init /\ [][ModelNext]_vars

ModelTypeOK ==
  /\ stage \in {"none", "queued"} \cup Terminal
  /\ asked \subseteq Board
  /\ \A b \in Board :
       /\ attempts[b] \in 0 .. AttemptsMax
       /\ receipt[b] \in Statuses \cup {NoReceipt}
       /\ answer[b] \in Answers \cup {Truth, NoAnswer}

(* What the operator reads is true, however the boards lie. *)
ConfirmedIsTrue == stage = "confirmed" => told = Truth
MalformedIsTrue == IsReadable => stage # "malformed"
NeverContradicted ==
  stage = "confirmed" => \A a \in Answers : a # told => ~IsEnough(Giving(a))

OneAnswer == <<1, "ok">>
NothingReadable == NoAnswer
Lies == {<<1, "ok">>, <<1, "no">>}
=============================================================================
