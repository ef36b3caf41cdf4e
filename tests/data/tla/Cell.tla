-------------------------------- MODULE Cell --------------------------------
(* A bounded cell; instantiated by Instances. *)
LOCAL INSTANCE Naturals
CONSTANTS Bound, Next(_)
VARIABLE value
LOCAL Successor(x) == Next(x) % (Bound + 1)
CellInit == value = 0
Advance == value' = Successor(value)
Full == value = Bound
Stays == UNCHANGED value
Reached(x) == value >= x
=============================================================================
