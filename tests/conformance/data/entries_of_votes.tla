--------------------------- MODULE entries_of_votes ---------------------------
(***************************************************************************)
(* With what registers can replicas enter view MaxView? In tetrabft.tla,   *)
(* vote by vote: prints each summary once, as <<"ENTRY", code of the first *)
(* honest replica's registers, of the second's, ...>>, -1 for one that has *)
(* not entered. A liar leads all views. entries_of_rounds.tla prints the   *)
(* same for rounds.tla.                                                    *)
(***************************************************************************)
EXTENDS tetrabft, Sequences, TLC

CONSTANTS Order, First, Heavy  \* honest replicas in order; one of the two values; replicas that count twice

HeavyWeight(S) == Cardinality(S) + Cardinality(S \cap Heavy)

ASSUME TLCSet(1, {})

Code(register) ==
    (register.view + 1) * 3 + (IF register.value = NoValue THEN 0 ELSE IF register.value = First THEN 1 ELSE 2)

Pack(six) == six[1] + 9 * (six[2] + 9 * (six[3] + 9 * (six[4] + 9 * (six[5] + 9 * six[6]))))

Registers(p) ==
    << HighestVote(p, 1, MaxView), SecondVote(p, 1, MaxView), HighestVote(p, 2, MaxView), SecondVote(p, 2, MaxView),
       HighestVote(p, 3, MaxView), HighestVote(p, 4, MaxView) >>

Entered(p) == view[p] = MaxView

Summary ==
    <<"ENTRY">> \o [i \in 1..Len(Order) |->
        IF Entered(Order[i]) THEN LET r == Registers(Order[i]) IN Pack([k \in 1..6 |-> Code(r[k])]) ELSE -1]

EntriesInit == Init /\ \A v \in View : leader[v] \in Byzantine

\* Nothing that happens in MaxView, and no decision, changes a summary.
EntriesNext ==
    \E p \in Honest :
        \/ \E v \in View : EnterView(p, v)
        \/ \E v \in 0..(MaxView - 1), val \in Value :
              Vote1(p, v, val) \/ Vote2(p, v, val) \/ Vote3(p, v, val) \/ Vote4(p, v, val)

EntriesSpec == EntriesInit /\ [][EntriesNext]_vars

Told == (\E p \in Honest : Entered(p)) =>
    \/ Summary \in TLCGet(1)
    \/ TLCSet(1, TLCGet(1) \cup {Summary}) /\ PrintT(Summary)
===============================================================================
