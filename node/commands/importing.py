"""What the imports of items and of cards share: good rows go on, refused rows into a report, a summary at the end.

Promises: the report stands on the disk before anything is written to the database; every row is counted once.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, TypeVar, get_args

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from node.commands.csv_rows import REPORT_COLUMNS, Cells, CsvError, CsvFile, CsvRow, Encoding, Fault, open_csv
from node.commands.language import Language, lang_option, language_in, said
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.storage.opening import DatabaseError

__all__ = ["CannotImport", "Import", "Importing", "importing_options", "progress", "settings_of", "summary"]

T = TypeVar("T")

_SHOWN: Final = 10
_REPORT_HELP: Final = "The report of refused rows [of items.csv: items.refused.csv]."
_TOLD_EVERY: Final = 10_000
SOME_REFUSED: Final = 1


class CannotImport(click.ClickException):
    """Nothing was imported, and nothing can be before something is put right."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(said(message, language_in(click.get_current_context())))


def settings_of(config: Path) -> NodeSettings:
    """Errors: CannotImport."""
    try:
        return load_node_settings(config)
    except SettingsError as error:
        raise CannotImport(str(error)) from None


@dataclass(frozen=True, slots=True)
class Import(Generic[T]):
    """What to read, and how. `private` rows are not repeated where they are refused; `masked` is what the report
    shows of one."""

    file: Path
    encoding: Encoding
    refused_file: Path
    all_or_nothing: bool
    language: Language
    columns: Sequence[str]
    key: str
    read: Callable[[Cells], T]
    private: bool = False
    masked: Callable[[CsvRow], dict[str, str]] = lambda row: dict(row.values)


@dataclass(slots=True)
class Importing(Generic[T]):
    """One run of an import."""

    what: Import[T]
    tell: Callable[[int], None]
    refused: list[tuple[CsvRow, tuple[Fault, ...]]] = field(default_factory=list)
    remarked: list[tuple[CsvRow, tuple[Fault, ...]]] = field(default_factory=list)
    rows: int = 0

    def good_rows(self) -> Iterator[T]:
        """The rows to import; at the end the report is written.

        Errors: CannotImport, where nothing may be imported after all.
        """
        if self.what.refused_file.resolve() == self.what.file.resolve():
            raise CannotImport(f"{self.what.file} can't be its own report; name another file with --refused")
        try:
            with open_csv(self.what.file, self.what.encoding, self.what.columns) as table:
                yield from self._checked(table)
                self._write_report(table.columns)
        except (CsvError, OSError) as error:
            raise CannotImport(str(error)) from None
        if self.refused and self.what.all_or_nothing:
            raise CannotImport(f"{self.refusals()}; nothing was imported, as --all-or-nothing asks")

    def _checked(self, table: CsvFile) -> Iterator[T]:
        seen: dict[str, int] = {}
        for row in table.rows():
            self.rows += 1
            self.tell(self.rows)
            if row.fault:
                self.refused.append((row, (row.fault,)))
                continue
            cells = Cells(row.values, private=self.what.private)
            value = self.what.read(cells)
            key = row.values[self.what.key].strip()
            if faults := tuple(cells.faults) or self._repeated(seen, key):
                self.refused.append((row, faults))
                continue
            if cells.remarks:
                self.remarked.append((row, tuple(cells.remarks)))
            seen[key] = row.line
            yield value

    def _repeated(self, seen: dict[str, int], key: str) -> tuple[Fault, ...]:
        if key not in seen:
            return ()
        return (Fault(self.what.key, f"stands in line {seen[key]} already; remove one of the two"),)

    def _write_report(self, columns: Sequence[str]) -> None:
        path = self.what.refused_file
        listed = sorted((*self.refused, *self.remarked), key=lambda each: each[0].line)
        if not listed:
            path.unlink(missing_ok=True)  # of an earlier run: it would tell of rows that are in by now
            return
        kept = [each for each in columns if each and each not in REPORT_COLUMNS]
        # the encoding of the file, so that the report can be corrected and imported
        encoding = "utf-8-sig" if self.what.encoding == "utf-8" else self.what.encoding
        with path.open("w", encoding=encoding, errors="surrogateescape", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([*kept, *REPORT_COLUMNS])
            for row, faults in listed:
                values = self.what.masked(row)
                reasons = (said(str(each), self.what.language) for each in faults)
                writer.writerow([*(values.get(each, "") for each in kept), row.line, "; ".join(reasons)])

    def refusals(self) -> str:
        """The refused rows in a few lines: the first ones, and where the rest is."""
        return self._shown(self.refused, f"{len(self.refused)} of {self.rows} rows refused")

    def remarks(self) -> str:
        """The same of the rows that were taken without something."""
        return self._shown(self.remarked, f"{len(self.remarked)} of {self.rows} rows taken without something")

    def _shown(self, rows: Sequence[tuple[CsvRow, tuple[Fault, ...]]], total: str) -> str:
        lines = [f"{self.what.file}:{row.line}: {fault}" for row, faults in rows for fault in faults]
        more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        text = "\n".join([*lines[:_SHOWN], *more, f"{total}, listed in {self.what.refused_file}"])
        return said(text, self.what.language)


def summary(done: str, run: Importing[T], advice: str = "") -> None:
    """Say what was done; end the command with status 1 if rows were refused."""
    click.echo(said(done, run.what.language))
    if advice:
        click.echo(said(advice, run.what.language), err=True)
    if run.remarked:
        click.echo(run.remarks(), err=True)
    if run.refused:
        click.echo(run.refusals(), err=True)
        raise click.exceptions.Exit(SOME_REFUSED)


@contextmanager
def progress(file: Path, language: Language) -> Iterator[Callable[[int], None]]:
    """Tells of rows read: a bar on a terminal, now and then a line elsewhere. Database errors end the command."""
    console = Console(stderr=True)
    try:
        if not console.is_terminal:
            yield lambda rows: _plain(rows, language)
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(file.name, total=_lines_of(file))
            yield lambda rows: bar.update(task, completed=rows)
    except DatabaseError as error:
        raise CannotImport(str(error)) from None


def _plain(rows: int, language: Language) -> None:
    if rows % _TOLD_EVERY == 0:
        click.echo(said(f"{rows} rows read", language), err=True)


def _lines_of(file: Path) -> int | None:
    try:
        with file.open("rb") as content:
            return max(0, sum(1 for _ in content) - 1)
    except OSError:
        return None  # what is wrong with it is told when it is read


Command = TypeVar("Command", bound=Callable[..., None])


def importing_options(command: Command) -> Command:
    """The argument and the options that both imports take."""
    path = click.Path(dir_okay=False, path_type=Path)
    for decorate in (
        click.option("--all-or-nothing", is_flag=True, help="Import nothing if any row is refused."),
        click.option("--refused", "refused_file", type=path, help=_REPORT_HELP),
        click.option("--encoding", type=click.Choice(get_args(Encoding), case_sensitive=False), default="utf-8"),
        lang_option("en"),
        click.option("--config", required=True, type=path, help="The library's node.toml."),
        click.argument("file", type=path),
    ):
        command = decorate(command)
    return command
