"""The operator console's server: follows a run's trace, shows it on a page, and passes people's orders to the flight.

The state of the console is a function of the run's trace. So it is the same after a restart of the console, for every
page, and for a flight, a simulation and a stored run alike.

    tail -> model -> hub -> pages        pages -> people (roles) -> orders -> the flight -> the trace
"""
