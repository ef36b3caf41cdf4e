"""Ground floor of the flight software: clock, ring, limits, errors, seams. Imports nothing above it."""
