"""Rows of the office: accounts, sessions, what forms did, and the audit log."""
