-------------------------- MODULE tetrabft_messages --------------------------
(***************************************************************************)
(* One instance (one slot) of TetraBFT as a board runs it: messages on the *)
(* way, six registers, flash, the view synchroniser. tetrabft.tla says the *)
(* same without messages; Refines says that this module implements it.     *)
(* Source: Yu, Losa, Wang, PODC 2024, arXiv 2405.02615, section 3; the     *)
(* synchroniser: Bravo, Chockler, Gotsman, DISC 2020.                      *)
(*                                                                         *)
(* Messages are a set that only grows. A guard may use any of them and     *)
(* need use none, so loss, delay, duplication and reordering are all here: *)
(* a lost message is one that nobody ever uses. That also covers a place   *)
(* for one message a peer and kind, where a later one replaces an earlier. *)
(*                                                                         *)
(* Byzantine replicas have no state and send nothing: each guard counts    *)
(* them as having said whatever would make it true (`liars`).              *)
(*                                                                         *)
(* A step of a replica writes its flash, then sends. Power may fail in     *)
(* between (PowerFails): then nothing was sent. A rebooted replica reads   *)
(* its flash and says again what it says (Reboot), which is also how state *)
(* is sent again while all is well. What a board holds in RAM is copies of *)
(* messages, so losing it is not having received them yet.                 *)
(*                                                                         *)
(* `votes` and `proposal` are history: no guard reads them. They say what  *)
(* was persisted, sent or not, and are what tetrabft.tla's variables of    *)
(* the same names are mapped to (Abadi and Lamport, 1991: the registers    *)
(* forget, so some history is needed to name the abstract state).          *)
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
    \* on the way
    messages,
    \* history
    votes, proposal

flash == <<view, hi, second, entry, proposed, decided>>
vars == <<leader, flash, messages, votes, proposal>>

\* The mapping: leader, view and decided are what they are called; votes and proposal are history.
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

\* What p's registers say on entering v: a proof to all about phases 4 and 1, a suggest to the
\* leader about phases 3 and 2. In both, `lock` is the phase that a value must not contradict.
ProofOf(p, v, e) ==
    [kind |-> "proof", from |-> p, view |-> v, lock |-> e.hi[4], highest |-> e.hi[1], second |-> e.second[1]]
SuggestOf(p, v, e) ==
    [kind |-> "suggest", from |-> p, view |-> v, lock |-> e.hi[3], highest |-> e.hi[2], second |-> e.second[2]]

EntryWords(p, v, e) == IF v = 0 THEN {} ELSE {ProofOf(p, v, e), SuggestOf(p, v, e)}

\* All that p says, from its flash alone.
Words(p) ==
    EntryWords(p, view[p], entry[p])
    \cup {VoteOf(p, view[p], k, hi[p][k].value) : k \in {j \in Phase : hi[p][j].view = view[p]}}
    \cup (IF proposed[p].view = view[p] THEN {ProposalOf(p, view[p], proposed[p].value)} ELSE {})
    \cup (IF decided[p] # NoValue THEN {DecidedOf(p, decided[p])} ELSE {})

\* Sending what was persisted in this step; or power fails first.
Send(p, words) == messages' = messages \cup words \/ (p \in PowerFails /\ messages' = messages)

-----------------------------------------------------------------------------
\* Rules 1 to 4 on messages received. `liars` have sent what is needed.

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

\* p's view timer ran out. Timers serve liveness only, so this one may run out at any time.
TimeOut(p) == view[p] < MaxView /\ Wish(p, view[p] + 1)

\* A blocking set wishes v: one of them is honest.
Echo(p, v, liars) == Abstract!IsBlocking(Wishes(v, liars)) /\ Wish(p, v)

\* A quorum wishes v; or votes of v show that a quorum of replicas is there.
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

\* The vote into the registers: the old highest vote becomes the second one if it was for another value.
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

\* p restarts from its flash, or sends its state again as it does from time to time.
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

\* What an honest replica does sooner or later once messages arrive: what it can do without the
\* liars' help. Its timer runs until it has decided. Each of these steps is taken once at most, so
\* one fairness condition a replica is enough. Views end at MaxView, the one that lasts long enough.
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

\* What is on the way was on flash before: nobody ever hears of a vote that a reboot undoes.
PersistBeforeSend ==
    \A m \in messages :
        /\ m.kind = "vote" => votes[m.from][m.phase][m.view] = m.value
        /\ m.kind = "proposal" => proposal[m.view] = m.value
        /\ m.kind = "proof" => view[m.from] >= m.view
        /\ m.kind = "decided" => decided[m.from] = m.value

\* Six registers say as much as all votes.
RegistersSuffice ==
    \A p \in Honest :
        /\ \A k \in Phase : hi[p][k] = Abstract!HighestVote(p, k, MaxView + 1)
        /\ \A k \in 1..2 : second[p][k] = Abstract!SecondVote(p, k, MaxView + 1)
        /\ \A k \in Phase : entry[p].hi[k] = Abstract!HighestVote(p, k, view[p])
        /\ \A k \in 1..2 : entry[p].second[k] = Abstract!SecondVote(p, k, view[p])

\* A proof stays true: after it was sent for v, its sender never votes below v.
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

\* Under Fairness, if the leader of MaxView is honest, and whatever the liars say and when.
EveryoneDecides == <>[](\A p \in Honest : decided[p] # NoValue)
=============================================================================
