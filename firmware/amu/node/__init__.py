"""Consensus and ledger in one pure state machine: step, tick, ready, advance."""
