"""From syntax tree to meaning: definitions, operators, next states, temporal formulas."""
