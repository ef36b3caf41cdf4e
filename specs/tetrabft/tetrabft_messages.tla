-------------------------- MODULE tetrabft_messages --------------------------
(***************************************************************************)
(* One instance (one slot) of TetraBFT as a board runs it: messages in     *)
(* transit, six registers, flash, the view synchroniser. tetrabft.tla      *)
(* specifies the same without messages; Refines says that this module      *)
(* implements it. Source: Yu, Losa, Wang, PODC 2024, arXiv 2405.02615,     *)
(* section 3; the synchroniser: Bravo, Chockler, Gotsman, DISC 2020.       *)
(*                                                                         *)
(* Messages are a set that only grows. A guard may use any of them and     *)
(* need use none. That covers loss (no guard uses the message), delay,     *)
(* duplication, reordering, and the code's tables, in which a peer's later *)
(* message of a kind replaces its earlier one.                             *)
(*                                                                         *)
(* Byzantine replicas have no state and send nothing: each guard counts    *)
(* them as having said whatever makes it true (`liars`).                   *)
(*                                                                         *)
(* A step of a replica writes its flash, then sends. Power may fail in     *)
(* between (PowerFails): then nothing was sent. A rebooted replica reads   *)
(* its flash and sends its state again (Reboot), which is also the         *)
(* periodic repetition without faults. A board's RAM has copies of         *)
(* messages, so losing it means not having received them yet.              *)
(*                                                                         *)
(* `votes` and `proposal` are history: no guard reads them. They record    *)
(* what was persisted, sent or not, and map to tetrabft.tla's variables of *)
(* the same names (Abadi and Lamport, 1991: registers forget, so naming    *)
(* the abstract state needs some history).                                 *)
(***************************************************************************)
EXTENDS Integers, FiniteSets

CONSTANTS
    Replica, Byzantine, FaultsMax, Value, NoValue, MaxView, WithClauseIIIB,  \* as in tetrabft.tla
    PowerFails      \* honest replicas whose power may fail between flash and line

VARIABLES
    leader,     \* leader[v]: fixed from the start; the log's leader rule gives it
    \* on flash
    view,       \* view[p]
    hi,         \* hi[p][k]: the highest vote of phase k, k in 1..4
    second,     \* second[p][k]: the highest one for another value than hi[p][k]'s, k in 1..2
    entry,      \* entry[p]: hi and second as they stood when view[p] was entered
    proposed,   \* proposed[p]: the last proposal as leader
    decided,    \* decided[p]
    \* in transit
    messages,
    \* history
    votes, proposal

flash == <<view, hi, second, entry, proposed, decided>>
vars == <<leader, flash, messages, votes, proposal>>

\* The mapping: leader, view and decided map to themselves; votes and proposal are history.
Abstract == INSTANCE tetrabft

Honest == Replica \ Byzantine
View == 0..MaxView
Phase == 1..4
NoVote == [view |-> -1, value |-> NoValue]
Register == [view : {-1} \cup View, value : Value \cup {NoValue}]

ASSUME PowerFails \subseteq Honest

-----------------------------------------------------------------------------
\* Messages.

ProposalOf(p, v, val) == [kind |-> "proposal", from |-> p, view |-> v, value |-> val]
VoteOf(p, v, k, val) == [kind |-> "vote", from |-> p, view |-> v, phase |-> k, value |-> val]
WishOf(p, v) == [kind |-> "wish", from |-> p, view |-> v]
DecidedOf(p, val) == [kind |-> "decided", from |-> p, value |-> val]

\* On entering v, p sends its registers: a proof to all with phases 4 and 1, a suggest to the leader
\* with phases 3 and 2. In both, `lock` is the vote that a value must not contradict.
ProofOf(p, v, e) ==
    [kind |-> "proof", from |-> p, view |-> v, lock |-> e.hi[4], highest |-> e.hi[1], second |-> e.second[1]]
SuggestOf(p, v, e) ==
    [kind |-> "suggest", from |-> p, view |-> v, lock |-> e.hi[3], highest |-> e.hi[2], second |-> e.second[2]]

EntryWords(p, v, e) == IF v = 0 THEN {} ELSE {ProofOf(p, v, e), SuggestOf(p, v, e)}

\* All messages that p can send from its flash alone.
Words(p) ==
    EntryWords(p, view[p], entry[p])
    \cup {VoteOf(p, view[p], k, hi[p][k].value) : k \in {j \in Phase : hi[p][j].view = view[p]}}
    \cup (IF proposed[p].view = view[p] THEN {ProposalOf(p, view[p], proposed[p].value)} ELSE {})
    \cup (IF decided[p] # NoValue THEN {DecidedOf(p, decided[p])} ELSE {})

\* p sends what it persisted in this step, or its power fails first.
Send(p, words) == messages' = messages \cup words \/ (p \in PowerFails /\ messages' = messages)

-----------------------------------------------------------------------------
\* Rules 1 to 4 on received messages. `liars` have sent what is needed.

Claims(m, val, r) ==
    \/ r = 0
    \/ m.highest.view >= r /\ m.highest.value = val
    \/ m.second.view >= r

Permits(m, val, r) == m.lock.view < r \/ (m.lock.view = r /\ m.lock.value = val)

SafeOn(reports, val, v, clauseIIIB, liars) ==
    LET Claimed(x, r) == Abstract!IsBlocking(liars \cup {m.from : m \in {n \in reports : Claims(n, x, r)}})
    IN  \/ Abstract!IsQuorum(liars \cup {m.from : m \in {n \in reports : n.lock = NoVote}})
        \/ \E r \in 0..(v - 1) :
              /\ Abstract!IsQuorum(liars \cup {m.from : m \in {n \in reports : Permits(n, val, r)}})
              /\ \/ Claimed(val, r)
                 \/ /\ clauseIIIB
                    /\ r + 1 < v
                    /\ \E val1, val2 \in Value : val1 # val2 /\ Claimed(val1, r) /\ Claimed(val2, r + 1)

Reports(kind, v) == {m \in messages : m.kind = kind /\ m.view = v}

SafeToPropose(val, v, liars) == v = 0 \/ SafeOn(Reports("suggest", v), val, v, FALSE, liars)
SafeToVote(val, v, liars) == v = 0 \/ SafeOn(Reports("proof", v), val, v, WithClauseIIIB, liars)

Accepted(val, v, k, liars) == Abstract!IsQuorum(liars \cup {p \in Honest : VoteOf(p, v, k, val) \in messages})

\* q wishes v or a higher view. A status message carries q's view and its wish together.
Wishes(v, liars) ==
    liars \cup {m.from : m \in {n \in messages : n.kind \in {"wish", "proof"} /\ n.view >= v}}

-----------------------------------------------------------------------------
Blank == [hi |-> [k \in Phase |-> NoVote], second |-> [k \in 1..2 |-> NoVote]]

Init ==
    /\ leader \in [View -> Replica]
    /\ view = [p \in Replica |-> 0]
    /\ hi = [p \in Honest |-> Blank.hi]
    /\ second = [p \in Honest |-> Blank.second]
    /\ entry = [p \in Honest |-> Blank]
    /\ proposed = [p \in Honest |-> NoVote]
    /\ decided = [p \in Replica |-> NoValue]
    /\ messages = {}
    /\ votes = [p \in Replica |-> [k \in Phase |-> [v \in View |-> NoValue]]]
    /\ proposal = [v \in View |-> NoValue]

Wish(p, v) ==
    /\ view[p] < v
    /\ WishOf(p, v) \notin messages
    /\ messages' = messages \cup {WishOf(p, v)}
    /\ UNCHANGED <<leader, flash, votes, proposal>>

\* p's view timer expired. Timers serve liveness only, so this one may expire at any time.
TimeOut(p) == view[p] < MaxView /\ Wish(p, view[p] + 1)

\* A blocking set wishes v, so at least one honest replica does.
Echo(p, v, liars) == Abstract!IsBlocking(Wishes(v, liars)) /\ Wish(p, v)

\* A quorum wishes v, or votes of v show that a quorum of replicas has entered it.
Enter(p, v, liars) ==
    /\ view[p] < v
    /\ \/ Abstract!IsQuorum(Wishes(v, liars))
       \/ \E k \in 1..3, val \in Value : Accepted(val, v, k, liars)
    /\ view' = [view EXCEPT ![p] = v]
    /\ entry' = [entry EXCEPT ![p] = [hi |-> hi[p], second |-> second[p]]]
    /\ Send(p, EntryWords(p, v, [hi |-> hi[p], second |-> second[p]]))
    /\ UNCHANGED <<leader, hi, second, proposed, decided, votes, proposal>>

Propose(p, val, liars) ==
    /\ leader[view[p]] = p
    /\ proposed[p].view < view[p]
    /\ SafeToPropose(val, view[p], liars)
    /\ proposed' = [proposed EXCEPT ![p] = [view |-> view[p], value |-> val]]
    /\ proposal' = [proposal EXCEPT ![view[p]] = val]
    /\ Send(p, {ProposalOf(p, view[p], val)})
    /\ UNCHANGED <<leader, view, hi, second, entry, decided, votes>>

\* The registers after a vote: the old highest vote becomes the second one if it was for another value.
Saved(p, k, val) ==
    LET old == hi[p][k]
    IN  /\ hi' = [hi EXCEPT ![p][k] = [view |-> view[p], value |-> val]]
        /\ second' = IF k <= 2 /\ old # NoVote /\ old.value # val THEN [second EXCEPT ![p][k] = old] ELSE second
        /\ votes' = [votes EXCEPT ![p][k][view[p]] = val]

\* At most one vote in each phase of each view.
MayVote(p, k) == hi[p][k].view < view[p]

CastVote(p, k, val) ==
    /\ Saved(p, k, val)
    /\ Send(p, {VoteOf(p, view[p], k, val)})
    /\ UNCHANGED <<leader, view, entry, proposed, decided, proposal>>

Vote1(p, val, liars) ==
    /\ MayVote(p, 1)
    /\ leader[view[p]] \in liars \/ ProposalOf(leader[view[p]], view[p], val) \in messages
    /\ SafeToVote(val, view[p], liars)
    /\ CastVote(p, 1, val)

\* Phases 2 to 4.
VoteOn(p, k, val, liars) ==
    /\ MayVote(p, k)
    /\ Accepted(val, view[p], k - 1, liars)
    /\ CastVote(p, k, val)

Decide(p, v, val, liars) ==
    /\ decided[p] = NoValue
    /\ Accepted(val, v, 4, liars)
    /\ decided' = [decided EXCEPT ![p] = val]
    /\ Send(p, {DecidedOf(p, val)})
    /\ UNCHANGED <<leader, view, hi, second, entry, proposed, votes, proposal>>

\* Catch-up: a blocking set answers that it decided val.
Learn(p, val, liars) ==
    /\ decided[p] = NoValue
    /\ Abstract!IsBlocking(liars \cup {q \in Honest : DecidedOf(q, val) \in messages})
    /\ decided' = [decided EXCEPT ![p] = val]
    /\ Send(p, {DecidedOf(p, val)})
    /\ UNCHANGED <<leader, view, hi, second, entry, proposed, votes, proposal>>

\* p restarts from its flash, or repeats its state as it does periodically.
Reboot(p) ==
    /\ ~ Words(p) \subseteq messages
    /\ messages' = messages \cup Words(p)
    /\ UNCHANGED <<leader, flash, votes, proposal>>

Answer(p, liars) ==
    \/ \E v \in View : Echo(p, v, liars) \/ Enter(p, v, liars)
    \/ \E val \in Value :
          \/ Propose(p, val, liars)
          \/ Vote1(p, val, liars)
          \/ \E k \in 2..4 : VoteOn(p, k, val, liars)
          \/ \E v \in View : Decide(p, v, val, liars)
          \/ Learn(p, val, liars)
    \/ Reboot(p)

Next == \E p \in Honest : TimeOut(p) \/ Answer(p, Byzantine)

Spec == Init /\ [][Next]_vars

\* Once messages arrive, an honest replica eventually does what it can do without the liars' help.
\* Its timer runs until it has decided. Each of these steps is taken at most once, so one fairness
\* condition per replica is enough. Views end at MaxView, the one that lasts long enough.
FairStep(p) == (decided[p] = NoValue /\ TimeOut(p)) \/ Answer(p, {})

Fairness == \A p \in Honest : WF_vars(FairStep(p))

-----------------------------------------------------------------------------
TypeOK ==
    /\ Abstract!TypeOK
    /\ hi \in [Honest -> [Phase -> Register]]
    /\ second \in [Honest -> [1..2 -> Register]]
    /\ entry \in [Honest -> [hi : [Phase -> Register], second : [1..2 -> Register]]]
    /\ proposed \in [Honest -> Register]
    /\ \A m \in messages : m.from \in Honest /\ m.kind \in {"proposal", "vote", "wish", "proof", "suggest", "decided"}

\* A message in transit was on flash before: no replica ever receives a vote that a reboot undoes.
PersistBeforeSend ==
    \A m \in messages :
        /\ m.kind = "vote" => votes[m.from][m.phase][m.view] = m.value
        /\ m.kind = "proposal" => proposal[m.view] = m.value
        /\ m.kind = "proof" => view[m.from] >= m.view
        /\ m.kind = "decided" => decided[m.from] = m.value

\* The six registers carry as much as all votes.
RegistersSuffice ==
    \A p \in Honest :
        /\ \A k \in Phase : hi[p][k] = Abstract!HighestVote(p, k, MaxView + 1)
        /\ \A k \in 1..2 : second[p][k] = Abstract!SecondVote(p, k, MaxView + 1)
        /\ \A k \in Phase : entry[p].hi[k] = Abstract!HighestVote(p, k, view[p])
        /\ \A k \in 1..2 : entry[p].second[k] = Abstract!SecondVote(p, k, view[p])

\* A proof stays true: after sending it for v, the sender never votes below v.
ProofsStayTrue ==
    \A m \in messages :
        /\ m.kind = "proof" =>
              /\ m.lock = Abstract!HighestVote(m.from, 4, m.view)
              /\ m.highest = Abstract!HighestVote(m.from, 1, m.view)
              /\ m.second = Abstract!SecondVote(m.from, 1, m.view)
        /\ m.kind = "suggest" =>
              /\ m.lock = Abstract!HighestVote(m.from, 3, m.view)
              /\ m.highest = Abstract!HighestVote(m.from, 2, m.view)
              /\ m.second = Abstract!SecondVote(m.from, 2, m.view)

Agreement == Abstract!Agreement

Refines == Abstract!Spec

\* Under Fairness, if the leader of MaxView is honest, whatever the liars send at any time.
EveryoneDecides == <>[](\A p \in Honest : decided[p] # NoValue)
=============================================================================
