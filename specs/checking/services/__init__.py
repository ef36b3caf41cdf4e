"""Channel, mutex, snapshot and failure detector: checks recorded steps against their modules."""
