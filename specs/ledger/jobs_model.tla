----------------------------- MODULE jobs_model -----------------------------
(***************************************************************************)
(* Jobs within bounds, with workers that lie (specs/decisions/jobs.md).    *)
(*                                                                         *)
(* A correct worker reports Right, the digest of the job's result: jobs    *)
(* are deterministic, so all correct workers report the same. A liar       *)
(* reports anything, once, because the ledger takes one report per worker. *)
(* Lies under another worker's number are excluded: the ground station     *)
(* reports for a worker only what arrived on that worker's authenticated   *)
(* link. Any worker, correct or not, may be silent forever. Reports arrive *)
(* in any order, at any time, and repeatedly.                              *)
(*                                                                         *)
(* Bounds: ledger time stops at SlotMax and at most JobMax jobs are        *)
(* opened. Both are guards, so every behaviour is one of ledger.tla, and   *)
(* liveness can be checked. A job that would run past SlotMax is not       *)
(* opened, because its deadline could not come.                            *)
(***************************************************************************)
EXTENDS ledger

CONSTANTS
  Liars,    \* workers that report anything
  Right,    \* the digest that correct workers report
  SlotMax,  \* ledger time ends here
  JobMax    \* the last job that is opened

Correct == Workers \ Liars

Pass == now < SlotMax /\ Tick(now + 1)
OpenJob(payload, k) == nextJob <= JobMax /\ now + k <= SlotMax /\ JobOpen(payload, k)
Report(w) ==
  \E j \in DOMAIN jobs : \E d \in Digests :
    /\ w \in Correct => d = Right
    /\ JobResult(j, w, d)
Cancel == \E j \in DOMAIN jobs : JobCancel(j)
Expire == \E j \in DOMAIN jobs : JobExpire(j)

JobsNext ==
  \/ Pass
  \/ \E payload \in Payloads, k \in JobSlots : OpenJob(payload, k)
  \/ \E w \in Workers : Report(w)
  \/ Cancel
  \/ Expire

JobsSpec == Init /\ [][JobsNext]_vars

(* With at most f liars. *)
AcceptedIsRight ==
  \A j \in DOMAIN jobs : jobs[j].status = "accepted" => IsWon(jobs[j].reports, Right)
NeverDisputed == \A j \in DOMAIN jobs : jobs[j].status # "disputed"

-----------------------------------------------------------------------------
(* Liveness *)

(* Slots keep being decided, and some client asks for overdue jobs to expire. No worker has to answer. *)
AskedFor == JobsSpec /\ WF_vars(Pass) /\ WF_vars(Expire)

EveryJobEnds == \A j \in 1 .. JobMax : IsOpenJob(j) ~> ~IsOpenJob(j)

(* Correct workers report in time, and no client cancels the job: liars can neither stop it nor falsify its result. *)
Patient ==
  /\ Init
  /\ [][\/ \E payload \in Payloads, k \in JobSlots : OpenJob(payload, k)
        \/ \E w \in Workers : Report(w)]_vars
  /\ \A w \in Workers : w \in Correct => WF_vars(Report(w))

EveryJobIsAccepted == \A j \in 1 .. JobMax : IsOpenJob(j) ~> (j \in DOMAIN jobs => jobs[j].status = "accepted")
=============================================================================
