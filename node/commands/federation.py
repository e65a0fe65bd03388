"""`tongjie federation`: the certificates by which the libraries know each other, and whether their books agree.

One machine keeps the authority's key and gives each library its own pair. A second run of `init` adds what is missing,
for example for a library that joins, and never replaces anything. `renew` replaces a pair before it expires.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from federation.certificates import AUTHORITY, LEAF_DAYS, CertificateError, lay_out
from federation.renewal import renew
from node.commands.comparing import compare
from node.commands.language import Language, lang_option, said


@click.group()
def command() -> None:
    """The libraries of the federation and their certificates."""


command.add_command(compare)


@command.command()
@click.option("--dir", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where to.")
@click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, 825), help="Valid for.")
@lang_option("en")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
def init(folder: Path, days: int, codes: tuple[str, ...], lang: Language) -> None:
    """Make an authority (ca.pem, ca.key) and a certificate for each library CODE (CODE.pem, CODE.key).

    Existing files stay as they are. Do not put ca.key on the nodes.
    """
    now = datetime.now(UTC)  # noqa: TID251 - a command line is where the clock enters
    for line in initialise(folder, codes, now, days):
        click.echo(said(line, lang))


@command.command("renew")
@click.option("--dir", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Where it is.")
@click.option("--days", default=LEAF_DAYS, show_default=True, type=click.IntRange(1, 825), help="Valid for.")
@lang_option("en")
@click.argument("codes", nargs=-1, required=True, metavar="CODE...")
def renew_(folder: Path, days: int, codes: tuple[str, ...], lang: Language) -> None:
    """Make a new key and certificate for each library CODE, in place of those in the folder.

    The pair before stays beside the new one (CODE.pem.old, CODE.key.old). Run it where ca.key is kept, copy CODE.pem
    and CODE.key to the library, and send SIGHUP to its node: no call is lost. A certificate of another authority or
    another library is not replaced.
    """
    now = datetime.now(UTC)  # noqa: TID251 - a command line is where the clock enters
    try:
        renew(folder, codes, now, days)
    except (CertificateError, OSError) as error:
        raise click.ClickException(str(error)) from None
    until = f"{now + timedelta(days=days):%Y-%m-%d}"
    lines = [f"{code}: renewed until {until}; before: {code}.pem.old, {code}.key.old" for code in codes]
    lines += ["now send SIGHUP to the node, with the new pair in its place: systemctl kill -s HUP tongjie"]
    for line in lines:
        click.echo(said(line, lang))


def initialise(folder: Path, codes: tuple[str, ...], now: datetime, days: int) -> list[str]:
    """What `init` does, and the lines that it prints. Errors: click.ClickException."""
    for code in codes:
        if not (code.isascii() and code.isalnum() and code == code.upper()):
            raise click.BadParameter(f"{code!r} is no library code: capital letters and digits")
    try:
        made = lay_out(folder, codes, now, days)
    except (CertificateError, OSError) as error:
        raise click.ClickException(str(error)) from None
    return [f"{name}: made" if name in made else f"{name}: was there already" for name in (AUTHORITY, *codes)]
