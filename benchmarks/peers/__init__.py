"""The comparison with other programs: who they are, how they are run, and what is measured."""
