"""The Twisted edge: listener, connection, SIP2 messages to the desk and back, screen texts."""
