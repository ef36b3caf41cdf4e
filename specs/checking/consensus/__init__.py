"""Consensus and the replicated log: rules and conformance of recorded steps."""
