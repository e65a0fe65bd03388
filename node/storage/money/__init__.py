"""Rows of the library where fees arise."""
