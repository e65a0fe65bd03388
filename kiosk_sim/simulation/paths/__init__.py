"""Counts how often each rare path is walked."""
