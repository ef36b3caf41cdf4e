"""Types of journal records: what a replica must still know after a reboot. A record is a CBOR array, its type first.

A whole instance is written into a checkpoint in the same words: VIEW, ENTRY, REGISTERS, PROPOSED, BODY, DECIDE.
"""

BOOT = 1  # boot, lamport_reserved
VIEW = 2  # slot, view
VOTE = 3  # slot, view, phase, value
BODY = 4  # slot, value, body
DECIDE = 5  # slot, value
PROPOSED = 6  # slot, view, value
FLOOR = 7  # slot: votes only above it (-1: not known yet)
ENTRY = 8  # slot, registers as they stood when the view was entered (checkpoint only)
REGISTERS = 9  # slot, registers (checkpoint only)
