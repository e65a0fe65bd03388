"""The owner's decisions about its items: lend, renew, take back, reserve, undo."""
