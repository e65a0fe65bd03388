"""Renewing the certificates of libraries in their folder (`tongjie federation renew`).

Promises: a pair is replaced only by one that holds under the authority beside it, for the same library. Each file is
replaced in one step, and the pair before stays beside it as `.old`. A node that reads between the two files finds a
key that does not belong to the certificate, and keeps what it has.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from federation import certificates
from federation.certificates import AUTHORITY, CertificateError, Pair, TlsIdentity

OLD: Final = ".old"
_NEW: Final = ".new"


def renew(folder: Path, codes: Sequence[str], now: datetime, days: int = certificates.LEAF_DAYS) -> None:
    """A new `CODE.pem` and `CODE.key` for each code, with a new key each, valid for `days` from `now` (aware).

    Owner and mode of the files stay. Errors: CertificateError, for whichever code, before anything is replaced;
    OSError from the disk.
    """
    authority = _authority(folder)
    renewed = {code: _renewed(folder, code, authority, now, days) for code in codes}
    for code, pair in renewed.items():
        _replace(folder, code, pair)


def _authority(folder: Path) -> Pair:
    if not (folder / f"{AUTHORITY}.key").exists():
        raise CertificateError(f"{folder}: {AUTHORITY}.key is not here; run this where the authority's key is kept")
    return certificates.read_pair(folder, AUTHORITY)


def _renewed(folder: Path, code: str, authority: Pair, now: datetime, days: int) -> Pair:
    before, path = certificates.read_pair(folder, code), folder / f"{code}.pem"
    if (found := certificates.code_of(before.certificate)) != code:
        raise CertificateError(f"{path} is that of {found}, not of {code}; nothing was replaced")
    if not certificates.holds_under([before.certificate], authority.certificate):
        raise CertificateError(
            f"{path} is of another authority than {folder / AUTHORITY}.pem; nothing was replaced. "
            "Use the folder of its own authority, or move the pair away and run `tongjie federation init`"
        )
    pair = certificates.issue(authority, [certificates.dns_name(code)], now, days)
    for problem in certificates.check(_identity(pair, authority), code, now, soon_days=0):
        raise CertificateError(f"{folder}: a new pair would not do; nothing was replaced: {problem}")
    return pair


def _identity(pair: Pair, authority: Pair) -> TlsIdentity:
    return TlsIdentity(pair.certificate, pair.key, authority.certificate)


def _replace(folder: Path, code: str, pair: Pair) -> None:
    # the key first: what was cut off before the certificate is a pair that does not fit, and is renewed again
    contents = {folder / f"{code}.key": pair.key, folder / f"{code}.pem": pair.certificate}
    whole = certificates.is_pair(certificates.read_pair(folder, code))
    for path, content in contents.items():
        _write_like(path, _beside(path, _NEW), content)
    for path in contents if whole else ():  # a run that was cut off has kept the whole pair already
        _write_like(path, _beside(path, f"{OLD}{_NEW}"), path.read_bytes())
        _beside(path, f"{OLD}{_NEW}").replace(_beside(path, OLD))
    for path in contents:
        _beside(path, _NEW).replace(path)
    _sync(folder)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _write_like(model: Path, path: Path, content: bytes) -> None:
    """On the disk before this returns, with owner and mode of `model` from the first byte."""
    path.unlink(missing_ok=True)  # of a run that was cut off
    like = model.stat()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchown(handle, like.st_uid, like.st_gid)
        os.fchmod(handle, like.st_mode & 0o777)
        file.write(content)
        file.flush()
        os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
