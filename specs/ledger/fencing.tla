------------------------------- MODULE fencing -------------------------------
(***************************************************************************)
(* Why an effector has to check the fencing token again                    *)
(* (firmware/amu/ledger/effector.py).                                      *)
(*                                                                         *)
(* A holder that stalls, or whose command takes long to arrive, acts on a  *)
(* lease that has expired meanwhile: here every holder that was ever       *)
(* granted a token may act with it at any time. With Checked = FALSE an    *)
(* act of an older grant can follow one of a newer grant, although the     *)
(* ledger is correct and never has two live leases. With Checked = TRUE it *)
(* cannot (Kleppmann 2016).                                                *)
(***************************************************************************)
EXTENDS ledger_model

CONSTANT Checked  \* whether effectors check the token

VARIABLES
  granted,  \* resource -> all tokens that were granted for it
  acted     \* resource -> token of the last act, 0 before the first: Effector.token

Highest(r, token) == Checked => token >= acted[r]

(* Effector.accept(token) at the resource's effector. *)
Accept(r, token) ==
  /\ token \in granted[r]
  /\ Highest(r, token)
  /\ acted' = [acted EXCEPT ![r] = token]
  /\ UNCHANGED <<vars, granted>>

Decide ==
  /\ Next
  /\ granted' = [r \in Resources |-> granted[r] \cup ({leases'[r].token} \ {0})]
  /\ UNCHANGED acted

FencingInit ==
  /\ Init
  /\ granted = [r \in Resources |-> {}]
  /\ acted = [r \in Resources |-> 0]

FencingNext == Decide \/ \E r \in Resources : \E token \in granted[r] : Accept(r, token)

FencingSpec == FencingInit /\ [][FencingNext]_<<vars, granted, acted>>

(* Once a grant has acted, no older one acts. *)
NoOlderGrantActs == [][\A r \in Resources : acted'[r] >= acted[r]]_acted
=============================================================================
