"""What is asked of a simulated run beside the TLA+ modules. Each oracle finds, none decides what is asked next."""
