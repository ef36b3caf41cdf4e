------------------------------- MODULE Queues -------------------------------
(* Sequences: a channel that loses, doubles and reverses. *)
EXTENDS Naturals, Sequences
CONSTANTS Item, LengthMax
VARIABLES sent, channel, got

Init == sent = << >> /\ channel = <<>> /\ got = <<>>

Bounded(sequence) == Len(sequence) <= LengthMax
Without(sequence, n) == SubSeq(sequence, 1, n - 1) \o SubSeq(sequence, n + 1, Len(sequence))
Reverse(sequence) == [n \in 1 .. Len(sequence) |-> sequence[Len(sequence) + 1 - n]]
Last(sequence) == sequence[Len(sequence)]

Send == \E item \in Item : /\ Len(sent) < LengthMax
                           /\ sent' = Append(sent, item)
                           /\ channel' = Append(channel, item)
                           /\ UNCHANGED got
Lose == \E n \in DOMAIN channel : channel' = Without(channel, n) /\ UNCHANGED <<sent, got>>
Double == /\ channel # <<>> /\ Len(channel) < LengthMax
          /\ channel' = <<Head(channel)>> \o channel
          /\ UNCHANGED <<sent, got>>
Swap == Len(channel) >= 2 /\ channel' = Reverse(channel) /\ UNCHANGED <<sent, got>>
Receive == /\ channel # <<>> /\ Len(got) < LengthMax
           /\ got' = Append(got, Last(channel))
           /\ channel' = Tail(channel)
           /\ UNCHANGED sent
Next == Send \/ Lose \/ Double \/ Swap \/ Receive

TypeOK == sent \in Seq(Item) /\ channel \in Seq(Item) /\ \A n \in 1 .. Len(got) : got[n] \in Item
NothingNew == LET Count(sequence, item) == Len(SelectSeq(sequence, LAMBDA other : other = item))
              IN \A item \in Item : Count(got, item) > 0 => Count(sent, item) > 0
InOrder == Len(got) <= Len(sent) => got = SubSeq(sent, 1, Len(got))
=============================================================================
