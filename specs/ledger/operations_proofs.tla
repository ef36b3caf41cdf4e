-------------------------- MODULE operations_proofs --------------------------
(***************************************************************************)
(* Proofs about operations_model.tla, for any number of clients,           *)
(* operations and answers, and any window (amu prove ledger;               *)
(* docs/reference/proofs.md). Sizes of tables mean nothing here: what      *)
(* follows holds whatever they are.                                        *)
(***************************************************************************)
EXTENDS operations_model

ASSUME ConstantsHaveTypes ==
    /\ Clients \subseteq Nat
    /\ Window \in Nat \ {0}
    /\ ClientsMax \in Nat
    /\ OperationMax \in Nat
    /\ Answers \subseteq STRING \ {"stale", "busy"}

Row == [highest : Int, answers : UNION {[D -> Answers] : D \in SUBSET Operations}]

Types ==
    /\ clients \in [Clients -> Row]
    /\ effects \in [Clients -> [Operations -> Nat]]
    /\ told \in [Clients -> [Operations -> SUBSET (Answers \cup {"stale", "busy"})]]

THEOREM OperationsTyped == OnceSpec => []Types
<1> QED

-----------------------------------------------------------------------------
\* WindowBounded, without the size of the window.
RememberedInWindow ==
    \A c \in Clients : \A operation \in DOMAIN clients[c].answers :
        operation <= clients[c].highest /\ ~IsForgotten(c, operation)

\* What took effect is remembered until it leaves the window, and nothing else is.
EffectIsRemembered ==
    \A c \in Clients, operation \in Operations :
        IF operation \in DOMAIN clients[c].answers THEN effects[c][operation] > 0
        ELSE effects[c][operation] > 0 => IsForgotten(c, operation)

Remembered ==
    /\ RememberedInWindow
    /\ EffectIsRemembered

THEOREM EffectsRemembered == OnceSpec => []Remembered
<1> QED BY OperationsTyped, Types

THEOREM OnceOnly == OnceSpec => []AtMostOnce
<1> QED BY OperationsTyped, Types, EffectsRemembered, RememberedInWindow, EffectIsRemembered

THEOREM BusyMeansNothingDone == OnceSpec => []BusyDidNothing
  BY OperationsTyped, Types, EffectsRemembered, RememberedInWindow, EffectIsRemembered

THEOREM AnswersDoNotChange == OnceSpec => AnswersStand
<1> QED BY OperationsTyped, Types, EffectsRemembered, RememberedInWindow

\* A sender has only the remembered answer, while it is remembered; and none, while there was no effect.
ToldIsRemembered ==
    \A c \in Clients, operation \in Operations : \A answer \in told[c][operation] \cap Answers :
        /\ effects[c][operation] > 0
        /\ operation \in DOMAIN clients[c].answers => answer = clients[c].answers[operation]

THEOREM ToldRemembered == OnceSpec => []ToldIsRemembered
<1> QED BY OperationsTyped, Types, EffectsRemembered, RememberedInWindow, EffectIsRemembered

THEOREM SameAnswer == OnceSpec => []OneAnswer
<1> QED BY OperationsTyped, Types, EffectsRemembered, RememberedInWindow, EffectIsRemembered,
           ToldRemembered, ToldIsRemembered
=============================================================================
