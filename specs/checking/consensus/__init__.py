"""Consensus and the replicated log: checks recorded steps against their modules."""
