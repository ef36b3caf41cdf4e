----------------------------- MODULE knowledge ------------------------------
(***************************************************************************)
(* What a replica must know before it acts, and what its messages may say. *)
(*                                                                         *)
(* The guards of tetrabft.tla ask what all replicas did. A replica learns  *)
(* that from messages only. `Known(heard)` is the state as a replica sees  *)
(* it that has received the messages of the replicas in `heard`: the steps *)
(* of the others have not happened yet, for all that it knows. Liars count *)
(* as always. Each operator Knows... is the guard of an action with less   *)
(* knowledge; `heard` is the set of replicas of which a message has        *)
(* arrived that carries what the guard asks for, the replica itself        *)
(* included. A replica forgets what it heard when it restarts.             *)
(*                                                                         *)
(*   guard of            asks the senders of, for the view                 *)
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
(* Each operator Says... holds when a message may be sent: a message says  *)
(* what its sender did. `knowledge_model.tla` shows that the steps and messages of   *)
(* tetrabft_messages.tla obey both.                                        *)
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
\* It has the body of val, which it applies or proposes again: it proposed val, or cast a first vote for it; or the body
\* arrived, in a proposal of one of the views in `read`, or from the replicas in `heard`, with a decision or by itself.
HasBody(p, val, read, heard) ==
    \/ \E v \in View : votes[p][1][v] = val \/ (leader[v] = p /\ proposal[v] = val)
    \/ \E v \in read : proposal[v] = val
    \/ heard # {}

KnowsForLearn(val, heard) == IsBlocking(Byzantine \cup {q \in heard : decided[q] = val})

\* n - f replicas wish v or a higher view, or a quorum has voted in v. heard[k]: for the votes of phase k.
KnowsForEnterView(v, wished, heard) ==
    \/ IsQuorum(Byzantine \cup {q \in Honest : wished[q] >= v})
    \/ \E k \in 1..3, val \in Value : AcceptedBy(heard[k], val, v, k)

\* A replica whose timer expires wishes the next view. It repeats what f + 1 replicas wish. Its own wishes grow.
KnowsForWish(p, v, wished) ==
    /\ wished[p] < v
    /\ v = view[p] + 1 \/ IsBlocking(Byzantine \cup {q \in Honest : wished[q] >= v})

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
