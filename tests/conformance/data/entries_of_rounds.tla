-------------------------- MODULE entries_of_rounds --------------------------
(***************************************************************************)
(* With what registers can replicas enter view MaxView? In rounds.tla,     *)
(* round by round (Goal is "acceptance"). See entries_of_votes.tla.        *)
(***************************************************************************)
EXTENDS rounds, Sequences

CONSTANTS Order, First, Heavy  \* as in entries_of_votes.tla

HeavyWeight(S) == Cardinality(S) + Cardinality(S \cap Heavy)

ASSUME TLCSet(1, {})

Code(register) ==
    (register.view + 1) * 3 + (IF register.value = NoValue THEN 0 ELSE IF register.value = First THEN 1 ELSE 2)

Pack(six) == six[1] + 9 * (six[2] + 9 * (six[3] + 9 * (six[4] + 9 * (six[5] + 9 * six[6]))))

Six(p) ==
    LET kept == registers[p]
    IN  <<kept.hi1, kept.second1, kept.hi2, kept.second2, kept.hi3, kept.hi4>>

Summary ==
    <<"ENTRY">> \o [i \in 1..Len(Order) |->
        IF Order[i] \in present THEN LET r == Six(Order[i]) IN Pack([k \in 1..6 |-> Code(r[k])]) ELSE -1]

Told == view = MaxView /\ phase = 1 /\ present # {} =>
    \/ Summary \in TLCGet(1)
    \/ TLCSet(1, TLCGet(1) \cup {Summary}) /\ PrintT(Summary)
==============================================================================
