"""Rows of the owner."""
