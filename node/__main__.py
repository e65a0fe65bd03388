"""The command `tongjie`: installs the reactor, then hands over to a subcommand.

Promises: the reactor is gRPC's asyncio loop or the process ends (the default reactor would not fail beside gRPC,
it would hang); it is installed before a subcommand's module is imported, and never by importing this module or by
`tongjie --help`. Subcommands are entry points of the group `tongjie.commands`, loaded when called, so that the
node never imports the simulator and a broken plugin breaks only itself.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

COMMAND_GROUP = "tongjie.commands"

# Kept here, because asking a command for its help would mean importing all of it.
SUMMARIES: Mapping[str, str] = {
    "audit": "What staff and schools have done: list, verify.",
    "cards": "Readers' cards of this library: import, lists of schools.",
    "check": "Validate settings, certificates, database, clock and peers.",
    "demo": "A whole city on this machine, and a reader's story in it.",
    "exceptions": "What staff must look at: list, show, close.",
    "federation": "The libraries of the federation and their certificates.",
    "items": "Items of this library: import.",
    "kiosk": "The kiosk simulator: interactive, scripted or under load.",
    "node": "Run the node of one library, in the foreground.",
    "places": "What libraries hold for readers of this one: list, free.",
    "simulate": "The city under faults, replayable from a seed.",
    "staff": "Who may sign in on the pages of the staff: list, add, reset.",
    "terminals": "Self-checks, bins, sorters and gates of this library.",
}


def install_reactor() -> None:
    """Install Twisted's reactor on a new asyncio loop, or raise `RuntimeError` if another kind is there already.

    Calling it twice is harmless.
    """

    from twisted.internet import asyncioreactor  # noqa: PLC0415 - `tongjie --help` needs no Twisted

    if "twisted.internet.reactor" not in sys.modules:
        loop = asyncio.new_event_loop()
        # gRPC objects made before the loop runs bind to the current loop: let there be only one.
        asyncio.set_event_loop(loop)
        asyncioreactor.install(loop)
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - the one place that installs it

    if not isinstance(reactor, asyncioreactor.AsyncioSelectorReactor):
        raise RuntimeError(f"tongjie needs the asyncio reactor, but {type(reactor).__name__} was installed first")


def installed_commands() -> dict[str, EntryPoint]:
    """The subcommands of every installed distribution, by name; nothing is imported."""
    return {found.name: found for found in entry_points(group=COMMAND_GROUP)}


class _Context(click.Context):
    """Help in the language of `--lang`, else of the environment. The catalogue is read when it is needed."""

    def make_formatter(self) -> click.HelpFormatter:
        from node.commands.help_pages import formatter_of  # noqa: PLC0415

        return formatter_of(self)


@contextmanager
def _errors_spoken(context: click.Context) -> Iterator[None]:
    try:
        yield
    except click.exceptions.NoArgsIsHelpError:
        raise  # its text is the help
    except click.ClickException as error:
        from node.commands.help_pages import SpokenError  # noqa: PLC0415 - no error, no catalogue
        from node.commands.language import language_in  # noqa: PLC0415

        if language_in(context) == "en" or isinstance(error, SpokenError):
            raise
        raise SpokenError(error) from error


class LazyGroup(click.Group):
    """A click group whose subcommands are entry points, imported when called.

    `prepare` runs before the first import of a subcommand (the command line installs the reactor there, tests
    nothing).
    """

    context_class = _Context

    def __init__(self, commands: Mapping[str, EntryPoint], prepare: Callable[[], None]) -> None:
        super().__init__(name="tongjie", help="通借通还: borrow at any library of the city, give back at any other.")
        self._entry_points = commands
        self._prepare = prepare

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._entry_points)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = self._entry_points.get(cmd_name)
        if found is None:
            return None
        self._prepare()
        return self._spoken(ctx, load_command(found))

    def _spoken(self, ctx: click.Context, command: click.Command) -> click.Command:
        from node.commands.help_pages import speaking  # noqa: PLC0415 - after the reactor is installed
        from node.commands.language import language_in  # noqa: PLC0415

        return command if language_in(ctx) == "en" else speaking(command, _Context)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--lang" in " ".join(args):
            from node.commands.language import look_for_language  # noqa: PLC0415 - the help needs no Twisted

            look_for_language(ctx, args)
        with _errors_spoken(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """An expected error is said in the language of `--lang`, else of the environment."""
        with _errors_spoken(ctx):
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands from the table of summaries, without importing them."""
        rows = [(name, SUMMARIES.get(name, f"({found.value})")) for name, found in sorted(self._entry_points.items())]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def load_command(found: EntryPoint) -> click.Command:
    """Import one subcommand; whatever it raises becomes a sentence (`click.ClickException`)."""
    try:
        command = found.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise click.ClickException(f"the command {found.name!r} can't be loaded from {found.value} ({why})") from error
    if not isinstance(command, click.Command):
        raise click.ClickException(f"the command {found.name!r} can't be loaded: {found.value} is no click command")
    return command


def command_line(commands: Mapping[str, EntryPoint], prepare: Callable[[], None]) -> click.Group:
    """The whole command line over `commands`."""
    group = LazyGroup(commands, prepare)
    return click.version_option(package_name="tongjie", prog_name="tongjie")(group)


def main() -> None:
    """Entry point of the console script. Expected errors end as one sentence and exit status 1 or 2."""
    command_line(installed_commands(), prepare=install_reactor).main(prog_name="tongjie")


if __name__ == "__main__":
    main()
