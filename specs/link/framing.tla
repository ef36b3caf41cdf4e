------------------------------ MODULE framing ------------------------------
(***************************************************************************)
(* What a receiver takes out of a serial line that carries anything        *)
(* (firmware/amu/wire/framer.py, frames.py, auth.py).                      *)
(*                                                                         *)
(* Frames stand between delimiters, zero bytes that stuffing keeps out of  *)
(* them (Cheshire and Baker, Consistent Overhead Byte Stuffing, IEEE/ACM   *)
(* Transactions on Networking 7(2), 1999); a check sum tells whole frames  *)
(* from damaged ones, and a tag under a key of this direction and epoch    *)
(* tells the peer's frames from all others (RFC 2104).                     *)
(*                                                                         *)
(* Modelled: every sequence of LineMax symbols. A symbol is a delimiter or *)
(* one of the parts into which a frame falls; a part that does not stand   *)
(* in its frame is noise. So cuts, bits that flip, text between frames,    *)
(* frames without an end, replays and frames of strangers are among them.  *)
(* The properties say what must come of a line by looking at it as a       *)
(* whole; the receiver sees symbol by symbol.                              *)
(*                                                                         *)
(* Abstracted, and why that is sound.                                      *)
(* - A frame has PartMax parts. Parts of two frames never make a whole     *)
(*   one: the check sum passes damage once in 2^32, the tag once in 2^128. *)
(* - Sealed are the frames that the peer has sealed for us in this epoch.  *)
(*   Frames of another epoch, another cluster, another sender, and our own *)
(*   ones that come back, are Foreign: their tags are right under no key   *)
(*   that we hold for the peer.                                            *)
(***************************************************************************)
EXTENDS Naturals, Sequences

CONSTANTS Sealed, Foreign, PartMax, PieceMax, LineMax

Frame == Sealed \cup Foreign
ASSUME Sealed \cap Foreign = {} /\ PieceMax >= PartMax

Delimiter == <<"delimiter">>
Parts == {<<f, i>> : f \in Frame, i \in 1..PartMax}
Symbol == {Delimiter} \cup Parts

VARIABLES
  line,     \* all symbols so far: for the properties
  piece,    \* what has come since the last delimiter
  skipping, \* the piece is longer than any frame: given up until the next delimiter
  handed    \* frames that were handed on, in order

vars == <<line, piece, skipping, handed>>

Whole(f) == [i \in 1..PartMax |-> <<f, i>>]

Init == line = <<>> /\ piece = <<>> /\ skipping = FALSE /\ handed = <<>>

(* Framer._cut at a delimiter, then frames.parse, then Keyring.check. *)
Cut ==
  /\ piece' = <<>>
  /\ skipping' = FALSE
  /\ handed' = IF ~skipping /\ \E f \in Sealed : piece = Whole(f)
               THEN Append(handed, CHOOSE f \in Sealed : piece = Whole(f))
               ELSE handed

Collect(symbol) ==
  /\ IF skipping \/ Len(piece) = PieceMax
     THEN piece' = <<>> /\ skipping' = TRUE
     ELSE piece' = Append(piece, symbol) /\ UNCHANGED skipping
  /\ UNCHANGED handed

Read(symbol) ==
  /\ Len(line) < LineMax
  /\ line' = Append(line, symbol)
  /\ IF symbol = Delimiter THEN Cut ELSE Collect(symbol)

Next == \E symbol \in Symbol : Read(symbol)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
TypeOK ==
  /\ line \in Seq(Symbol) /\ Len(piece) <= PieceMax /\ skipping \in BOOLEAN
  /\ \A i \in DOMAIN handed : handed[i] \in Frame

(* Places where a frame stands whole between two delimiters; the line begins as if one stood before it. *)
Framed == <<Delimiter>> \o line
StandsAt(f, i) ==
  /\ Framed[i] = Delimiter /\ i + PartMax + 1 <= Len(Framed) /\ Framed[i + PartMax + 1] = Delimiter
  /\ \A k \in 1..PartMax : Framed[i + k] = <<f, k>>

Times(f) == Len(SelectSeq(handed, LAMBDA g : g = f))

RECURSIVE CountFrom(_, _)
CountFrom(f, i) ==
  IF i > Len(Framed) THEN 0 ELSE (IF StandsAt(f, i) THEN 1 ELSE 0) + CountFrom(f, i + 1)

(* LNK-9: whatever stands before it, a whole frame of the peer between two delimiters is handed on, each time that it
   comes; and nothing else is. *)
Resynchronised == \A f \in Sealed : Times(f) = CountFrom(f, 1)

(* LNK-10: no frame of another epoch, direction or sender. *)
OnlySealed == \A i \in DOMAIN handed : handed[i] \in Sealed

(* A frame that never ends costs no more than its own length of memory. *)
PieceBounded == Len(piece) <= PieceMax /\ (skipping => piece = <<>>)
=============================================================================
