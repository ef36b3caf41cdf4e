"""Picos on serial lines."""
