"""Rows that nobody needs any more: who borrowed what leaves them first, and later they go."""
