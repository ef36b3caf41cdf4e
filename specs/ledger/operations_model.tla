-------------------------- MODULE operations_model --------------------------
(***************************************************************************)
(* Operation ids within bounds: any operation of any client is decided in  *)
(* any slot, any number of times and in any order, because telecommands    *)
(* are lost and repeated. `effects` counts how often each took effect,     *)
(* `told` collects the answers to its sender. Neither is in the code.      *)
(*                                                                         *)
(* The answer of an operation that takes effect depends on the ledger's    *)
(* state at that moment: any of Answers.                                   *)
(***************************************************************************)
EXTENDS operations

CONSTANTS
  OperationMax,  \* operations are numbered 0 .. OperationMax
  Answers        \* possible answers to an operation that takes effect

VARIABLES
  effects,  \* client -> operation -> how often it took effect
  told      \* client -> operation -> the answers to its sender so far

modelVars == <<clients, effects, told>>
Operations == 0 .. OperationMax

Told(c, operation, answer) == told' = [told EXCEPT ![c][operation] = @ \cup {answer}]

ModelInit ==
  /\ OperationsInit
  /\ effects = [c \in Clients |-> [operation \in Operations |-> 0]]
  /\ told = [c \in Clients |-> [operation \in Operations |-> {}]]

TakeEffect(c, operation) ==
  \E answer \in Answers :
    /\ Remember(c, operation, answer)
    /\ effects' = [effects EXCEPT ![c][operation] = @ + 1]
    /\ Told(c, operation, answer)

AnswerAgain(c, operation) ==
  \E answer \in Answers :
    /\ Repeat(c, operation, answer)
    /\ Told(c, operation, answer)
    /\ UNCHANGED effects

Refuse(c, operation) ==
  \E why \in {"stale", "busy"} :
    /\ TurnAway(c, operation, why)
    /\ Told(c, operation, why)
    /\ UNCHANGED effects

Decide(c, operation) == TakeEffect(c, operation) \/ AnswerAgain(c, operation) \/ Refuse(c, operation)

ModelNext == \E c \in Clients, operation \in Operations : Decide(c, operation)

OnceSpec == ModelInit /\ [][ModelNext]_modelVars

(* An operation that is sent until it is answered is eventually decided. *)
SentUntilAnswered ==
  OnceSpec /\ \A c \in Clients, operation \in Operations : WF_modelVars(Decide(c, operation))

AtMostOnce == \A c \in Clients, operation \in Operations : effects[c][operation] <= 1

(* The sender gets the same result each time. Stale and busy are not results: they say that the result is unknown, or
   that nothing was done. *)
OneAnswer == \A c \in Clients, operation \in Operations : Cardinality(told[c][operation] \cap Answers) <= 1

(* An operation that was refused as busy has had no effect. *)
BusyDidNothing ==
  \A c \in Clients, operation \in Operations : Fate(c, operation) = "busy" => effects[c][operation] = 0

AnswersStand == [][AnswersStandStep]_modelVars

EverybodyIsTold == \A c \in Clients, operation \in Operations : <>(told[c][operation] # {})
=============================================================================
