"""Scripts that environments of other programs execute; they import nothing of ours but `job` and `network_cases`."""
