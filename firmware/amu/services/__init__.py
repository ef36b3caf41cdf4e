"""Helps to operate a swarm of boards that may crash. What must hold against liars goes through the ledger instead."""
