"""Changes sound traces in one place at a time, and asks the checker whether it notices."""
