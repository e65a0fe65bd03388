"""The certificates by which libraries know each other: one authority, one leaf a library.

A leaf names its library by exactly one DNS name, the code in lower case, and serves at both ends of a call. Keys
are EC P-256, in files of mode 0600. The clock is passed in; keys and serial numbers come from the system's
randomness, as they must.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

AUTHORITY_DAYS: Final = 3650
LEAF_DAYS: Final = 90
SOON_DAYS: Final = 14
CLOCK_SLACK: Final = timedelta(minutes=5)  # so that a peer whose clock is a little behind accepts a new certificate
AUTHORITY: Final = "ca"  # the name of the authority's files


class CertificateError(Exception):
    """A certificate or key can't be read, or is not what it must be; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """What one end of a connection needs, PEM: its own pair, and the authority by which it knows the others."""

    certificate: bytes
    key: bytes = field(repr=False)
    authority: bytes

    @classmethod
    def load(cls, certificate: Path, key: Path, authority: Path) -> TlsIdentity:
        """From files. Errors: CertificateError naming the file."""
        return cls(_read(certificate), _read(key), _read(authority))


# --- making ----------------------------------------------------------------------------------------------------


def make_authority(name: str, now: datetime, days: int = AUTHORITY_DAYS) -> Pair:
    """A new authority, signed by itself. `now` is aware; `days` is its validity."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = _key_usage(signs_certificates=True)
    builder = (
        _builder(subject, subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    return _pair(builder.sign(key, hashes.SHA256()), key)


def issue(authority: Pair, names: Sequence[str], now: datetime, days: int = LEAF_DAYS) -> Pair:
    """A leaf with these DNS names: one, `dns_name(code)`, for a library. Errors: CertificateError."""
    issuer, issuer_key = _certificate(authority.certificate), _private_key(authority.key)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    ends = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        _builder(subject, issuer.subject, key.public_key(), now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(ends), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(authority_id, critical=False)
    )
    return _pair(builder.sign(issuer_key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SLACK)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Pair(certificate.public_bytes(pem), private)


# --- the code in a certificate -----------------------------------------------------------------------------------


def dns_name(code: str) -> str:
    """The DNS name that stands for a library code."""
    return code.lower()


def code_of(certificate: bytes) -> str:
    """The library code in a PEM certificate: of exactly one name, which is a DNS name in lower case.

    Errors: CertificateError for more names or other ones.
    """
    try:
        names = _certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise CertificateError("the certificate has no DNS name") from None
    dns = names.get_values_for_type(x509.DNSName)
    if len(dns) != 1 or len(list(names)) != 1:
        raise CertificateError("the certificate must have exactly one name, a DNS name")
    if not (dns[0].isascii() and dns[0].isalnum() and dns[0] == dns[0].lower()):
        raise CertificateError("the certificate's DNS name is no library code in lower case")
    return dns[0].upper()


def check(identity: TlsIdentity, code: str, now: datetime, soon_days: int = SOON_DAYS) -> tuple[str, ...]:
    """What is wrong with the certificates of library `code`, a sentence each; () if nothing is."""
    try:
        leaf, authorities = _certificate(identity.certificate), _certificates(identity.authority)
        key = _private_key(identity.key)
    except CertificateError as error:
        return (str(error),)
    problems = [_wrong_code(identity, code), _wrong_key(leaf, key), _wrong_dates(leaf, now, soon_days)]
    problems.append(_wrong_chain(leaf, authorities, code, now))
    return tuple(problem for problem in problems if problem)


def _wrong_code(identity: TlsIdentity, code: str) -> str:
    try:
        found = code_of(identity.certificate)
    except CertificateError as error:
        return str(error)
    return "" if found == code else f"the certificate is that of {found}, not of {code}"


def _wrong_key(leaf: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> str:
    return "" if leaf.public_key() == key.public_key() else "the key is not that of the certificate"


def is_pair(pair: Pair) -> bool:
    """Whether the key is that of the certificate. Errors: CertificateError where one can't be read."""
    return not _wrong_key(_certificate(pair.certificate), _private_key(pair.key))


def _wrong_dates(leaf: x509.Certificate, now: datetime, soon_days: int) -> str:
    if now < leaf.not_valid_before_utc:
        return f"the certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    if now > leaf.not_valid_after_utc:
        return f"the certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if now > leaf.not_valid_after_utc - timedelta(days=soon_days):
        return f"the certificate expires soon, on {leaf.not_valid_after_utc:%Y-%m-%d}"
    return ""


def holds_under(chain: Sequence[bytes], authority: bytes) -> bool:
    """Whether a caller's certificate, the first of `chain`, is of one of these authorities (PEM), whatever its dates.

    Errors: CertificateError where one can't be read.
    """
    leaf, *others = [certificate for each in chain for certificate in _certificates(each)]
    policy = PolicyBuilder().store(Store(_certificates(authority))).time(leaf.not_valid_before_utc)
    try:
        policy.build_client_verifier().verify(leaf, [each for each in others if each != leaf])
    except VerificationError:
        return False
    return True


def _wrong_chain(leaf: x509.Certificate, authorities: list[x509.Certificate], code: str, now: datetime) -> str:
    """Checked as of a time when the leaf is valid. Its dates have a sentence of their own."""
    at = min(max(now, leaf.not_valid_before_utc), leaf.not_valid_after_utc)
    policy = PolicyBuilder().store(Store(authorities)).time(at)
    try:
        policy.build_server_verifier(x509.DNSName(dns_name(code))).verify(leaf, [])
        policy.build_client_verifier().verify(leaf, [])
    except VerificationError as error:
        return f"the certificate does not hold under its authority: {error}"
    return ""


# --- files -------------------------------------------------------------------------------------------------------


def lay_out(folder: Path, codes: Sequence[str], now: datetime, days: int = LEAF_DAYS) -> tuple[str, ...]:
    """Make `ca.pem`, `ca.key` and `CODE.pem`, `CODE.key` for each code in `folder`. Gives the names that it made.

    Existing files stay as they are, so a second run adds what is missing. Errors: CertificateError where only one
    half of a pair is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    if not _has_pair(folder, AUTHORITY):
        write_pair(folder, AUTHORITY, make_authority("tongjie federation", now))
        made.append(AUTHORITY)
    authority = read_pair(folder, AUTHORITY)
    for code in codes:
        if not _has_pair(folder, code):
            write_pair(folder, code, issue(authority, [dns_name(code)], now, days))
            made.append(code)
    return tuple(made)


def write_pair(folder: Path, name: str, pair: Pair) -> None:
    """`name.key` (mode 0600 from its first byte) and `name.pem`. FileExistsError if either is there."""
    for suffix, content, mode in ((".key", pair.key, 0o600), (".pem", pair.certificate, 0o644)):
        handle = os.open(folder / f"{name}{suffix}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def read_pair(folder: Path, name: str) -> Pair:
    """Errors: CertificateError naming the file."""
    return Pair(_read(folder / f"{name}.pem"), _read(folder / f"{name}.key"))


def _has_pair(folder: Path, name: str) -> bool:
    present = [(folder / f"{name}{suffix}").exists() for suffix in (".pem", ".key")]
    if any(present) and not all(present):
        raise CertificateError(f"{folder}: of {name}.pem and {name}.key only one is there; move it away first")
    return all(present)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: {unreadable(error)}") from None


def unreadable(error: OSError) -> str:
    """Why a file can't be read and what to do, as the end of a sentence that begins with its path."""
    if isinstance(error, FileNotFoundError):
        return "no such file; make it with `tongjie federation init`, or correct the path"
    if isinstance(error, PermissionError):
        return "no permission to read it; let the user that runs the node own the file, with mode 0600"
    if isinstance(error, IsADirectoryError):
        return "is a folder; name the file"
    return f"can't be read ({error.strerror}); check the path and the disk"


def expires_at_ms(pem: bytes) -> int:
    """When the first of these certificates expires (PEM; ms since 1970). Errors: CertificateError."""
    return min(int(each.not_valid_after_utc.timestamp() * 1000) for each in _certificates(pem))


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise CertificateError("the certificate is no PEM certificate") from None


def _certificates(pem: bytes) -> list[x509.Certificate]:
    """All certificates of a file. While one authority replaces another, the file has both."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise CertificateError("the certificate is no PEM certificate") from None


def _private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):  # TypeError: it is encrypted
        raise CertificateError("the key is no PEM private key, or is encrypted") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError("the key is no elliptic curve key")
    return key
