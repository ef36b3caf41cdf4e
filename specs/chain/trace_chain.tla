---------------------------- MODULE trace_chain ----------------------------
(***************************************************************************)
(* Checks a trace of some chain against chain.tla. Each event has an       *)
(* operator; its parameters have the names of the event's members. It is   *)
(* also the example of a module for traces of other systems:               *)
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
(* The checker searches for unlogged steps: a trace is accepted if some    *)
(* movement of writes and acknowledgements explains all its steps.         *)
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
