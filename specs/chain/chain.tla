------------------------------- MODULE chain -------------------------------
(***************************************************************************)
(* One object on a chain of nodes: CRAQ, chain replication with            *)
(* apportioned queries (Terrace and Freedman, "Object Storage on CRAQ",    *)
(* USENIX ATC 2009, section 2.3), on the chain of van Renesse, Schneider,  *)
(* "Chain Replication for Supporting High Throughput and Availability",    *)
(* OSDI 2004.                                                              *)
(*                                                                         *)
(* The head numbers a write and passes it down; the tail commits it; an    *)
(* acknowledgement goes up, and each node then knows the version to be     *)
(* clean. Any node answers reads: at once if its last version is clean,    *)
(* otherwise it asks the tail which version is committed. Nodes fail by    *)
(* stopping. A master takes a lost node out of the chain; its predecessor  *)
(* then sends again what was not acknowledged.                             *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - Links between neighbours are first in, first out. What a lost node    *)
(*   had sent may arrive until the master takes it out; then it is dropped *)
(*   (or, which is the same, was lost before).                             *)
(* - The master is right and tells all survivors at once. It never takes   *)
(*   out a node that is alive, so a node that is told later only acts      *)
(*   later. It would be the agreed ledger, which is not modelled here.     *)
(* - A node keeps all versions, where CRAQ keeps the clean one and those   *)
(*   after it: no guard reads an older one.                                *)
(* - A query and its answer are a step each. Queries to a lost tail go to  *)
(*   the new one.                                                          *)
(* - A write that only lost nodes had is lost; nobody was told that it was *)
(*   committed. Whether its client tries again is the client's affair.     *)
(* - No node lies: a single liar breaks a chain (specs/decisions/chain.md).*)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  Node,     \* node numbers; the chain begins in their order
  Write,    \* writes, each done once at most; a write stands for its value
  NoWrite,  \* what version 0 holds
  LossMax   \* so many nodes may be lost

ASSUME
  /\ Node \subseteq Nat /\ IsFiniteSet(Node)
  /\ NoWrite \notin Write
  /\ LossMax \in 0..(Cardinality(Node) - 1)

VARIABLES
  order,      \* the chain, head first, as the master last told it
  lost,       \* nodes that have stopped
  log,        \* log[n]: the writes that n has, version 1 first
  clean,      \* clean[n]: n knows versions up to this one to be committed
  down,       \* down[n]: writes on their way from n to its successor
  up,         \* up[n]: acknowledged versions on their way from n to its predecessor
  read,       \* the read in progress, or the last one
  committed,  \* history: the writes that were committed, in order
  answered    \* history: the last version that a tail named

storage == <<order, lost, log, clean, down, up>>
vars == <<storage, read, committed, answered>>

Version == 0..Cardinality(Write)
InChain(n) == \E i \in 1..Len(order) : order[i] = n
Members == {n \in Node : InChain(n)}
Place(n) == CHOOSE i \in 1..Len(order) : order[i] = n
IsUp(n) == InChain(n) /\ n \notin lost
First == order[1]
Last == order[Len(order)]
Before(n) == order[Place(n) - 1]
After(n) == order[Place(n) + 1]

IsPrefix(s, t) == Len(s) <= Len(t) /\ \A i \in 1..Len(s) : s[i] = t[i]
Max(a, b) == IF a < b THEN b ELSE a

Message(v, w) == [version |-> v, write |-> w]

\* Versions v+1 and later of n, as messages.
From(n, v) == [i \in 1..(Len(log[n]) - v) |-> Message(v + i, log[n][v + i])]

ValueAt(n, v) == IF v = 0 THEN NoWrite ELSE log[n][v]
IsClean(n) == clean[n] = Len(log[n])

NoRead(n) == [phase |-> "none", node |-> n, since |-> 0, version |-> 0, value |-> NoWrite]

-----------------------------------------------------------------------------
Ascending == CHOOSE s \in [1..Cardinality(Node) -> Node] : \A i, j \in DOMAIN s : i < j => s[i] < s[j]

Init ==
  /\ order = Ascending
  /\ lost = {}
  /\ log = [n \in Node |-> <<>>]
  /\ clean = [n \in Node |-> 0]
  /\ down = [n \in Node |-> <<>>]
  /\ up = [n \in Node |-> <<>>]
  /\ read = NoRead(order[1])
  /\ committed = <<>>
  /\ answered = 0

-----------------------------------------------------------------------------
\* Writes

\* n has one more version, and passes it on.
Extend(n, w, downs) ==
  /\ log' = [log EXCEPT ![n] = Append(@, w)]
  /\ down' = IF n = Last THEN downs ELSE [downs EXCEPT ![n] = Append(@, Message(Len(log[n]) + 1, w))]

\* The head takes a write of a client.
Accept(n, w) ==
  /\ n = First /\ IsUp(n)
  /\ \A m \in Node : \A i \in 1..Len(log[m]) : log[m][i] # w
  /\ Extend(n, w, down)
  /\ UNCHANGED <<order, lost, clean, up, read, committed, answered>>

\* A write arrives from the predecessor. What was sent again may be here already.
Receive(n) ==
  /\ IsUp(n) /\ n # First
  /\ down[Before(n)] # <<>>
  /\ LET message == Head(down[Before(n)])
         downs == [down EXCEPT ![Before(n)] = Tail(@)]
     IN  IF message.version = Len(log[n]) + 1
         THEN Extend(n, message.write, downs)
         ELSE down' = downs /\ UNCHANGED log
  /\ UNCHANGED <<order, lost, clean, up, read, committed, answered>>

\* What the tail has is committed. A node that becomes the tail commits here what it had not known to be.
Commit(n) ==
  /\ n = Last /\ IsUp(n)
  /\ ~IsClean(n)
  /\ clean' = [clean EXCEPT ![n] = Len(log[n])]
  /\ committed' = log[n]
  /\ up' = IF n = First THEN up ELSE [up EXCEPT ![n] = Append(@, Len(log[n]))]
  /\ UNCHANGED <<order, lost, log, down, read, answered>>

\* An acknowledgement arrives from the successor; it speaks of all earlier versions, too.
Acknowledge(n) ==
  /\ IsUp(n) /\ n # Last
  /\ up[After(n)] # <<>>
  /\ LET version == Head(up[After(n)])
         ups == [up EXCEPT ![After(n)] = Tail(@)]
     IN  /\ clean' = [clean EXCEPT ![n] = Max(@, version)]
         /\ up' = IF n = First \/ version <= clean[n] THEN ups ELSE [ups EXCEPT ![n] = Append(@, version)]
  /\ UNCHANGED <<order, lost, log, down, read, committed, answered>>

-----------------------------------------------------------------------------
\* Reads. `since` is what was committed when the read began.

\* n answers at once: its last version is clean.
ReadClean(n) ==
  /\ read.phase \in {"none", "done"}
  /\ IsUp(n) /\ IsClean(n)
  /\ read' = [phase |-> "done", node |-> n, since |-> Len(committed), version |-> clean[n],
              value |-> ValueAt(n, clean[n])]
  /\ UNCHANGED <<storage, committed, answered>>

\* n has dirty versions: it asks the tail.
Ask(n) ==
  /\ read.phase \in {"none", "done"}
  /\ IsUp(n) /\ ~IsClean(n)
  /\ read' = [phase |-> "asked", node |-> n, since |-> Len(committed), version |-> 0, value |-> NoWrite]
  /\ UNCHANGED <<storage, committed, answered>>

\* The tail names its version. One that has just become the tail commits first.
Answer(n) ==
  /\ read.phase = "asked"
  /\ n = Last /\ IsUp(n)
  /\ IsClean(n)
  /\ read' = [read EXCEPT !.phase = "told", !.version = clean[n]]
  /\ answered' = clean[n]
  /\ UNCHANGED <<storage, committed>>

\* The node that asked returns that version, which it has, for it is upstream.
Return(n) ==
  /\ read.phase = "told"
  /\ n = read.node /\ IsUp(n)
  /\ read' = [read EXCEPT !.phase = "done", !.value = ValueAt(n, read.version)]
  /\ UNCHANGED <<storage, committed, answered>>

\* The node that was asked is lost. No answer says nothing about the object.
NoAnswer ==
  /\ read.phase \in {"asked", "told"}
  /\ read.node \in lost
  /\ read' = NoRead(read.node)
  /\ UNCHANGED <<storage, committed, answered>>

-----------------------------------------------------------------------------
\* Loss

Lose(n) ==
  /\ IsUp(n)
  /\ Cardinality(lost) < LossMax
  /\ lost' = lost \cup {n}
  /\ UNCHANGED <<order, log, clean, down, up, read, committed, answered>>

Without(n) == SelectSeq(order, LAMBDA m : m # n)

\* The master takes a lost node out. Nothing is taken from or sent to it any more; its predecessor sends again what it
\* does not know to be committed, and its successor says again what is.
Reconfigure(n) ==
  /\ n \in lost /\ InChain(n)
  /\ order' = Without(n)
  /\ IF n = First
     THEN /\ down' = [down EXCEPT ![n] = <<>>]
          /\ up' = [up EXCEPT ![After(n)] = <<>>, ![n] = <<>>]
     ELSE IF n = Last
     THEN /\ down' = [down EXCEPT ![Before(n)] = <<>>]
          /\ up' = [up EXCEPT ![n] = <<>>]
     ELSE /\ down' = [down EXCEPT ![Before(n)] = From(Before(n), clean[Before(n)]), ![n] = <<>>]
          /\ up' = [up EXCEPT ![After(n)] = <<clean[After(n)]>>, ![n] = <<>>]
  /\ UNCHANGED <<lost, log, clean, read, committed, answered>>

Next ==
  \/ \E n \in Node, w \in Write : Accept(n, w)
  \/ \E n \in Node : Receive(n)
  \/ \E n \in Node : Commit(n)
  \/ \E n \in Node : Acknowledge(n)
  \/ \E n \in Node : ReadClean(n)
  \/ \E n \in Node : Ask(n)
  \/ \E n \in Node : Answer(n)
  \/ \E n \in Node : Return(n)
  \/ NoAnswer
  \/ \E n \in Node : Lose(n)
  \/ \E n \in Node : Reconfigure(n)

\* What is sent arrives, the tail commits and answers, the master learns of a loss. Nobody has to write, read or fail.
Fairness ==
  /\ \A n \in Node :
       /\ WF_vars(Receive(n)) /\ WF_vars(Commit(n)) /\ WF_vars(Acknowledge(n))
       /\ WF_vars(Answer(n)) /\ WF_vars(Return(n)) /\ WF_vars(Reconfigure(n))
  /\ WF_vars(NoAnswer)

Spec == Init /\ [][Next]_vars
FairSpec == Spec /\ Fairness

-----------------------------------------------------------------------------
TypeOK ==
  /\ Len(order) \in 1..Cardinality(Node)
  /\ \A i, j \in 1..Len(order) : order[i] = order[j] => i = j
  /\ lost \subseteq Node /\ Cardinality(lost) <= LossMax
  /\ \A n \in Node : Len(log[n]) \in Version /\ \A i \in 1..Len(log[n]) : log[n][i] \in Write
  /\ clean \in [Node -> Version]
  /\ \A n \in Node : \A i \in 1..Len(down[n]) : down[n][i].version \in Version /\ down[n][i].write \in Write
  /\ \A n \in Node : \A i \in 1..Len(up[n]) : up[n][i] \in Version
  /\ read.phase \in {"none", "asked", "told", "done"} /\ read.node \in Node
  /\ read.since \in Version /\ read.version \in Version /\ read.value \in Write \cup {NoWrite}
  /\ Len(committed) \in Version
  /\ answered \in Version

\* Update propagation (van Renesse and Schneider, section 3): down the chain, each has a prefix of what those before it have.
PrefixDownTheChain ==
  \A i, j \in 1..Len(order) : i < j => IsPrefix(log[order[j]], log[order[i]])

\* No committed write is lost, whichever nodes are: every node that is left has all of them.
NoCommittedWriteLost == \A n \in Members : IsPrefix(committed, log[n])

\* A node calls clean only what was committed.
CleanIsCommitted ==
  \A n \in Members : clean[n] <= Len(log[n]) /\ IsPrefix(SubSeq(log[n], 1, clean[n]), committed)

\* Linearisable: a read returns what was committed when it began, or something later that is committed when it returns.
\* Two reads, one after the other, can therefore not go back.
Linearisable ==
  read.phase = "done" =>
    /\ read.since <= read.version
    /\ read.version <= Len(committed)
    /\ read.value = (IF read.version = 0 THEN NoWrite ELSE committed[read.version])

\* Links are in order and lose nothing in between: the next write to arrive is known or the next one.
NoGap ==
  \A n \in Members \ {First} :
    down[Before(n)] # <<>> => Head(down[Before(n)]).version <= Len(log[n]) + 1

\* A version that the tail names can be returned: whoever asked has it.
AnswerCanBeReturned == read.phase = "told" /\ IsUp(read.node) => read.version <= Len(log[read.node])

\* What was committed stays, in its order.
CommittedStandsStep == IsPrefix(committed, committed')
CommittedStands == [][CommittedStandsStep]_vars

\* Tails never name an earlier version than was named before, whoever the tail is.
AnswersMonotoneStep == answered' >= answered
AnswersMonotone == [][AnswersMonotoneStep]_vars

Has(n, w) == \E i \in 1..Len(log[n]) : log[n][i] = w

\* A write that the head has is committed in the end, unless the head is lost before it has passed it on.
WritesCommit == \A w \in Write : Has(First, w) ~> (Has(Last, w) /\ IsClean(Last)) \/ ~Has(First, w)

\* A read ends: with a version, or because its node is lost.
ReadsEnd == read.phase = "asked" ~> read.phase \in {"done", "none"}

\* When writes and losses have ceased, every node that is left comes to know that all is committed.
CleanInTheEnd == <>[](\A n \in Node : IsUp(n) => IsClean(n))
=============================================================================
