---------------------------- MODULE ledger_model ----------------------------
(* The ledger within bounds, so that TLC can visit every state: see ledger.cfg and properties.md. *)
EXTENDS ledger

CONSTANTS
  SlotMax,  \* ledger time ends here
  TokenMax  \* the last token that may be granted

(* States that differ only in rows that no guard reads again are visited once: what an expired lease said, where a
   completed shard lay. *)
Living ==
  <<now, nextToken,
    [s \in Shards |-> IF IsOpen(s) THEN shards[s] ELSE [NoShard EXCEPT !.status = shards[s].status]],
    [r \in Resources |-> IF IsLive(r) THEN leases[r] ELSE NoLease], nextJob, jobs>>

WithinBounds == now <= SlotMax /\ nextToken <= TokenMax + 1
=============================================================================
