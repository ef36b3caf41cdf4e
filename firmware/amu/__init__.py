"""Flight software of an AMU: the same files run on MicroPython boards and under CPython."""

VERSION = "0.1.0"
