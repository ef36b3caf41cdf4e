---------------------------- MODULE telecommand ----------------------------
(***************************************************************************)
(* One operation of one client, as the ground station follows it           *)
(* (groundstation/station/client.py; specs/decisions/telecommand.md).      *)
(* It goes to every board. At most FaultyMax boards lie, so FaultyMax + 1  *)
(* equal answers have one of a correct board among them (Castro and Liskov *)
(* 1999, section 4.1). No answer never means "failed".                     *)
(*                                                                         *)
(* Each action is a stage of the trace event Telecommand and has its name; *)
(* parameters have the names of the event's fields.                        *)
(*                                                                         *)
(*   here          trace (Telecommand)        code (groundstation/)        *)
(*   stage         stage                      Operation.state              *)
(*   attempts[b]   attempt of board           OnBoard.attempts             *)
(*   asked         board of "uplinked"        OnBoard.uplinked             *)
(*   receipt[b]    status of board            OnBoard.receipt              *)
(*   answer[b]     slot, result of board      OnBoard.answer               *)
(*   told          slot, result               Operation.answer             *)
(*                                                                         *)
(* A result is opaque. That a correct board's answer is that of the log,   *)
(* is for specs/checking/ledger/telecommand.py to say: it has the log.     *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Board,        \* boards, which are asked
  FaultyMax,    \* f
  TellsUplinks  \* whether the trace tells what was sent: the simulator's does not

VARIABLES stage, attempts, asked, receipt, answer, told

vars == <<stage, attempts, asked, receipt, answer, told>>

NoAnswer == <<0, "">>  \* slots count from 1
NoReceipt == "none"
Statuses == {"queued", "busy", "stale", "malformed"}
Terminal == {"confirmed", "malformed", "stale"}

IsKnown == stage # "none"
IsOpen == stage = "queued"
WasAsked(b) == b \in Board /\ (TellsUplinks => b \in asked)
Giving(a) == {b \in Board : answer[b] = a}
Refusing(status) == {b \in Board : answer[b] = NoAnswer /\ receipt[b] = status}
IsEnough(S) == Cardinality(S) >= FaultyMax + 1

Init ==
  /\ stage = "none"
  /\ attempts = [b \in Board |-> 0]
  /\ asked = {}
  /\ receipt = [b \in Board |-> NoReceipt]
  /\ answer = [b \in Board |-> NoAnswer]
  /\ told = NoAnswer

(* Numbers of a client grow. `last`: of its operation before this one. *)
Queued(operation, last) ==
  /\ stage = "none"
  /\ operation > last
  /\ stage' = "queued"
  /\ UNCHANGED <<attempts, asked, receipt, answer, told>>

Uplinked(board, attempt) ==
  /\ IsOpen
  /\ board \in Board
  /\ attempt = attempts[board] + 1
  /\ attempts' = [attempts EXCEPT ![board] = attempt]
  /\ asked' = asked \cup {board}
  /\ UNCHANGED <<stage, receipt, answer, told>>

(* Only a new status is reported. Late receipts and answers come after the end, too. *)
Received(board, status) ==
  /\ IsKnown
  /\ WasAsked(board)
  /\ status \in Statuses
  /\ status # receipt[board]
  /\ receipt' = [receipt EXCEPT ![board] = status]
  /\ UNCHANGED <<stage, attempts, asked, answer, told>>

(* A board's first answer stands. It answers what it applies, which others may have been asked for: one that was down *)
(* when the operation was sent learns of it from the log.                                                            *)
Applied(board, slot, result) ==
  /\ IsKnown
  /\ board \in Board
  /\ slot > 0
  /\ answer[board] = NoAnswer
  /\ answer' = [answer EXCEPT ![board] = <<slot, result>>]
  /\ UNCHANGED <<stage, attempts, asked, receipt, told>>

(* A board's answer that no other gave, or another one than its first. *)
Conflict(board, slot, result) ==
  /\ board \in Board
  /\ answer[board] # NoAnswer
  /\ \E b \in Board : answer[b] \notin {NoAnswer, <<slot, result>>}
  /\ UNCHANGED vars

Confirmed(slot, result) ==
  /\ IsOpen
  /\ slot > 0
  /\ IsEnough(Giving(<<slot, result>>))
  /\ stage' = "confirmed"
  /\ told' = <<slot, result>>
  /\ UNCHANGED <<attempts, asked, receipt, answer>>

Refused(status) ==
  /\ IsOpen
  /\ IsEnough(Refusing(status))
  /\ stage' = status
  /\ UNCHANGED <<attempts, asked, receipt, answer, told>>

Malformed == Refused("malformed")
Stale == Refused("stale")

(* Two answers with FaultyMax + 1 boards each. *)
Contradiction(slot, result) ==
  /\ stage = "confirmed"
  /\ slot > 0
  /\ told # <<slot, result>>
  /\ IsEnough(Giving(<<slot, result>>))
  /\ UNCHANGED vars

(* The station is gone. The next one takes up what is open, and starts over with every board. Which boards the dead one *)
(* asked last is not on record: a link takes a request before the trace tells of it.                                  *)
Resume ==
  /\ attempts' = [b \in Board |-> 0]
  /\ receipt' = [b \in Board |-> NoReceipt]
  /\ answer' = [b \in Board |-> NoAnswer]
  /\ asked' = IF IsKnown THEN Board ELSE asked
  /\ UNCHANGED <<stage, told>>

(* TCM-2: an end stands. *)
EndsOnceStep == stage \in Terminal => UNCHANGED <<stage, told>>
EndsOnce == [][EndsOnceStep]_vars
=============================================================================
