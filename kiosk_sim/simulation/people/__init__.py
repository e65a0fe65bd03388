"""Readers and staff, and what they do at kiosks."""
