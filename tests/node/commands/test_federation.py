"""What `tongjie federation` prints, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from node.commands.comparing import printed
from node.commands.federation import command
from node.commands.language import said
from node.service.delivery.comparison import Compared
from node.service.delivery.differences import Difference, Kind

DETAILS = (
    "",
    "due 2026-12-01 here, 2026-12-02 there",
    "120 fen owed here",
    "120 fen there",
    "20 of 120 fen paid here, 0 there",
)


def run(*arguments: str) -> list[str]:
    done = CliRunner().invoke(command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_certificates_are_made_and_renewed_in_chinese(tmp_path: Path) -> None:
    folder = ["--dir", str(tmp_path), "--lang", "zh"]
    assert run("init", *folder, "CQSPB") == ["ca：已生成", "CQSPB：已生成"]
    assert run("init", *folder, "CQSPB") == ["ca：原来就有，没有改动", "CQSPB：原来就有，没有改动"]
    renewed, then = run("renew", *folder, "CQSPB")
    assert re.fullmatch(
        r"CQSPB：已换发，有效期到 \d{4}-\d\d-\d\d；原来的一对：CQSPB\.pem\.old、CQSPB\.key\.old", renewed
    )
    assert then == "请把新的一对放到节点上，再向它发 SIGHUP：systemctl kill -s HUP tongjie"


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("kind", Kind)
def test_every_difference_between_the_books_has_words_in_chinese(kind: Kind, detail: str) -> None:
    english, count = printed(Compared((Difference("CQBB", kind, "op-1", detail),), ())).splitlines()
    chinese = said(english, "zh")
    assert chinese.startswith("CQBB：")
    assert "op-1" in chinese
    assert not re.search(r"[a-z_]{3,}", chinese.replace("op-1", ""))
    assert sorted(re.findall(r"\d+", chinese.replace("op-1", ""))) == sorted(re.findall(r"\d+", detail))
    assert chinese.endswith("节点会自己改正") == Difference("CQBB", kind, "op-1").repairable
    assert said(count, "zh") == "有 1 处出入"


def test_a_library_that_was_not_asked_is_named_with_what_was_said() -> None:
    lines = said(printed(Compared((), (("CQBB", "connection closed"),))), "zh").splitlines()
    assert lines == ["CQBB：没有问到（connection closed）", "账本一致"]
