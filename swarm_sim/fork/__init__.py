"""What if: a recorded run rewound to some moment, one fault changed, and the branch flown in simulation; and a run on
boards beside its simulation.

    change      one fault, named as a person names it: what it makes of a scenario and of a world in flight
    branch      flies a scenario with changes at moments
    origin      what a recorded run was: its scenario, the changes that made it, its trace
    compare     two traces, event by event, and two outcomes
    fork        all of it, into a folder of a run

Rules
- A fault is a pure function of the seed, its name and the frame, so a change shifts no draw of another fault. Up to the
  moment of the change both runs are equal to the byte. This is checked at every fork, not assumed.
- What has happened stays. A fault that has struck cannot be removed, only one that is to come, that lasts, or that
  waits for flash.
"""
