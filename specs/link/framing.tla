------------------------------ MODULE framing ------------------------------
(***************************************************************************)
(* Which frames a receiver takes out of a serial line that may carry any   *)
(* bytes (firmware/amu/wire/framer.py, frames.py, auth.py).                *)
(*                                                                         *)
(* Frames stand between delimiters, zero bytes that byte stuffing keeps    *)
(* out of frames (Cheshire and Baker, Consistent Overhead Byte Stuffing,   *)
(* IEEE/ACM Transactions on Networking 7(2), 1999). A checksum detects     *)
(* damaged frames. A tag under a key of this direction and epoch tells     *)
(* the peer's frames from all others (RFC 2104).                           *)
(*                                                                         *)
(* Modelled: every sequence of LineMax symbols. A symbol is a delimiter    *)
(* or one part of a frame; a part outside its frame is noise. So the       *)
(* lines include cuts, flipped bits, text between frames, unfinished       *)
(* frames, replays and frames of strangers. The properties look at the     *)
(* whole line; the receiver sees one symbol at a time.                     *)
(*                                                                         *)
(* Abstractions, and why they are sound:                                   *)
(* - A frame has PartMax parts. Parts of two frames never make a whole     *)
(*   one: the checksum misses damage once in 2^32, the tag once in         *)
(*   2^128.                                                                *)
(* - Sealed are the frames that the peer has sealed for us in this         *)
(*   epoch. Frames of another epoch, cluster or sender, and our own        *)
(*   frames that come back, are Foreign: no key that we hold for the       *)
(*   peer fits their tags.                                                 *)
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
  piece,    \* the symbols since the last delimiter
  skipping, \* the piece is longer than any frame: skip to the next delimiter
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

(* Where a whole frame stands between two delimiters. A delimiter is assumed before the beginning of the line. *)
Framed == <<Delimiter>> \o line
StandsAt(f, i) ==
  /\ Framed[i] = Delimiter /\ i + PartMax + 1 <= Len(Framed) /\ Framed[i + PartMax + 1] = Delimiter
  /\ \A k \in 1..PartMax : Framed[i + k] = <<f, k>>

Times(f) == Len(SelectSeq(handed, LAMBDA g : g = f))

RECURSIVE CountFrom(_, _)
CountFrom(f, i) ==
  IF i > Len(Framed) THEN 0 ELSE (IF StandsAt(f, i) THEN 1 ELSE 0) + CountFrom(f, i + 1)

(* LNK-9: every whole frame of the peer between two delimiters is handed on, each time that it arrives and whatever
   precedes it; nothing else is. *)
Resynchronised == \A f \in Sealed : Times(f) = CountFrom(f, 1)

(* LNK-10: no frame of another epoch, direction or sender. *)
OnlySealed == \A i \in DOMAIN handed : handed[i] \in Sealed

(* A frame without end uses no more memory than PieceMax. *)
PieceBounded == Len(piece) <= PieceMax /\ (skipping => piece = <<>>)
=============================================================================
