"""The command `tongjie`: lazy subcommands, sentences instead of tracebacks, the reactor first."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import click
import pytest
from click.testing import CliRunner

from node.__main__ import COMMAND_GROUP, SUMMARIES, command_line, install_reactor, installed_commands


@click.command()
def hello() -> None:
    click.echo("hello")


@click.command()
def refuses() -> None:
    raise click.ClickException("no such library")


def entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group=COMMAND_GROUP)


class Plugins:
    """A command line over some entry points; those of this file are found under the name `plugin`."""

    def __init__(self, **values: str) -> None:
        self.prepared = 0
        self.group = command_line({name: entry(name, value) for name, value in values.items()}, self.prepare)

    def prepare(self) -> None:
        self.prepared += 1

    def run(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(self.group, arguments)
        return result.exit_code, result.output


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "plugin", sys.modules[__name__])


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_help_lists_every_command_with_one_line_and_loads_none() -> None:
    plugins = Plugins(demo="no.such.module:command", extra="another.missing:command")
    code, output = plugins.run("--help")
    assert code == 0
    assert SUMMARIES["demo"] in output
    assert "(another.missing:command)" in output
    assert plugins.prepared == 0


def test_a_command_is_loaded_when_it_is_called_and_the_reactor_before_it() -> None:
    plugins = Plugins(hello="plugin:hello")
    assert plugins.run("hello") == (0, "hello\n")
    assert plugins.prepared == 1


@pytest.mark.parametrize("value", ["no.such.module:command", "plugin:missing", "plugin:SUMMARIES"])
def test_a_broken_plugin_is_a_sentence_and_breaks_no_other(value: str) -> None:
    plugins = Plugins(broken=value, hello="plugin:hello")
    code, output = plugins.run("broken")
    assert code == 1
    assert output.startswith("Error: the command 'broken' can't be loaded")
    assert "Traceback" not in output
    assert plugins.run("hello") == (0, "hello\n")


def test_an_expected_error_is_a_sentence() -> None:
    assert Plugins(refuses="plugin:refuses").run("refuses") == (1, "Error: no such library\n")


def test_an_unknown_command_is_a_sentence() -> None:
    code, output = Plugins().run("nope")
    assert code == 2
    assert "No such command 'nope'" in output


def test_every_installed_command_has_its_summary() -> None:
    assert set(installed_commands()) <= set(SUMMARIES)


def test_summaries_fit_on_one_line() -> None:
    assert all(len(each) <= 64 and each.endswith(".") for each in SUMMARIES.values())


def test_importing_the_command_line_installs_no_reactor() -> None:
    done = python("import sys, node.__main__; sys.exit('twisted.internet.reactor' in sys.modules)")
    assert done.returncode == 0


def test_the_reactor_is_asyncio_and_installing_it_twice_is_harmless() -> None:
    done = python(
        "from node.__main__ import install_reactor\n"
        "install_reactor(); install_reactor()\n"
        "from twisted.internet import reactor\n"
        "print(type(reactor).__name__)"
    )
    assert done.stdout == "AsyncioSelectorReactor\n", done.stderr


def test_the_wrong_reactor_ends_the_process_instead_of_hanging_it() -> None:
    done = python(
        "from twisted.internet import selectreactor; selectreactor.install()\n"
        "from node.__main__ import install_reactor; install_reactor()"
    )
    assert done.returncode == 1
    assert "needs the asyncio reactor, but SelectReactor" in done.stderr


def test_inside_a_running_asyncio_reactor_nothing_is_installed() -> None:
    install_reactor()
