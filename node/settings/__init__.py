"""The settings of a node: files, models, documentation."""
