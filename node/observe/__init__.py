"""What an operator sees of a node: metrics, log lines, health, the status page."""

__all__: list[str] = []
