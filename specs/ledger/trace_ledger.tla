---------------------------- MODULE trace_ledger ----------------------------
(***************************************************************************)
(* Holds a recorded log against ledger.tla. ledger_trace.tla is generated  *)
(* from the trace (specs/checking/ledger_tlc.py) and defines Trace, one    *)
(* record a step:                                                          *)
(*                                                                         *)
(*   field     trace (Operation event)      code (firmware/amu/ledger)     *)
(*   verb      command[0]                   commands.SHAPES                *)
(*   args      the rest of the command      the fields after `now`         *)
(*   outcome   result[0]; "stutter" for     transitions.ok, refused;       *)
(*             what the module leaves out   state._apply_request           *)
(*   token     result[1] of a grant         Lease.token                    *)
(*   expires   result[2] of a grant         Lease.expires_slot             *)
(*                                                                         *)
(* Keys are numbered in their order, shard/3 is <<"shard", 3>> and dock/1  *)
(* is <<"dock/1", 0>>. A Tick stands before the first step of each slot.   *)
(*                                                                         *)
(* "ok" must be a step of the verb's action with exactly that outcome,     *)
(* "refused" a state in which the verb's guard is false. The actions are   *)
(* functions of their arguments, so each step has one successor at most    *)
(* and nothing is searched for. The trace is accepted when the last step   *)
(* prints its sentinel; a rejected one ends at the depth of the bad step.  *)
(***************************************************************************)
EXTENDS ledger, ledger_trace, Sequences, TLC

VARIABLE place  \* of the next step in Trace

step == Trace[place]
args == step.args

Granted(r) ==
  /\ leases'[r].token = step.token
  /\ leases'[r].expires = step.expires

(* Only a grant tells of a token. *)
NothingGranted == step.token = 0

Done ==
  CASE step.verb = "Tick" -> Tick(args[1])
    [] step.verb = "Noop" -> Noop /\ NothingGranted
    [] step.verb = "ShardCreate" -> ShardCreate(args[1], args[2], args[3]) /\ NothingGranted
    [] step.verb = "LeaseAcquire" -> LeaseAcquire(args[1], args[2], args[3]) /\ Granted(args[1])
    [] step.verb = "LeaseRenew" -> LeaseRenew(args[1], args[2], args[3], args[4]) /\ Granted(args[1])
    [] step.verb = "LeaseRelease" -> LeaseRelease(args[1], args[2], args[3]) /\ NothingGranted
    [] step.verb = "CursorAdvance" -> CursorAdvance(args[1], args[2], args[3], args[4]) /\ NothingGranted
    [] step.verb = "ShardSplit" ->
         ShardSplit(args[1], args[2], args[3], args[4]) /\ Granted(ResourceOf(args[4]))
    [] step.verb = "ShardHandover" -> ShardHandover(args[1], args[2], args[3]) /\ Granted(ResourceOf(args[1]))
    [] step.verb = "ShardComplete" -> ShardComplete(args[1], args[2]) /\ NothingGranted

Refused ==
  /\ UNCHANGED vars
  /\ ~ CASE step.verb = "Noop" -> TRUE
         [] step.verb = "ShardCreate" -> CanShardCreate(args[1], args[2], args[3])
         [] step.verb = "LeaseAcquire" -> CanLeaseAcquire(args[1])
         [] step.verb = "LeaseRenew" -> CanLeaseRenew(args[1], args[2], args[3])
         [] step.verb = "LeaseRelease" -> CanLeaseRelease(args[1], args[2], args[3])
         [] step.verb = "CursorAdvance" -> CanCursorAdvance(args[1], args[2], args[3])
         [] step.verb = "ShardSplit" -> CanShardSplit(args[1], args[2], args[3], args[4])
         [] step.verb = "ShardHandover" -> CanShardHandover(args[1], args[2])
         [] step.verb = "ShardComplete" -> CanShardComplete(args[1], args[2])

TraceInit == Init /\ place = 1

TraceNext ==
  /\ place <= Len(Trace)
  /\ place' = place + 1
  /\ \/ step.outcome = "ok" /\ Done
     \/ step.outcome = "refused" /\ Refused
     \/ step.outcome = "stutter" /\ UNCHANGED vars
  /\ place = Len(Trace) => PrintT(<<"ACCEPTED", place>>)

TraceSpec == TraceInit /\ [][TraceNext]_<<vars, place>>
=============================================================================
