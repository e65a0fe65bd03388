"""Rows about what waits for other libraries, and for the comparison with them."""
