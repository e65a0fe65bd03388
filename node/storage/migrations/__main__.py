"""Writes the next step of the schema's history; the recipe stands in the package's docstring."""

from __future__ import annotations

import click

from node.storage.migrations import write_step


@click.command()
@click.argument("message")
def command(message: str) -> None:
    """Write the step from the newest version to the schema as it is declared now."""
    click.echo(f"{write_step(message)}: read it, then set HEAD in node/storage/opening.py")


if __name__ == "__main__":
    command()
