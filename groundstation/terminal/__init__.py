"""The operator console on a terminal: the picture of a run that the page has, for a bench without a browser."""
