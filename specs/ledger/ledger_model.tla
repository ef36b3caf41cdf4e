---------------------------- MODULE ledger_model ----------------------------
(* The ledger within bounds, so that TLC can visit every state: see ledger.cfg and properties.md. *)
EXTENDS ledger

CONSTANTS
  SlotMax,  \* ledger time ends here
  TokenMax  \* the last token that may be granted

(* States are equal if they differ only in values that no guard will read: those of an expired lease, the range of a
   completed shard. *)
Living ==
  <<now, nextToken,
    [s \in Shards |-> IF IsOpen(s) THEN shards[s] ELSE [NoShard EXCEPT !.status = shards[s].status]],
    [r \in Resources |-> IF IsLive(r) THEN leases[r] ELSE NoLease], nextJob, jobs>>

WithinBounds == now <= SlotMax /\ nextToken <= TokenMax + 1
=============================================================================
