"""Channel, mutex, snapshot and failure detector: conformance of recorded steps."""
