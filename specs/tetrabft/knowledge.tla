----------------------------- MODULE knowledge ------------------------------
(***************************************************************************)
(* What a replica must know before it acts, and what its messages may say. *)
(*                                                                         *)
(* A guard of tetrabft.tla reads the state of all replicas. A real one     *)
(* knows of the others only what messages brought. `Known(heard)` is       *)
(* the state as seen by a replica that has received messages of those in   *)
(* `heard`: the steps of all others have not happened, for all it knows.   *)
(* Liars always count. An operator Knows... is the guard of its action,    *)
(* evaluated on that state. `heard` has the replica itself, and those of   *)
(* which a message has arrived that carries what the guard asks for. A     *)
(* replica forgets what it heard when it restarts.                         *)
(*                                                                         *)
(*   guard of            `heard`: senders of these messages, for the view  *)
(*   Vote1               the proposal (`asked`), and proof or status       *)
(*   Propose             suggest or status                                 *)
(*   Vote2 .. Vote4      vote or status, sent after the vote was cast      *)
(*   Decide, EnterView   the same                                          *)
(*   Learn               decided, sent after the decision                  *)
(*   HasBody             proposal, decided in answer to a question, body   *)
(*                                                                         *)
(* `wished[q]` is the highest view that q's messages named as its wish: a  *)
(* view change, or a status, which carries view and wish together.         *)
(*                                                                         *)
(* An operator Says... holds when its message may be sent: a message says  *)
(* what its sender did. TLC checks in knowledge_model.tla that the steps   *)
(* and the messages of tetrabft_messages.tla obey both.                    *)
(***************************************************************************)
EXTENDS tetrabft

Nothing == [k \in Phase |-> [v \in View |-> NoValue]]

Known(heard) == INSTANCE tetrabft WITH
    view <- [q \in Replica |-> IF q \in heard THEN view[q] ELSE -1],
    votes <- [q \in Replica |-> IF q \in heard THEN votes[q] ELSE Nothing],
    decided <- [q \in Replica |-> IF q \in heard THEN decided[q] ELSE NoValue]

-----------------------------------------------------------------------------
\* A step needs what arrived.

\* Known(heard)!Accepted(val, v, k), written out: it is asked at each vote.
AcceptedBy(heard, val, v, k) == IsQuorum(Byzantine \cup {q \in heard : votes[q][k][v] = val})

KnowsForVote1(v, val, asked, heard) == leader[v] \in Byzantine \cup asked /\ Known(heard)!SafeToVote(val, v)
KnowsForVote2(v, val, heard) == AcceptedBy(heard, val, v, 1)
KnowsForVote3(v, val, heard) == AcceptedBy(heard, val, v, 2)
KnowsForVote4(v, val, heard) == AcceptedBy(heard, val, v, 3)
KnowsForDecide(v, val, heard) == AcceptedBy(heard, val, v, 4)
KnowsForPropose(v, val, heard) == Known(heard)!SafeToPropose(val, v)
\* Replica p has the body of val, which it applies or proposes again: p proposed val or cast a first vote for it; or the
\* body arrived in a proposal of a view in `read`, or, with a decision or by itself, from the replicas in `heard`.
HasBody(p, val, read, heard) ==
    \/ \E v \in View : votes[p][1][v] = val \/ (leader[v] = p /\ proposal[v] = val)
    \/ \E v \in read : proposal[v] = val
    \/ heard # {}

KnowsForLearn(val, heard) == IsBlocking(Byzantine \cup {q \in heard : decided[q] = val})

\* n - f replicas wish v or a higher view, or a quorum has voted in v. heard[k]: `heard` for the votes of phase k.
KnowsForEnterView(v, wished, heard) ==
    \/ IsQuorum(Byzantine \cup {q \in Honest : wished[q] >= v})
    \/ \E k \in 1..3, val \in Value : AcceptedBy(heard[k], val, v, k)

\* A replica whose timer expires wishes the next view. It repeats what f + 1 replicas wish. Its own wishes grow.
\* Its timer stands still when it has decided; a replica that has applied the slot only repeats wishes.
IsRepeated(v, wished) == IsBlocking(Byzantine \cup {q \in Honest : wished[q] >= v})
KnowsForWish(p, v, wished) ==
    /\ wished[p] < v
    /\ v = view[p] + 1 \/ IsRepeated(v, wished)

-----------------------------------------------------------------------------
\* A message says what its sender did.

SaysVote(p, v) == v \in View /\ \E k \in Phase : votes[p][k][v] # NoValue
SaysProposal(p, v) == v \in View /\ leader[v] = p /\ proposal[v] # NoValue
SaysProof(p, v) == v > 0 /\ view[p] = v
SaysSuggest(p, v) == v > 0 /\ view[p] = v
SaysStatus(p, v) == view[p] = v
SaysViewChange(v, wish) == v > 0 /\ v = wish      \* of its sender, in its present life
SaysDecided(p) == decided[p] # NoValue
=============================================================================
