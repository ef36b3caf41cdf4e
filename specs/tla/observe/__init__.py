"""Traces of any program held against any module."""
