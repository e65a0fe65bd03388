"""Faults planted on purpose, to see the checks find them."""
