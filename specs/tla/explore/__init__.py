"""Every state of a small model, breadth first."""
