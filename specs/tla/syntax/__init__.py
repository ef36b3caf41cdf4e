"""From text to syntax tree: modules, configurations."""
