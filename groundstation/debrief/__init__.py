"""The debrief of a run: what was done to the swarm, what the crew saw and did, and when; and the report as PDF."""
