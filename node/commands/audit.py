"""`tongjie audit`: what staff and schools have done, whether the log is as it was written, and blanking a reason.

Promises: `verify` reads only, and its exit status is 1 if a link was changed, added or removed.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from node.commands.by_staff import LONGEST_BY, asked, options, settings_of, text_of, wall_ms
from node.commands.exception_texts import WORDS
from node.commands.language import Language, said
from node.commands.staff import acting
from node.domain.calendar import SHANGHAI
from node.service.office.audit import Audit, Flaw, Head, Line, lines_before, verify
from node.service.office.notes import names_a_reader, note_of
from node.storage.beside import read_beside, write_beside
from node.storage.store import Tx

__all__ = ["command"]

_HEAD: Final = re.compile(r"([0-9]+):([0-9a-f]{64})")
_WRONG: Final = {
    "hash": "link {} is not as it was written",
    "missing": "link {} is missing",
    "reason": "the reason of link {} is not as it was written",
    "end": "links were removed behind link {}",
    "head": "link {} is not the one that was noted: the log was rewritten",
}


@click.group()
def command() -> None:
    """What staff and schools have done, and whether that log is whole."""


@command.command("verify")
@options
@click.option("--noted", metavar="N:HASH", help="What an earlier verify printed: the log must still lead there.")
def verify_(*, config: Path, lang: Language, as_json: bool, noted: str | None) -> None:
    """Whether every link of the log is as it was written. Prints the end of the log, to be noted elsewhere.

    Exit status 1 if a link was changed, added or removed.
    """
    earlier = None if noted is None else _noted(noted)
    head, flaw = asked(read_beside, settings_of(config), lambda tx: verify(tx, earlier))
    if as_json:
        wrong = None if flaw is None else {"link": flaw.seq, "what": flaw.what}
        click.echo(json.dumps({"ok": flaw is None, "links": head.seq, "hash": head.hash, "flaw": wrong}))
    elif flaw is None:
        click.echo(said(f"the log is whole: {head.seq} links", lang))
        click.echo(f"{head.seq}:{head.hash}")
    if flaw is not None:
        raise click.exceptions.Exit(1) if as_json else click.ClickException(_said(flaw))


@command.command("list")
@options
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True, help="So many.")
@click.option("--before", type=click.IntRange(0), default=0, help="Those before this number; 0 for the newest.")
def list_(*, config: Path, lang: Language, as_json: bool, most: int, before: int) -> None:
    """The newest links of the log: when, who, what, about what, why."""
    lines = asked(read_beside, settings_of(config), lambda tx: lines_before(tx, before, most))
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in lines], ensure_ascii=False, indent=1))
        return
    for each in lines:
        at = datetime.fromtimestamp(each.row.at_ms / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
        who = each.name or each.row.actor
        click.echo(f"{each.row.seq:>6}  {at}  {who}  {said(each.row.action, lang)}  {each.row.subject}  {each.reason}")


@command.command()
@options
@click.option("--by", required=True, metavar="NAME", help="Who does this: a name or a staff number.")
@click.option("--note", required=True, metavar="TEXT", help="Why. Nothing about a reader.")
@click.argument("link", type=int, metavar="N")
def blank(*, config: Path, lang: Language, as_json: bool, by: str, note: str, link: int) -> None:
    """Erase the reason of link N, where somebody wrote what does not belong there. The log stays whole."""
    settings = settings_of(config)
    by, reason = text_of(by, "--by", LONGEST_BY, WORDS[lang]), note_of(note)
    if not reason or names_a_reader(reason, settings.city.directory):
        raise click.BadParameter(WORDS[lang].private if reason else WORDS[lang].bad_text.format(longest=300))
    now_ms = wall_ms()

    def work(tx: Tx) -> bool:
        return Audit(os.urandom).blank_reason(tx, link, acting(tx, by), at_ms=now_ms, reason=reason)

    if not asked(write_beside, settings, work):
        raise click.ClickException(f"the log has no link {link}")
    click.echo(json.dumps({"link": link}) if as_json else said(f"the reason of link {link} is blank", lang))


def _noted(text: str) -> Head:
    found = _HEAD.fullmatch(text)
    if found is None:
        raise click.BadParameter("write it as verify printed it, number:hash", param_hint="--noted")
    return Head(int(found[1]), found[2])


def _said(flaw: Flaw) -> str:
    return _WRONG[flaw.what].format(flaw.seq)


def _as_json(line: Line) -> dict[str, object]:
    row = line.row
    return {
        "link": row.seq,
        "at": datetime.fromtimestamp(row.at_ms / 1000, UTC).isoformat(timespec="milliseconds"),
        "actor": row.actor,
        "name": line.name,
        "action": row.action,
        "subject": row.subject,
        "reason": line.reason,
    }
