"""A city of nodes in one thread, under a seed that draws the work and the weather."""
