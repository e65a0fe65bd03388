"""Rows of the branch."""
