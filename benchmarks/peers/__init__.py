"""The comparison with other programs: the peers, their runs, and the figures."""
