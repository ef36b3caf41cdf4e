"""Storms, scenarios and campaigns for tests of the simulator."""
