------------------------------- MODULE Commit -------------------------------
(* Two-phase commit: messages as a set of records of two shapes. *)
CONSTANT Manager
VARIABLES manager, coordinator, prepared, messages
vars == <<manager, coordinator, prepared, messages>>

Message == [type : {"prepared"}, from : Manager] \cup [type : {"commit", "abort"}]

Init == /\ manager = [m \in Manager |-> "working"]
        /\ coordinator = "init"
        /\ prepared = {}
        /\ messages = {}

Become(m, state) == manager' = [manager EXCEPT ![m] = state]
Send(message) == messages' = messages \cup {message}

Prepare(m) == /\ manager[m] = "working"
              /\ Become(m, "prepared")
              /\ Send([type |-> "prepared", from |-> m])
              /\ UNCHANGED <<coordinator, prepared>>
Note(m) == /\ coordinator = "init"
           /\ [type |-> "prepared", from |-> m] \in messages
           /\ prepared' = prepared \union {m}
           /\ UNCHANGED <<manager, coordinator, messages>>
Decide == /\ coordinator = "init"
          /\ \/ prepared = Manager /\ coordinator' = "committed" /\ Send([type |-> "commit"])
             \/ coordinator' = "aborted" /\ Send([type |-> "abort"])
          /\ UNCHANGED <<manager, prepared>>
Learn(m) == /\ \E message \in {x \in messages : x.type \in {"commit", "abort"}} :
                  Become(m, IF message.type = "commit" THEN "committed" ELSE "aborted")
            /\ UNCHANGED <<coordinator, prepared, messages>>
GiveUp(m) == manager[m] = "working" /\ Become(m, "aborted") /\ UNCHANGED <<coordinator, prepared, messages>>

Next == Decide \/ \E m \in Manager : Prepare(m) \/ Note(m) \/ Learn(m) \/ GiveUp(m)
Spec == Init /\ [][Next]_vars

TypeOK == /\ manager \in [Manager -> {"working", "prepared", "committed", "aborted"}]
          /\ coordinator \in {"init", "committed", "aborted"}
          /\ prepared \subseteq Manager
          /\ messages \subseteq Message
Agree == \A a, b \in Manager : ~ (manager[a] = "aborted" /\ manager[b] = "committed")
NeverCommits == "committed" \notin {manager[m] : m \in Manager}
=============================================================================
