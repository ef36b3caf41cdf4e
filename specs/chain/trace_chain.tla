---------------------------- MODULE trace_chain ----------------------------
(***************************************************************************)
(* Holds a trace of some chain against chain.tla: one operator for each    *)
(* event, its parameters named as the members of the event. This is also   *)
(* the example of a module for traces that are not this swarm's:           *)
(*                                                                         *)
(*   amu check tests/data/chain/good.ndjson                                *)
(*     --spec specs/chain/trace_chain.tla --cfg specs/chain/trace_chain.cfg*)
(*     --silent Receive --silent Acknowledge --silent Answer               *)
(*                                                                         *)
(*   event         members                 step of chain.tla               *)
(*   ClientWrite   node, write             Accept                          *)
(*   TailCommit    node, version           Commit                          *)
(*   ReadQuery     node                    Ask                             *)
(*   ClientRead    node, version, write    ReadClean, or Return            *)
(*   NodeLost      node                    Lose                            *)
(*   NodeRemoved   node                    Reconfigure                     *)
(*   (not logged)                          Receive, Acknowledge, Answer    *)
(*                                                                         *)
(* What is not logged is searched for: a trace is accepted if writes and   *)
(* acknowledgements can have travelled so that each logged step was one.   *)
(***************************************************************************)
EXTENDS chain

ClientWrite(node, write) == Accept(node, write)

TailCommit(node, version) == Commit(node) /\ Len(log[node]) = version

ReadQuery(node) == Ask(node)

ClientRead(node, version, write) ==
  /\ ReadClean(node) \/ Return(node)
  /\ read'.version = version
  /\ read'.value = write

NodeLost(node) == Lose(node)

NodeRemoved(node) == Reconfigure(node)
=============================================================================
