----------------------- MODULE failure_detector_model -----------------------
(* Which process watches which in the bounded models of failure_detector. *)
EXTENDS failure_detector

OneWatchesAll == {x \in Process \X Process : x[1] = 1 /\ x[2] # 1}
NextOne == {x \in Process \X Process : x[2] = x[1] + 1}
=============================================================================
