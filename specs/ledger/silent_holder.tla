--------------------------- MODULE silent_holder ---------------------------
(***************************************************************************)
(* After a holder falls silent, its lease can be acquired again            *)
(* (specs/decisions/leases_and_fencing.md).                                *)
(*                                                                         *)
(* Silent acquires, renews, moves cursors and releases at will until slot  *)
(* SilentFrom, and sends nothing from then on; no one learns why. Waiting  *)
(* keeps requesting every resource. With Fair, slots keep being decided    *)
(* (an operator sends noop) and Waiting gets what Silent held. With Idle   *)
(* nothing is decided any more, ledger time stands still, and the lease    *)
(* never ends: the price of a clock that counts slots.                     *)
(*                                                                         *)
(* Bounds are guards, so every behaviour is one of ledger.tla: time stops  *)
(* at SlotMax, when every lease of Silent has ended; Silent is granted     *)
(* tokens up to TokenMax.                                                  *)
(***************************************************************************)
EXTENDS ledger

CONSTANTS
  Silent, Waiting,  \* the two holders
  SilentFrom,       \* the first slot in which Silent sends nothing
  SlotMax,          \* ledger time ends here
  TokenMax          \* the last token that Silent may be granted

ASSUME \A k \in LeaseSlots : SilentFrom + k <= SlotMax

IsSpeaking == now < SilentFrom

Pass == now < SlotMax /\ Tick(now + 1)
Create == \E s \in Shards : ShardCreate(s, 0, EndOfKeys)
Acquire ==
  /\ IsSpeaking /\ nextToken <= TokenMax
  /\ \E r \in Resources, k \in LeaseSlots : LeaseAcquire(r, Silent, k)
Renew == IsSpeaking /\ \E r \in Resources, token \in Tokens, k \in LeaseSlots : LeaseRenew(r, Silent, token, k)
Release == IsSpeaking /\ \E r \in Resources, token \in Tokens : LeaseRelease(r, Silent, token)
Advance ==
  /\ IsSpeaking
  /\ \E s \in Shards, key \in Keys, o \in Opaques :
       leases[ResourceOf(s)].holder = Silent /\ CursorAdvance(s, leases[ResourceOf(s)].token, key, o)
Ask(r) == \E k \in LeaseSlots : LeaseAcquire(r, Waiting, k)

SilentNext == Pass \/ Create \/ Acquire \/ Renew \/ Release \/ Advance \/ \E r \in Resources : Ask(r)

Idle == Init /\ [][SilentNext]_vars /\ \A r \in Resources : WF_vars(Ask(r))
Fair == Idle /\ WF_vars(Pass)

IsHeldBy(r, holder) == IsLive(r) /\ leases[r].holder = holder

EndsForTheSilent == \A r \in Resources : IsHeldBy(r, Silent) ~> IsHeldBy(r, Waiting)

(* The next holder keeps the silent holder's progress. *)
WorkIsKept == \A s \in Shards, key \in Keys : (shards[s].lastKey = key) ~> [](shards[s].lastKey >= key)
=============================================================================
