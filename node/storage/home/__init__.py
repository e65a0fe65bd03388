"""Rows of the home."""
