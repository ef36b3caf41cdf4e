-------------------------- MODULE operations_model --------------------------
(***************************************************************************)
(* Operation ids within bounds: any operation of any client is decided in  *)
(* any slot, any number of times and in any order, as lost and repeated    *)
(* telecommands make it. `effects` counts what each did, `told` collects   *)
(* what its sender was told: neither is in the code.                       *)
(*                                                                         *)
(* The answer of an operation that takes effect depends on what the ledger *)
(* holds by then: any of Answers.                                          *)
(***************************************************************************)
EXTENDS operations

CONSTANTS
  OperationMax,  \* operations are numbered 0 .. OperationMax
  Answers        \* what an operation may be answered

VARIABLES
  effects,  \* client -> operation -> how often it took effect
  told      \* client -> operation -> what its sender was told so far

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

(* Whatever is sent until it is answered is decided at last. *)
SentUntilAnswered ==
  OnceSpec /\ \A c \in Clients, operation \in Operations : WF_modelVars(Decide(c, operation))

AtMostOnce == \A c \in Clients, operation \in Operations : effects[c][operation] <= 1

(* Whoever is told what the operation did is told the same each time; stale and busy say that it is not known or not
   done. *)
OneAnswer == \A c \in Clients, operation \in Operations : Cardinality(told[c][operation] \cap Answers) <= 1

(* Busy is told only of an operation that has had no effect. *)
BusyDidNothing ==
  \A c \in Clients, operation \in Operations : Fate(c, operation) = "busy" => effects[c][operation] = 0

AnswersStand == [][AnswersStandStep]_modelVars

EverybodyIsTold == \A c \in Clients, operation \in Operations : <>(told[c][operation] # {})
=============================================================================
