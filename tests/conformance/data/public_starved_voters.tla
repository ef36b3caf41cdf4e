------------------------ MODULE public_starved_voters ------------------------
(***************************************************************************)
(* Plays starved_voters.txt on the module that the authors of TetraBFT     *)
(* published (TetraBFT.tla of github.com/nano-o/tetrabft-tla, unchanged,   *)
(* not part of this repository). Module public_script, written by          *)
(* tests/conformance/protocols/public_module.py, defines Script: a         *)
(* sequence of steps                                                       *)
(* <<name, replica, view, value>>.                                         *)
(*                                                                         *)
(* Lie is the published ByzantineHavoc with its witness named, which saves *)
(* enumerating all sets of votes.                                          *)
(***************************************************************************)
EXTENDS TetraBFT, public_script, Sequences

VARIABLE taken

Lie(p, pretended, view) ==
    /\ p \in Byz
    /\ pretended \subseteq Vote
    /\ view \in Round
    /\ votes' = [votes EXCEPT ![p] = pretended]
    /\ round' = [round EXCEPT ![p] = view]
    /\ UNCHANGED <<proposed, proposal, goodRound, Byz>>

\* What it pretends to, so that the leader may propose a third value.
Pretended == {[round |-> t[1], phase |-> k, value |-> t[2]] : t \in {<<1, "a">>, <<2, "c">>}, k \in 1..2}

Play(name, p, v, val) ==
    \/ name = "Pretend" /\ Lie(p, Pretended, v)
    \/ name = "FallSilent" /\ Lie(p, {}, v)
    \/ name = "EnterView" /\ StartRound(p, v)
    \/ name = "Propose" /\ Propose(val)
    \/ name = "Vote1" /\ Vote1(p, val, v)
    \/ name = "Vote2" /\ Vote2(p, val, v)
    \/ name = "Vote3" /\ Vote3(p, val, v)
    \/ name = "Vote4" /\ Vote4(p, val, v)

PlayInit == Init /\ goodRound = 3 /\ taken = 0

PlayNext ==
    /\ taken < Len(Script)
    /\ taken' = taken + 1
    /\ LET step == Script[taken + 1] IN Play(step[1], step[2], step[3], step[4])

PlaySpec == PlayInit /\ [][PlayNext]_<<vars, taken>>

Finished == taken = Len(Script)
=============================================================================
