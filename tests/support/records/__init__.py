"""Traces, histories and the formats that they are exported to."""
