----------------------------- MODULE operations -----------------------------
(***************************************************************************)
(* Operation ids: an operation takes effect at most once, however often it *)
(* is sent or decided (firmware/amu/ledger/operations.py).                 *)
(*                                                                         *)
(* A client numbers its operations. The ledger remembers the answer of     *)
(* each down to Window below the client's highest. A repetition gets the   *)
(* remembered answer, a number below the window is stale, and a client     *)
(* without a place is refused as busy (Lee et al. 2015, completion records *)
(* beside the data; Castro and Liskov 1999, section 4.1; the window by     *)
(* number is ours).                                                        *)
(*                                                                         *)
(* ledger.tla specifies the effect of an operation; trace_ledger.tla joins *)
(* the two: Remember goes with a step or a refusal of the ledger, Repeat   *)
(* and TurnAway leave it unchanged. Answers are opaque. The code's ring of *)
(* Window places is the function `answers`, whose domain lies in the       *)
(* window. Snapshots carry it whole, so no action stands for them.         *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
  Clients,    \* client numbers
  Window,     \* remembered operations of each client: OPERATIONS_PER_CLIENT_MAX
  ClientsMax  \* places for clients

VARIABLE clients  \* client -> its highest operation, and the remembered answers, by operation

NoAnswers == [operation \in {} |-> ""]
Unknown == [highest |-> -1, answers |-> NoAnswers]

Known == {c \in Clients : clients[c] # Unknown}
HasRoomFor(c) == c \in Known \/ Cardinality(Known) < ClientsMax
IsForgotten(c, operation) == operation <= clients[c].highest - Window

(* OperationTable.status, and has_room. *)
Fate(c, operation) ==
  IF IsForgotten(c, operation) THEN "stale"
  ELSE IF operation \in DOMAIN clients[c].answers THEN "done"
  ELSE IF ~HasRoomFor(c) THEN "busy"
  ELSE "new"

OperationsInit == clients = [c \in Clients |-> Unknown]

(* A new operation takes effect or the ledger refuses it; either result is its answer from now on. *)
Remember(c, operation, answer) ==
  /\ Fate(c, operation) = "new"
  /\ LET row == clients[c]
         highest == IF operation > row.highest THEN operation ELSE row.highest
         kept == {other \in DOMAIN row.answers : other > highest - Window}
     IN clients' = [clients EXCEPT ![c] =
          [highest |-> highest,
           answers |-> [o \in kept \cup {operation} |-> IF o = operation THEN answer ELSE row.answers[o]]]]

(* A repetition changes nothing and gets the first answer. *)
Repeat(c, operation, answer) ==
  /\ Fate(c, operation) = "done"
  /\ answer = clients[c].answers[operation]
  /\ UNCHANGED clients

(* Refuse an operation that may be a repetition, or whose answer could not be remembered. *)
TurnAway(c, operation, why) ==
  /\ why \in {"stale", "busy"}
  /\ Fate(c, operation) = why
  /\ UNCHANGED clients

WindowBounded ==
  \A c \in Clients :
    /\ Cardinality(DOMAIN clients[c].answers) <= Window
    /\ \A operation \in DOMAIN clients[c].answers :
         operation <= clients[c].highest /\ ~IsForgotten(c, operation)
ClientsBounded == Cardinality(Known) <= ClientsMax

(* A remembered answer does not change until its number leaves the window. *)
AnswersStandStep ==
  \A c \in Clients : \A operation \in DOMAIN clients[c].answers :
    \/ operation \in DOMAIN clients'[c].answers /\ clients'[c].answers[operation] = clients[c].answers[operation]
    \/ operation <= clients'[c].highest - Window
=============================================================================
