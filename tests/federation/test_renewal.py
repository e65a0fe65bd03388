"""`tongjie federation renew`: a new pair that holds, the old one beside it, and nothing replaced by mistake."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from federation.certificates import CertificateError, TlsIdentity, check, lay_out, read_pair
from federation.renewal import renew
from node.commands.federation import command

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=80)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path / "certs", ["CQBB", "CQSPB"], NOW)
    return tmp_path / "certs"


def everything(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def identity(folder: Path, suffix: str = "") -> TlsIdentity:
    certificate, key = (folder / f"CQBB.{each}{suffix}" for each in ("pem", "key"))
    return TlsIdentity.load(certificate, key, folder / "ca.pem")


def test_a_renewed_pair_has_a_new_key_and_holds_after_the_old_one_has_expired(folder: Path) -> None:
    before = read_pair(folder, "CQBB")
    renew(folder, ["CQBB"], LATER)
    assert check(identity(folder), "CQBB", LATER + timedelta(days=70)) == ()
    assert read_pair(folder, "CQBB").key != before.key


def test_the_pair_before_stays_beside_and_nothing_else_changes(folder: Path) -> None:
    before = everything(folder)
    renew(folder, ["CQBB"], LATER)
    after = everything(folder)
    assert (after.pop("CQBB.pem.old"), after.pop("CQBB.key.old")) == (before["CQBB.pem"], before["CQBB.key"])
    assert sorted(after) == sorted(before)
    assert {name for name in after if after[name] != before[name]} == {"CQBB.pem", "CQBB.key"}


def test_modes_stay_and_only_the_owner_reads_the_keys(folder: Path) -> None:
    (folder / "CQBB.key").chmod(0o640)
    renew(folder, ["CQBB"], LATER)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.glob("CQBB*")}
    assert modes == {"CQBB.pem": 0o644, "CQBB.pem.old": 0o644, "CQBB.key": 0o640, "CQBB.key.old": 0o640}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_files_stay_those_of_the_user_that_runs_the_node(folder: Path) -> None:
    for name in ("CQBB.pem", "CQBB.key"):
        os.chown(folder / name, 1234, 1234)
    renew(folder, ["CQBB"], LATER)
    assert {path.stat().st_uid for path in folder.glob("CQBB*")} == {1234}


def refused(folder: Path, *codes: str) -> str:
    before = everything(folder)
    with pytest.raises(CertificateError) as error:
        renew(folder, codes, LATER)
    assert everything(folder) == before
    return str(error.value)


def test_a_pair_of_another_authority_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "other", ["CQBB"], NOW)
    for name in ("CQBB.pem", "CQBB.key"):
        (tmp_path / "other" / name).replace(folder / name)
    assert "is of another authority than" in refused(folder, "CQSPB", "CQBB")


def test_a_pair_of_another_library_is_not_replaced(folder: Path) -> None:
    for suffix in ("pem", "key"):
        (folder / f"CQSPB.{suffix}").replace(folder / f"CQBB.{suffix}")
    assert "is that of CQSPB, not of CQBB" in refused(folder, "CQBB")


def test_a_key_that_is_not_the_authoritys_replaces_nothing(folder: Path, tmp_path: Path) -> None:
    lay_out(tmp_path / "other", [], NOW)
    (tmp_path / "other" / "ca.key").replace(folder / "ca.key")
    assert "nothing was replaced" in refused(folder, "CQBB")


def test_an_authority_without_its_key_and_a_pair_that_is_not_there_are_said(folder: Path) -> None:
    assert "CQXX.pem: no such file" in refused(folder, "CQXX")
    (folder / "ca.key").unlink()
    assert "where the authority's key is kept" in refused(folder, "CQBB")


def test_a_run_that_was_cut_off_between_the_two_files_is_made_good_by_the_next(folder: Path) -> None:
    first = everything(folder)
    renew(folder, ["CQBB"], LATER)
    (folder / "CQBB.pem").write_bytes(first["CQBB.pem"])  # the certificate was not replaced yet
    (folder / "CQBB.pem.new").write_bytes(b"half")
    renew(folder, ["CQBB"], LATER)
    assert check(identity(folder), "CQBB", LATER) == ()
    assert check(identity(folder, ".old"), "CQBB", NOW) == ()


def test_the_command_says_until_when_and_what_to_do_next(folder: Path) -> None:
    lay_out(folder, ["CQCQ"], datetime.now(UTC))
    done = CliRunner().invoke(command, ["renew", "--dir", str(folder), "CQCQ"])
    assert done.exit_code == 0
    assert "CQCQ: renewed until" in done.output
    assert "SIGHUP" in done.output
    done = CliRunner().invoke(command, ["renew", "--dir", str(folder), "CQXX"])
    assert (done.exit_code, "no such file" in done.output) == (1, True)
