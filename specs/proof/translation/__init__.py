"""TLA+ as first-order logic: values, formulas, actions, sizes of sets."""
