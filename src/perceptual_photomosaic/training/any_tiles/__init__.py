"""Training of the network for any tiles: random tile sets, the solver's answers to them, and the steps of the run."""
