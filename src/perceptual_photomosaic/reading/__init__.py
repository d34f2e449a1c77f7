"""Interpretation of picture files: format, colours and orientation. One file per question."""
