------------------------------- MODULE chain -------------------------------
(***************************************************************************)
(* One object on a chain of nodes: CRAQ, chain replication with            *)
(* apportioned queries (Terrace and Freedman, "Object Storage on CRAQ",    *)
(* USENIX ATC 2009, section 2.3), on the chain of van Renesse and          *)
(* Schneider (OSDI 2004).                                                  *)
(*                                                                         *)
(* The head numbers a write and passes it down. The tail commits it. An    *)
(* acknowledgement travels up, and each node that it passes knows the      *)
(* version to be clean. Any node answers reads: at once if its last        *)
(* version is clean; otherwise it asks the tail which version is           *)
(* committed. Nodes fail by stopping. A master removes a failed node from  *)
(* the chain; its predecessor then repeats what was not acknowledged.      *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - Links between neighbours are first in, first out. What a failed node  *)
(*   had sent may arrive until the master removes the node; then it is     *)
(*   dropped. That is the same as having been lost earlier.                *)
(* - The master is right and informs all survivors in one step. It never   *)
(*   removes a node that is alive, so a node that learns of it later only  *)
(*   acts later. The master would be the agreed ledger, which is not       *)
(*   modelled here.                                                        *)
(* - A node keeps all versions. CRAQ keeps the clean one and those after   *)
(*   it, but no guard reads an older one.                                  *)
(* - A query and its answer are one step each. A query to a failed tail    *)
(*   goes to the new one.                                                  *)
(* - A write that only failed nodes had is lost; it was never committed.   *)
(*   The client may retry.                                                 *)
(* - No node lies: one liar breaks a chain (specs/decisions/chain.md).     *)
(***************************************************************************)
EXTENDS Integers, Sequences, FiniteSets

CONSTANTS
  Node,     \* node numbers; the chain begins in their order
  Write,    \* writes, each done once at most; a write stands for its value
  NoWrite,  \* the value of version 0
  LossMax   \* how many nodes may fail

ASSUME
  /\ Node \subseteq Nat /\ IsFiniteSet(Node)
  /\ NoWrite \notin Write
  /\ LossMax \in 0..(Cardinality(Node) - 1)

VARIABLES
  order,      \* the chain, head first, as the master last announced it
  lost,       \* nodes that have stopped
  log,        \* log[n]: the writes that n has, version 1 first
  clean,      \* clean[n]: n knows that versions up to this one are committed
  down,       \* down[n]: writes on their way from n to its successor
  up,         \* up[n]: acknowledged versions on their way from n to its predecessor
  read,       \* the read in progress, or the last one
  committed,  \* history: the committed writes, in order
  answered    \* history: the last version that a tail reported as committed

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

\* n adds a version and passes it on.
Extend(n, w, downs) ==
  /\ log' = [log EXCEPT ![n] = Append(@, w)]
  /\ down' = IF n = Last THEN downs ELSE [downs EXCEPT ![n] = Append(@, Message(Len(log[n]) + 1, w))]

\* The head accepts a client's write.
Accept(n, w) ==
  /\ n = First /\ IsUp(n)
  /\ \A m \in Node : \A i \in 1..Len(log[m]) : log[m][i] # w
  /\ Extend(n, w, down)
  /\ UNCHANGED <<order, lost, clean, up, read, committed, answered>>

\* A write arrives from the predecessor. If it is a repetition, n may have it already.
Receive(n) ==
  /\ IsUp(n) /\ n # First
  /\ down[Before(n)] # <<>>
  /\ LET message == Head(down[Before(n)])
         downs == [down EXCEPT ![Before(n)] = Tail(@)]
     IN  IF message.version = Len(log[n]) + 1
         THEN Extend(n, message.write, downs)
         ELSE down' = downs /\ UNCHANGED log
  /\ UNCHANGED <<order, lost, clean, up, read, committed, answered>>

\* The tail commits all that it has. A node that becomes the tail commits here the versions that it holds as dirty.
Commit(n) ==
  /\ n = Last /\ IsUp(n)
  /\ ~IsClean(n)
  /\ clean' = [clean EXCEPT ![n] = Len(log[n])]
  /\ committed' = log[n]
  /\ up' = IF n = First THEN up ELSE [up EXCEPT ![n] = Append(@, Len(log[n]))]
  /\ UNCHANGED <<order, lost, log, down, read, answered>>

\* An acknowledgement arrives from the successor. It covers all earlier versions.
Acknowledge(n) ==
  /\ IsUp(n) /\ n # Last
  /\ up[After(n)] # <<>>
  /\ LET version == Head(up[After(n)])
         ups == [up EXCEPT ![After(n)] = Tail(@)]
     IN  /\ clean' = [clean EXCEPT ![n] = Max(@, version)]
         /\ up' = IF n = First \/ version <= clean[n] THEN ups ELSE [ups EXCEPT ![n] = Append(@, version)]
  /\ UNCHANGED <<order, lost, log, down, read, committed, answered>>

-----------------------------------------------------------------------------
\* Reads. `since`: the version that was committed when the read began.

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

\* The tail reports its version. A node that has just become the tail commits first.
Answer(n) ==
  /\ read.phase = "asked"
  /\ n = Last /\ IsUp(n)
  /\ IsClean(n)
  /\ read' = [read EXCEPT !.phase = "told", !.version = clean[n]]
  /\ answered' = clean[n]
  /\ UNCHANGED <<storage, committed>>

\* The node that asked returns that version. It has it, because it is upstream of the tail.
Return(n) ==
  /\ read.phase = "told"
  /\ n = read.node /\ IsUp(n)
  /\ read' = [read EXCEPT !.phase = "done", !.value = ValueAt(n, read.version)]
  /\ UNCHANGED <<storage, committed, answered>>

\* The node that the client asked fails. The missing answer says nothing about the object.
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

\* The master removes a failed node. No neighbour receives from it or sends to it any more. Its predecessor repeats the
\* writes that it does not know to be committed; its successor repeats its acknowledgement.
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

\* Messages arrive, the tail commits and answers, the master notices failures. No one has to write, read or fail.
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

\* Update propagation (van Renesse and Schneider, section 3): each node has a prefix of what the nodes before it have.
PrefixDownTheChain ==
  \A i, j \in 1..Len(order) : i < j => IsPrefix(log[order[j]], log[order[i]])

\* No committed write is lost, whichever nodes fail: every remaining node has all of them.
NoCommittedWriteLost == \A n \in Members : IsPrefix(committed, log[n])

\* Clean versions are committed.
CleanIsCommitted ==
  \A n \in Members : clean[n] <= Len(log[n]) /\ IsPrefix(SubSeq(log[n], 1, clean[n]), committed)

\* Linearisable: a read returns a version that is committed when it returns, and none older than was committed when it
\* began. So of two successive reads the second never returns an older version.
Linearisable ==
  read.phase = "done" =>
    /\ read.since <= read.version
    /\ read.version <= Len(committed)
    /\ read.value = (IF read.version = 0 THEN NoWrite ELSE committed[read.version])

\* Links keep the order and leave no gap: the next write to arrive is a known one or the next new one.
NoGap ==
  \A n \in Members \ {First} :
    down[Before(n)] # <<>> => Head(down[Before(n)]).version <= Len(log[n]) + 1

\* The node that asked has the version that the tail reports, so it can return it.
AnswerCanBeReturned == read.phase = "told" /\ IsUp(read.node) => read.version <= Len(log[read.node])

\* The committed writes and their order never change.
CommittedStandsStep == IsPrefix(committed, committed')
CommittedStands == [][CommittedStandsStep]_vars

\* A tail never reports an earlier version than was reported before, even if another node was the tail then.
AnswersMonotoneStep == answered' >= answered
AnswersMonotone == [][AnswersMonotoneStep]_vars

Has(n, w) == \E i \in 1..Len(log[n]) : log[n][i] = w

\* A write that the head has is eventually committed, unless the head fails before it has passed it on.
WritesCommit == \A w \in Write : Has(First, w) ~> (Has(Last, w) /\ IsClean(Last)) \/ ~Has(First, w)

\* A read ends: with a version, or because its node fails.
ReadsEnd == read.phase = "asked" ~> read.phase \in {"done", "none"}

\* Once writes and failures have ceased, every remaining node eventually knows that all its versions are committed.
CleanInTheEnd == <>[](\A n \in Node : IsUp(n) => IsClean(n))
=============================================================================
