"""What must hold of every history; each check reads the databases as plain rows."""
