"""Scripts for environments of other programs; of this project they import only `job` and `network_cases`."""
