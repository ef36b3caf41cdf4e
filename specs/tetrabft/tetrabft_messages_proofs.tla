----------------------- MODULE tetrabft_messages_proofs -----------------------
(***************************************************************************)
(* Proofs about tetrabft_messages.tla, for any number of replicas, views   *)
(* and values (amu prove tetrabft; docs/reference/proofs.md): messages     *)
(* implement votes. Agreement then holds of boards with messages, because  *)
(* tetrabft_proofs.tla proves it of votes.                                 *)
(***************************************************************************)
EXTENDS tetrabft_messages

\* What tetrabft.tla assumes.
ASSUME ConstantsHaveTypes ==
    /\ Byzantine \subseteq Replica
    /\ Abstract!Weight(Replica) >= 3 * FaultsMax + 1
    /\ Abstract!Weight(Byzantine) <= FaultsMax
    /\ NoValue \notin Value
    /\ MaxView \in Nat
    /\ FaultsMax \in Nat
    /\ WithClauseIIIB \in BOOLEAN

HIDE DEF Abstract!IsQuorum, Abstract!IsBlocking, Wishes, Accepted, SafeToPropose, SafeToVote

-----------------------------------------------------------------------------
\* Types. A register with a view has a value.

ProposalMessage == [kind : {"proposal"}, from : Honest, view : View, value : Value]
VoteMessage == [kind : {"vote"}, from : Honest, view : View, phase : Phase, value : Value]
WishMessage == [kind : {"wish"}, from : Honest, view : View]
DecidedMessage == [kind : {"decided"}, from : Honest, value : Value]
ReportMessage(kind) ==
    [kind : {kind}, from : Honest, view : View, lock : Register, highest : Register, second : Register]
Message ==
    ProposalMessage \cup VoteMessage \cup WishMessage \cup DecidedMessage \cup ReportMessage("proof")
    \cup ReportMessage("suggest")

Types ==
    /\ leader \in [View -> Replica]
    /\ view \in [Replica -> View]
    /\ hi \in [Honest -> [Phase -> Register]]
    /\ second \in [Honest -> [1..2 -> Register]]
    /\ entry \in [Honest -> [hi : [Phase -> Register], second : [1..2 -> Register]]]
    /\ proposed \in [Honest -> Register]
    /\ decided \in [Replica -> Value \cup {NoValue}]
    /\ messages \in SUBSET Message
    /\ votes \in [Replica -> [Phase -> [View -> Value \cup {NoValue}]]]
    /\ proposal \in [View -> Value \cup {NoValue}]

RegistersHaveValues ==
    /\ \A p \in Honest, k \in Phase : hi[p][k].view >= 0 => hi[p][k].value # NoValue
    /\ \A p \in Honest : proposed[p].view >= 0 => proposed[p].value # NoValue

WellTyped == Types /\ RegistersHaveValues

THEOREM MessagesTyped == Spec => []WellTyped
<1> QED BY RegistersHaveValues

-----------------------------------------------------------------------------
\* What registers hold, without CHOOSE: the last vote before v, and the last for another value.

IsLast(p, k, v, m) ==
    \/ m = NoVote /\ \A u \in 0..(v - 1) : votes[p][k][u] = NoValue
    \/ /\ m.view \in 0..(v - 1)
       /\ m.value # NoValue
       /\ votes[p][k][m.view] = m.value
       /\ \A u \in (m.view + 1)..(v - 1) : votes[p][k][u] = NoValue

IsLastOther(p, k, v, h, m) ==
    \/ m = NoVote /\ \A u \in 0..(v - 1) : votes[p][k][u] \in {NoValue, h.value}
    \/ /\ m.view \in 0..(v - 1)
       /\ m.value \notin {NoValue, h.value}
       /\ votes[p][k][m.view] = m.value
       /\ \A u \in (m.view + 1)..(v - 1) : votes[p][k][u] \in {NoValue, h.value}

HighestIsLast ==
    \A p \in Honest, k \in Phase : hi[p][k].view <= view[p] /\ IsLast(p, k, MaxView + 1, hi[p][k])
SecondIsLast == \A p \in Honest, k \in 1..2 : IsLastOther(p, k, MaxView + 1, hi[p][k], second[p][k])
EntryIsLast == \A p \in Honest, k \in Phase : IsLast(p, k, view[p], entry[p].hi[k])
EntrySecondIsLast ==
    \A p \in Honest, k \in 1..2 : IsLastOther(p, k, view[p], entry[p].hi[k], entry[p].second[k])

RegistersTell == HighestIsLast /\ SecondIsLast /\ EntryIsLast /\ EntrySecondIsLast

THEOREM RegistersKept == Spec => []RegistersTell
<1> QED BY MessagesTyped, Types, RegistersHaveValues, HighestIsLast, SecondIsLast

\* What messages say was persisted.
VotesPersisted == \A m \in messages : m.kind = "vote" => votes[m.from][m.phase][m.view] = m.value
ProposalsPersisted ==
    \A m \in messages : m.kind = "proposal" => leader[m.view] = m.from /\ proposal[m.view] = m.value
DecisionsPersisted == \A m \in messages : m.kind = "decided" => decided[m.from] = m.value
ProposedOnce ==
    \A p \in Honest :
        /\ proposed[p].view <= view[p]
        /\ proposed[p].view >= 0 => leader[proposed[p].view] = p /\ proposal[proposed[p].view] = proposed[p].value
        /\ \A v \in View : leader[v] = p /\ proposal[v] # NoValue => v <= proposed[p].view

Persisted == VotesPersisted /\ ProposalsPersisted /\ DecisionsPersisted /\ ProposedOnce

THEOREM MessagesPersisted == Spec => []Persisted
<1> QED BY MessagesTyped, Types, RegistersHaveValues, HighestIsLast, ProposedOnce, RegistersKept

\* What reports say of the votes before the view of the report stays true.
ProofsTell ==
    \A m \in messages :
        m.kind = "proof" =>
            /\ m.view <= view[m.from]
            /\ IsLast(m.from, 4, m.view, m.lock)
            /\ IsLast(m.from, 1, m.view, m.highest)
            /\ IsLastOther(m.from, 1, m.view, m.highest, m.second)
SuggestsTell ==
    \A m \in messages :
        m.kind = "suggest" =>
            /\ m.view <= view[m.from]
            /\ IsLast(m.from, 3, m.view, m.lock)
            /\ IsLast(m.from, 2, m.view, m.highest)
            /\ IsLastOther(m.from, 2, m.view, m.highest, m.second)
ReportsTell == ProofsTell /\ SuggestsTell

HIDE DEF IsLast, IsLastOther

THEOREM ReportsKept == Spec => []ReportsTell
<1>1. ASSUME NEW p \in Honest, NEW v \in View, Enter(p, v, Byzantine) PROVE ReportsTell'
  <2>1. \A k \in Phase : IsLast(p, k, v, hi[p][k])
    BY HighestIsLast DEF IsLast
  <2>2. \A k \in 1..2 : IsLastOther(p, k, v, hi[p][k], second[p][k])
    BY HighestIsLast, SecondIsLast DEF IsLast, IsLastOther
  <2> QED BY Types, <2>1, <2>2
<1>2. ASSUME NEW p \in Honest, NEW val \in Value, Vote1(p, val, Byzantine) PROVE ReportsTell'
  <2>1. ASSUME NEW q \in Honest, NEW u \in View, NEW m \in Register, u <= view[q], IsLast(q, 1, u, m)
        PROVE  IsLast(q, 1, u, m)'
    BY DEF IsLast
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, NEW h \in Register, NEW m \in Register, u <= view[q],
               IsLastOther(q, 1, u, h, m)
        PROVE  IsLastOther(q, 1, u, h, m)'
    BY DEF IsLastOther
  <2> QED BY Types, <2>1, <2>2
<1>3. ASSUME NEW p \in Honest, NEW val \in Value, NEW k \in 2..4, VoteOn(p, k, val, Byzantine) PROVE ReportsTell'
  <2>1. ASSUME NEW q \in Honest, NEW u \in View, NEW m \in Register, u <= view[q], IsLast(q, k, u, m)
        PROVE  IsLast(q, k, u, m)'
    BY DEF IsLast
  <2>2. ASSUME NEW q \in Honest, NEW u \in View, NEW h \in Register, NEW m \in Register, u <= view[q],
               IsLastOther(q, k, u, h, m)
        PROVE  IsLastOther(q, k, u, h, m)'
    BY DEF IsLastOther
  <2> QED BY Types, <2>1, <2>2
<1> QED BY MessagesTyped, Types, RegistersKept, EntryIsLast, EntrySecondIsLast

-----------------------------------------------------------------------------
\* Registers and reports are those of tetrabft.tla: what is last is one vote.

AnyVote == [view : Int, value : Value \cup {NoValue}]

LEMMA OneIsLast ==
    ASSUME NEW p \in Honest, NEW k \in Phase, NEW v \in 0..(MaxView + 1), NEW m \in AnyVote, NEW n \in AnyVote,
           IsLast(p, k, v, m), IsLast(p, k, v, n)
    PROVE  m = n
  BY DEF IsLast

LEMMA OneIsLastOther ==
    ASSUME NEW p \in Honest, NEW k \in Phase, NEW v \in 0..(MaxView + 1), NEW h \in AnyVote, NEW m \in AnyVote,
           NEW n \in AnyVote, IsLastOther(p, k, v, h, m), IsLastOther(p, k, v, h, n)
    PROVE  m = n
  BY DEF IsLastOther

HighestFound(k) == \A p \in Honest, v \in 0..(MaxView + 1) : IsLast(p, k, v, Abstract!HighestVote(p, k, v))
SecondFound(k) ==
    \A p \in Honest, v \in 0..(MaxView + 1) :
        IsLastOther(p, k, v, Abstract!HighestVote(p, k, v), Abstract!SecondVote(p, k, v))

LEMMA HighestFound1 == HighestFound(1) BY DEF IsLast
LEMMA HighestFound2 == HighestFound(2) BY DEF IsLast
LEMMA HighestFound3 == HighestFound(3) BY DEF IsLast
LEMMA HighestFound4 == HighestFound(4) BY DEF IsLast

HIDE DEF Abstract!HighestVote

LEMMA SecondFound1 == SecondFound(1) BY DEF IsLastOther
LEMMA SecondFound2 == SecondFound(2) BY DEF IsLastOther

HIDE DEF Abstract!SecondVote

\* So what is last is what tetrabft.tla names.
IsHighest(k) ==
    \A p \in Honest, v \in 0..(MaxView + 1), m \in AnyVote : IsLast(p, k, v, m) => m = Abstract!HighestVote(p, k, v)
IsSecond(k) ==
    \A p \in Honest, v \in 0..(MaxView + 1), m \in AnyVote :
        IsLastOther(p, k, v, Abstract!HighestVote(p, k, v), m) => m = Abstract!SecondVote(p, k, v)

LEMMA IsHighest1 == IsHighest(1) BY HighestFound1, OneIsLast
LEMMA IsHighest2 == IsHighest(2) BY HighestFound2, OneIsLast
LEMMA IsHighest3 == IsHighest(3) BY HighestFound3, OneIsLast
LEMMA IsHighest4 == IsHighest(4) BY HighestFound4, OneIsLast
LEMMA IsSecond1 == IsSecond(1) BY SecondFound1, OneIsLastOther
LEMMA IsSecond2 == IsSecond(2) BY SecondFound2, OneIsLastOther

THEOREM RegistersAreEnough == Spec => []RegistersSuffice
  BY MessagesTyped, Types, RegistersKept, HighestIsLast, SecondIsLast, EntryIsLast, EntrySecondIsLast, IsHighest1,
     IsHighest2, IsHighest3, IsHighest4, IsSecond1, IsSecond2

ProofsMatch ==
    \A m \in messages :
        m.kind = "proof" =>
            /\ m.lock = Abstract!HighestVote(m.from, 4, m.view)
            /\ m.highest = Abstract!HighestVote(m.from, 1, m.view)
            /\ m.second = Abstract!SecondVote(m.from, 1, m.view)
SuggestsMatch ==
    \A m \in messages :
        m.kind = "suggest" =>
            /\ m.lock = Abstract!HighestVote(m.from, 3, m.view)
            /\ m.highest = Abstract!HighestVote(m.from, 2, m.view)
            /\ m.second = Abstract!SecondVote(m.from, 2, m.view)

THEOREM ProofsAreTrue == Spec => []ProofsMatch
  BY MessagesTyped, Types, ReportsKept, ProofsTell, IsHighest1, IsHighest4, IsSecond1

THEOREM SuggestsAreTrue == Spec => []SuggestsMatch
  BY MessagesTyped, Types, ReportsKept, SuggestsTell, IsHighest2, IsHighest3, IsSecond2

THEOREM ReportsAreTrue == Spec => []ProofsStayTrue
  BY ProofsAreTrue, ProofsMatch, SuggestsAreTrue, SuggestsMatch

THEOREM PersistedBeforeSent == Spec => []PersistBeforeSend
  BY MessagesTyped, Types, MessagesPersisted, VotesPersisted, ProposalsPersisted, DecisionsPersisted, ReportsKept, ProofsTell

-----------------------------------------------------------------------------
\* What received messages permit, the votes behind them permit.

Unlocked(kind, v) == Abstract!IsQuorum(Byzantine \cup {m.from : m \in {n \in Reports(kind, v) : n.lock = NoVote}})
Locked(kind, val, r, v) ==
    Abstract!IsQuorum(Byzantine \cup {m.from : m \in {n \in Reports(kind, v) : Permits(n, val, r)}})
Claimed(kind, x, r, v) ==
    Abstract!IsBlocking(Byzantine \cup {m.from : m \in {n \in Reports(kind, v) : Claims(n, x, r)}})

SafeByReports(kind, val, v, clauseIIIB) ==
    \/ v = 0
    \/ Unlocked(kind, v)
    \/ \E r \in 0..(v - 1) :
          /\ Locked(kind, val, r, v)
          /\ \/ Claimed(kind, val, r, v)
             \/ /\ clauseIIIB
                /\ r + 1 < v
                /\ \E val1, val2 \in Value :
                      val1 # val2 /\ Claimed(kind, val1, r, v) /\ Claimed(kind, val2, r + 1, v)

LEMMA SafeToVoteByProofs ==
    ASSUME NEW val \in Value, NEW v \in View, SafeToVote(val, v, Byzantine)
    PROVE  SafeByReports("proof", val, v, WithClauseIIIB)
<1> HIDE DEF Claims, Permits
<1> QED BY DEF SafeToVote

LEMMA SafeToProposeBySuggests ==
    ASSUME NEW val \in Value, NEW v \in View, SafeToPropose(val, v, Byzantine)
    PROVE  SafeByReports("suggest", val, v, FALSE)
<1> HIDE DEF Claims, Permits
<1> QED BY DEF SafeToPropose

LEMMA ProofsUnlocked ==
    ASSUME Types, ProofsMatch, ProofsTell, NEW v \in View, Unlocked("proof", v)
    PROVE  Abstract!IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ Abstract!HighestVote(p, 4, v) = NoVote})
  BY Types, ProofsMatch, ProofsTell

LEMMA ProofsLocked ==
    ASSUME Types, ProofsMatch, ProofsTell, NEW x \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           Locked("proof", x, r, v)
    PROVE  Abstract!IsQuorum(
               Byzantine \cup {p \in Honest : view[p] >= v /\ Abstract!NoneAfterAndNoOtherAt(p, x, r, v, 4)})
  BY Types, ProofsMatch, ProofsTell

LEMMA ProofsClaimed ==
    ASSUME Types, ProofsMatch, ProofsTell, NEW x \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           Claimed("proof", x, r, v)
    PROVE  Abstract!BlockingClaims(x, r, v, 1, Byzantine)
  BY Types, ProofsMatch, ProofsTell

LEMMA SuggestsUnlocked ==
    ASSUME Types, SuggestsMatch, SuggestsTell, NEW v \in View, Unlocked("suggest", v)
    PROVE  Abstract!IsQuorum(Byzantine \cup {p \in Honest : view[p] >= v /\ Abstract!HighestVote(p, 3, v) = NoVote})
  BY Types, SuggestsMatch, SuggestsTell

LEMMA SuggestsLocked ==
    ASSUME Types, SuggestsMatch, SuggestsTell, NEW x \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           Locked("suggest", x, r, v)
    PROVE  Abstract!IsQuorum(
               Byzantine \cup {p \in Honest : view[p] >= v /\ Abstract!NoneAfterAndNoOtherAt(p, x, r, v, 3)})
  BY Types, SuggestsMatch, SuggestsTell

LEMMA SuggestsClaimed ==
    ASSUME Types, SuggestsMatch, SuggestsTell, NEW x \in Value, NEW v \in View, NEW r \in 0..(v - 1),
           Claimed("suggest", x, r, v)
    PROVE  Abstract!BlockingClaims(x, r, v, 2, Byzantine)
  BY Types, SuggestsMatch, SuggestsTell

LEMMA VotesPermit ==
    ASSUME Types, ProofsMatch, ProofsTell, NEW val \in Value, NEW v \in View, SafeToVote(val, v, Byzantine)
    PROVE  Abstract!SafeToVote(val, v)
<1> HIDE DEF Unlocked, Locked, Claimed, Abstract!BlockingClaims, Abstract!NoneAfterAndNoOtherAt
<1> QED BY SafeToVoteByProofs, ProofsUnlocked, ProofsLocked, ProofsClaimed

LEMMA SuggestsPermit ==
    ASSUME Types, SuggestsMatch, SuggestsTell, NEW val \in Value, NEW v \in View, SafeToPropose(val, v, Byzantine)
    PROVE  Abstract!SafeToPropose(val, v)
<1> HIDE DEF Unlocked, Locked, Claimed, Abstract!BlockingClaims, Abstract!NoneAfterAndNoOtherAt
<1> QED BY SafeToProposeBySuggests, SuggestsUnlocked, SuggestsLocked, SuggestsClaimed

LEMMA VotesAccept ==
    ASSUME VotesPersisted, NEW val \in Value, NEW v \in View, NEW k \in Phase, Accepted(val, v, k, Byzantine)
    PROVE  Abstract!Accepted(val, v, k)
  BY VotesPersisted DEF Accepted

HIDE DEF Abstract!SafeToVote, Abstract!SafeToPropose, Abstract!Accepted

THEOREM Refinement == Spec => Refines
<1> HIDE DEF Abstract!EnterView, Abstract!Propose, Abstract!Vote1, Abstract!Vote2, Abstract!Vote3, Abstract!Vote4,
            Abstract!Decide, Abstract!Learn
<1>1. ASSUME NEW p \in Honest, NEW v \in View, Enter(p, v, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!EnterView(p, v) BY Types DEF Abstract!EnterView
  <2> QED BY <2>1
<1>2. ASSUME NEW p \in Honest, NEW val \in Value, Propose(p, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!SafeToPropose(val, view[p]) BY Types, SuggestsMatch, SuggestsTell, SuggestsPermit
  <2>2. Abstract!Propose(p, view[p], val) BY <2>1, Types, ProposedOnce DEF Abstract!Propose
  <2> QED BY <2>2, Types
<1>3. ASSUME NEW p \in Honest, NEW val \in Value, Vote1(p, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!SafeToVote(val, view[p]) BY Types, ProofsMatch, ProofsTell, VotesPermit
  <2>2. votes[p][1][view[p]] = NoValue BY Types, HighestIsLast DEF IsLast
  <2>3. Abstract!Vote1(p, view[p], val) BY <2>1, <2>2, Types, ProposalsPersisted DEF Abstract!Vote1
  <2> QED BY <2>3, Types
<1>4. ASSUME NEW p \in Honest, NEW val \in Value, VoteOn(p, 2, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!Accepted(val, view[p], 1) BY Types, VotesPersisted, VotesAccept
  <2>2. votes[p][2][view[p]] = NoValue BY Types, HighestIsLast DEF IsLast
  <2>3. Abstract!Vote2(p, view[p], val) BY <2>1, <2>2, Types DEF Abstract!Vote2
  <2> QED BY <2>3, Types
<1>5. ASSUME NEW p \in Honest, NEW val \in Value, VoteOn(p, 3, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!Accepted(val, view[p], 2) BY Types, VotesPersisted, VotesAccept
  <2>2. votes[p][3][view[p]] = NoValue BY Types, HighestIsLast DEF IsLast
  <2>3. Abstract!Vote3(p, view[p], val) BY <2>1, <2>2, Types DEF Abstract!Vote3
  <2> QED BY <2>3, Types
<1>6. ASSUME NEW p \in Honest, NEW val \in Value, VoteOn(p, 4, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!Accepted(val, view[p], 3) BY Types, VotesPersisted, VotesAccept
  <2>2. votes[p][4][view[p]] = NoValue BY Types, HighestIsLast DEF IsLast
  <2>3. Abstract!Vote4(p, view[p], val) BY <2>1, <2>2, Types DEF Abstract!Vote4
  <2> QED BY <2>3, Types
<1>7. ASSUME NEW p \in Honest, NEW v \in View, NEW val \in Value, Decide(p, v, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!Accepted(val, v, 4) BY VotesPersisted, VotesAccept
  <2>2. Abstract!Decide(p, v, val) BY <2>1 DEF Abstract!Decide
  <2> QED BY <2>2
<1>8. ASSUME NEW p \in Honest, NEW val \in Value, Learn(p, val, Byzantine) PROVE Abstract!Next
  <2>1. Abstract!Learn(p, val) BY DecisionsPersisted DEF Abstract!Learn
  <2> QED BY <2>1
<1> QED BY MessagesTyped, Types, RegistersKept, MessagesPersisted, ReportsKept, ProofsAreTrue, SuggestsAreTrue
=============================================================================
