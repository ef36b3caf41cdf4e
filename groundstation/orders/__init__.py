"""Orders: what people tell a flight to do while it flies, and the line on which they arrive."""
