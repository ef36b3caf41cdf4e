"""TLA+ values, sets and the operations of the standard modules."""
