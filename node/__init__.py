"""One library's service."""
