"""A city of libraries on one machine: its plan, its files, its processes, and the story told in it."""
