"""Checks traces of any program against any module."""
