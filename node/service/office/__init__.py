"""The office of a library: accounts of people, their sessions on pages, what they do there, and the audit log."""
