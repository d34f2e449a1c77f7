"""Photomosaics."""
