---- MODULE Replaced ----
EXTENDS Integers
CONSTANT Top
Limit == Top
Below(k) == k < Limit
====
