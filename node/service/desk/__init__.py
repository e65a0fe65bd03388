"""The branch: what it does for a kiosk, and what it remembers of it."""
