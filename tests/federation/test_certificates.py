"""The certificates of the federation: what is made, what is found wrong, what lands on the disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click import BadParameter, ClickException
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from federation.certificates import (
    CertificateError,
    Pair,
    TlsIdentity,
    check,
    code_of,
    holds_under,
    issue,
    lay_out,
    make_authority,
    read_pair,
)
from node.commands.federation import command, initialise

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AUTHORITY = make_authority("the federation", NOW)
STRANGER = make_authority("the federation", NOW)


def identity(leaf: Pair, authority: Pair = AUTHORITY) -> TlsIdentity:
    return TlsIdentity(leaf.certificate, leaf.key, authority.certificate)


def test_a_leaf_names_its_library_once_serves_at_both_ends_and_is_no_authority() -> None:
    leaf = x509.load_pem_x509_certificate(issue(AUTHORITY, ["cqspb"], NOW).certificate)
    find = leaf.extensions.get_extension_for_class
    assert list(find(x509.SubjectAlternativeName).value) == [x509.DNSName("cqspb")]
    assert set(find(x509.ExtendedKeyUsage).value) == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert find(x509.BasicConstraints).value.ca is False
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)


def test_the_code_comes_back_from_a_certificate() -> None:
    assert code_of(issue(AUTHORITY, ["cqspb"], NOW).certificate) == "CQSPB"


@pytest.mark.parametrize("names", [["cqspb", "cqbb"], ["CQSPB"], ["cqspb.example.org"], ["cq-spb"]])
def test_a_certificate_with_other_names_or_more_has_no_code(names: list[str]) -> None:
    with pytest.raises(CertificateError):
        code_of(issue(AUTHORITY, names, NOW).certificate)


def test_an_authority_and_rubbish_have_no_code() -> None:
    for pem in (AUTHORITY.certificate, b"", b"-----BEGIN CERTIFICATE-----"):
        with pytest.raises(CertificateError):
            code_of(pem)


def test_nothing_is_wrong_with_a_new_leaf() -> None:
    assert check(identity(issue(AUTHORITY, ["cqspb"], NOW)), "CQSPB", NOW) == ()


@pytest.mark.parametrize(
    ("leaf", "code", "later", "words"),
    [
        (issue(AUTHORITY, ["cqspb"], NOW), "CQBB", 0, "is that of CQSPB, not of CQBB"),
        (issue(AUTHORITY, ["cqspb", "cqbb"], NOW), "CQSPB", 0, "exactly one name"),
        (issue(AUTHORITY, ["cqspb"], NOW, days=90), "CQSPB", 80, "expires soon, on 2026-05-30"),
        (issue(AUTHORITY, ["cqspb"], NOW, days=90), "CQSPB", 91, "expired on 2026-05-30 12:00 UTC"),
        (issue(AUTHORITY, ["cqspb"], NOW), "CQSPB", -1, "not valid before 2026-03-01"),
        (issue(STRANGER, ["cqspb"], NOW), "CQSPB", 0, "does not hold under its authority"),
        (Pair(issue(AUTHORITY, ["cqspb"], NOW).certificate, STRANGER.key), "CQSPB", 0, "key is not that of"),
        (Pair(b"rubbish", STRANGER.key), "CQSPB", 0, "no PEM certificate"),
        (Pair(AUTHORITY.certificate, b"rubbish"), "CQSPB", 0, "no PEM private key"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(leaf: Pair, code: str, later: int, words: str) -> None:
    problems = check(identity(leaf), code, NOW + timedelta(days=later))
    assert [problem for problem in problems if words in problem]


def test_dates_alone_are_not_a_broken_chain() -> None:
    leaf = identity(issue(AUTHORITY, ["cqspb"], NOW, days=90))
    assert len(check(leaf, "CQSPB", NOW + timedelta(days=91))) == 1


def test_a_leaf_holds_under_any_authority_of_the_file() -> None:
    leaf = issue(STRANGER, ["cqbb"], NOW)
    both = AUTHORITY.certificate + STRANGER.certificate
    assert check(TlsIdentity(leaf.certificate, leaf.key, both), "CQBB", NOW) == ()
    assert holds_under([leaf.certificate], both)
    assert not holds_under([leaf.certificate], AUTHORITY.certificate)


def test_no_key_shows_in_a_repr() -> None:
    leaf = issue(AUTHORITY, ["cqspb"], NOW)
    assert "PRIVATE" not in repr(leaf) + repr(identity(leaf))


def test_files_are_laid_out_and_only_the_owner_reads_the_keys(tmp_path: Path) -> None:
    assert lay_out(tmp_path / "certs", ["CQSPB", "CQBB"], NOW) == ("ca", "CQSPB", "CQBB")
    names = sorted(path.name for path in (tmp_path / "certs").iterdir())
    assert names == ["CQBB.key", "CQBB.pem", "CQSPB.key", "CQSPB.pem", "ca.key", "ca.pem"]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "certs").glob("*.key")} == {0o600}
    loaded = TlsIdentity.load(*(tmp_path / "certs" / name for name in ("CQBB.pem", "CQBB.key", "ca.pem")))
    assert check(loaded, "CQBB", NOW) == ()


def test_a_second_run_adds_what_is_missing_and_replaces_nothing(tmp_path: Path) -> None:
    lay_out(tmp_path, ["CQSPB"], NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert lay_out(tmp_path, ["CQSPB", "CQBB"], NOW) == ("CQBB",)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name: after[name] for name in before} == before
    joined = TlsIdentity(after["CQBB.pem"], after["CQBB.key"], before["ca.pem"])
    assert check(joined, "CQBB", NOW) == ()


def test_half_a_pair_stops_the_run(tmp_path: Path) -> None:
    lay_out(tmp_path, ["CQSPB"], NOW)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(CertificateError, match=r"ca\.pem and ca\.key"):
        lay_out(tmp_path, ["CQBB"], NOW)
    assert not (tmp_path / "CQBB.pem").exists()


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"ca\.pem"):
        read_pair(tmp_path, "ca")


def test_init_says_what_it_made(tmp_path: Path) -> None:
    assert initialise(tmp_path, ("CQSPB",), NOW, 30) == ["ca: made", "CQSPB: made"]
    assert initialise(tmp_path, ("CQSPB", "CQBB"), NOW, 30) == [
        "ca: was there already",
        "CQSPB: was there already",
        "CQBB: made",
    ]


def test_init_refuses_what_is_no_code_and_half_an_authority(tmp_path: Path) -> None:
    with pytest.raises(BadParameter):
        initialise(tmp_path, ("cqspb",), NOW, 30)
    (tmp_path / "ca.pem").write_bytes(b"")
    with pytest.raises(ClickException, match="only one is there"):
        initialise(tmp_path, ("CQSPB",), NOW, 30)


def test_the_command_makes_certificates_that_hold_now(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["init", "--dir", str(tmp_path / "certs"), "--days", "7", "CQSPB"])
    assert (result.exit_code, result.output) == (0, "ca: made\nCQSPB: made\n")
    assert CliRunner().invoke(command, ["init", "--dir", str(tmp_path)]).exit_code == 2
