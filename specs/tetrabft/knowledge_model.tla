--------------------------- MODULE knowledge_model ---------------------------
(***************************************************************************)
(* Replicas with messages obey knowledge.tla: what a guard of              *)
(* tetrabft_messages.tla finds among the messages in transit is enough for *)
(* the step in the sense of knowledge.tla, and each message that is sent   *)
(* says what its sender did. So the two properties that traces are held    *)
(* against (KNW-1, KNW-2, CON-17) forbid no step of the protocol.          *)
(*                                                                         *)
(* The mapping: a replica has heard of the messages that are in transit.   *)
(* It may have received fewer, but the guard used none of the others: a    *)
(* replica with fewer messages takes fewer steps.                          *)
(***************************************************************************)
EXTENDS tetrabft_messages_model

Local == INSTANCE knowledge

Max(S) == CHOOSE x \in S : \A y \in S : y <= x

\* The senders of messages of these kinds for view v, and p itself.
Senders(p, kinds, v) == {p} \cup {m.from : m \in {n \in messages : n.kind \in kinds /\ n.view = v}}
Voters(v, k) == {m.from : m \in {n \in messages : n.kind = "vote" /\ n.view = v /\ n.phase = k}}

\* The wishes that p has heard, a proof among them: a status carries it and the wish together. Its own wish is a message.
Wished == [q \in Replica |-> Max({0} \cup {m.view : m \in {n \in messages : n.kind \in {"wish", "proof"} /\ n.from = q}})]

Casts(p, k, v, val) == votes[p][k][v] = NoValue /\ votes'[p][k][v] = val

StepNeedsWhatArrived ==
    \A p \in Honest :
        /\ \A v \in View, val \in Value :
              /\ Casts(p, 1, v, val) =>
                    Local!KnowsForVote1(v, val, Senders(leader[v], {"proposal"}, v), Senders(p, {"proof"}, v))
              /\ Casts(p, 2, v, val) => Local!KnowsForVote2(v, val, Voters(v, 1))
              /\ Casts(p, 3, v, val) => Local!KnowsForVote3(v, val, Voters(v, 2))
              /\ Casts(p, 4, v, val) => Local!KnowsForVote4(v, val, Voters(v, 3))
              /\ (proposal[v] = NoValue /\ proposal'[v] = val /\ leader[v] = p) =>
                    Local!KnowsForPropose(v, val, Senders(p, {"suggest"}, v))
        /\ \A val \in Value :
              decided[p] = NoValue /\ decided'[p] = val =>
                  \/ \E v \in View : Local!KnowsForDecide(v, val, Voters(v, 4))
                  \/ Local!KnowsForLearn(val, {m.from : m \in {n \in messages : n.kind = "decided"}})
        /\ view'[p] # view[p] =>
              Local!KnowsForEnterView(view'[p], Wished, [k \in 1..3 |-> Voters(view'[p], k)])
        /\ \A v \in View : WishOf(p, v) \in messages' \ messages =>
              Local!KnowsForWish(p, v, [Wished EXCEPT ![p] = 0])

\* On the state after the step that sends the message.
SaysWhatItDid(m) ==
    \/ m.kind = "vote" /\ Local!SaysVote(m.from, m.view)
    \/ m.kind = "proposal" /\ Local!SaysProposal(m.from, m.view)
    \/ m.kind = "proof" /\ Local!SaysProof(m.from, m.view)
    \/ m.kind = "suggest" /\ Local!SaysSuggest(m.from, m.view)
    \/ m.kind = "wish" /\ Local!SaysViewChange(m.view, m.view)
    \/ m.kind = "decided" /\ Local!SaysDecided(m.from)

MessageSaysWhatItsSenderDid == \A m \in messages' \ messages : SaysWhatItDid(m)'

ReplicasKnow == [][StepNeedsWhatArrived]_vars
ReplicasSayWhatTheyDid == [][MessageSaysWhatItsSenderDid]_vars

\* The guard that is written out is that of the state as `heard` shows it.
WrittenOut ==
    \A heard \in SUBSET Honest, v \in View, val \in Value, k \in Phase :
        Local!AcceptedBy(heard, val, v, k) <=> Local!Known(heard)!Accepted(val, v, k)
=============================================================================
