"""TLS for kiosks: a context made from files, made again when they have changed, for whoever connects next.

Promises: files that can't be used leave the present certificate in force (`CredentialsError` says why); a handshake
that is broken off costs its connection and nothing else (field lesson 20 of part 2).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer  # type: ignore[import-untyped]


class CredentialsError(Exception):
    """The certificate, its key or the authority can't be used; the text names the file."""


@implementer(IOpenSSLServerConnectionCreator)
class Credentials:
    """What a TLS listener shows and asks for. `client_ca` None: clients are not asked for a certificate."""

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None, *, required: bool = True) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._required = required
        self._context = self._read()

    def read_again(self) -> None:
        """For connections from now on. Errors: CredentialsError; then nothing has changed."""
        self._context = self._read()

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """Called by Twisted for each connection."""
        return SSL.Connection(self._context, None)

    def _read(self) -> SSL.Context:
        chain = _certificates(self._certificate)
        options = CertificateOptions(
            privateKey=_key(self._key),
            certificate=chain[0],
            extraCertChain=chain[1:],
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )
        context: SSL.Context = options.getContext()
        try:
            context.check_privatekey()
        except SSL.Error:
            raise CredentialsError(f"{self._key} is not the key of {self._certificate}") from None
        if self._client_ca is not None:
            _ask_clients(context, self._client_ca, self._required)
        return context


def _ask_clients(context: SSL.Context, authority: Path, required: bool) -> None:
    known = context.get_cert_store()
    assert known is not None
    for each in _certificates(authority):
        known.add_cert(each)
    mode = SSL.VERIFY_PEER | (SSL.VERIFY_FAIL_IF_NO_PEER_CERT if required else 0)
    context.set_verify(mode, lambda _connection, _certificate, _error, _depth, ok: bool(ok))


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsError(f"{path}: can't be read: {error.strerror}") from None


def _certificates(path: Path) -> list[crypto.X509]:
    blocks = _read_file(path).split(b"-----END CERTIFICATE-----")[:-1]
    try:
        found = [crypto.load_certificate(crypto.FILETYPE_PEM, each + b"-----END CERTIFICATE-----\n") for each in blocks]
    except crypto.Error:
        found = []
    if not found:
        raise CredentialsError(f"{path} holds no certificate (PEM)")
    return found


def _key(path: Path) -> crypto.PKey:
    try:
        return crypto.load_privatekey(crypto.FILETYPE_PEM, _read_file(path), b"")
    except crypto.Error:
        raise CredentialsError(f"{path} holds no private key (PEM, without a passphrase)") from None


class TlsFactory(TLSMemoryBIOFactory):
    """TLS around the connections of `kiosks`; one that is not admitted there gets no handshake."""

    noisy = False

    def __init__(self, credentials: Credentials, kiosks: Factory) -> None:
        # zope's interfaces: mypy does not see that these are implemented
        super().__init__(cast(Any, credentials), False, cast(Any, kiosks))

    def buildProtocol(self, addr: IAddress | None) -> Any:
        inner = self.wrappedFactory.buildProtocol(addr)
        return None if inner is None else self.protocol(self, inner)
