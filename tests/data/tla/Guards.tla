------------------------------- MODULE Guards -------------------------------
(* ENABLED, LET in actions, [A]_v, precedence where it is easily got wrong, Booleans as values. *)
EXTENDS Integers, FiniteSets
VARIABLES n, flag, seen

Init == n \in {0, 1} /\ flag = [i \in 0 .. 1 |-> FALSE] /\ seen = {}

Up == LET next == n + 1
          ok == next < 4
      IN /\ ok
         /\ n' = next
         /\ LET after == n' IN seen' = seen \cup {<<after, ok>>}
         /\ UNCHANGED flag
Toggle(i) == /\ flag' = [flag EXCEPT ![i] = ~ @]
             /\ n' = IF flag'[i] THEN 0 ELSE n
             /\ seen' = {pair \in seen : pair[2] = TRUE /\ pair[1] > n'}
Stutter == [Up]_<<n, seen>> /\ flag' = flag /\ n' = n /\ seen' = seen
Never == n' = n + 1 /\ UNCHANGED n /\ flag' = flag /\ seen' = {<<0, FALSE>>}
Next == Never \/ Up \/ (\E i \in 0 .. 1 : Toggle(i)) \/ Stutter

CanGoUp == ENABLED Up <=> n < 3
Booleans == flag \in [0 .. 1 -> BOOLEAN] /\ \A pair \in seen : pair \in (1 .. 3) \X {TRUE}
Precedence == /\ SUBSET {} \cup {{1}} = {{}, {1}}
              /\ UNION {{1}} \cup {2} = {1, 2}
              /\ 1 + 2 * 3 ^ 2 - 1 = 18 /\ 7 - 2 - 1 = 4
              /\ ~ FALSE \/ TRUE
              /\ ~ n = 5 /\ 3 \in 1 .. 2 + 1
              /\ (FALSE => FALSE <=> TRUE) = TRUE
              /\ {1} \X {2} \subseteq {<<1, 2>>}
              /\ - 1 + 2 = 1
Quiet == ~ (flag[0] /\ flag[1] /\ Cardinality(seen) > 0)
=============================================================================
