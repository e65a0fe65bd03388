"""Between libraries: the outbox, its courier, and the nightly comparison."""
