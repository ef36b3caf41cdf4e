"""Faults of frames in transit: the plan, its rules, contacts, and the ether that carries frames."""
