"""TLS for kiosks. The context is made from files, and made again for new connections when the files have changed.

Promises: if files cannot be used, the present certificate stays in use (`CredentialsError` says why). A handshake that
breaks off ends only its own connection (field lesson 20 of part 2).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from OpenSSL import SSL
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from federation.certificates import expires_at_ms
from federation.clock import Clock


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

    @property
    def expires_at_ms(self) -> int:
        """When the certificate in use expires (ms since 1970)."""
        return self._expires_at_ms

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """Called by Twisted for each connection."""
        return SSL.Connection(self._context, None)

    def _read(self) -> SSL.Context:
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION | SSL.OP_CIPHER_SERVER_PREFERENCE)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        _use(self._certificate, "a certificate (PEM)", context.use_certificate_chain_file)
        _use(self._key, "a private key (PEM, without a passphrase)", context.use_privatekey_file)
        self._expires_at_ms = expires_at_ms(self._certificate.read_bytes())
        try:
            context.check_privatekey()
        except SSL.Error:
            raise CredentialsError(f"{self._key} is not the key of {self._certificate}") from None
        if self._client_ca is not None:
            _use(self._client_ca, "a certificate (PEM)", context.load_verify_locations)
            mode = SSL.VERIFY_PEER | (SSL.VERIFY_FAIL_IF_NO_PEER_CERT if self._required else 0)
            context.set_verify(mode, lambda _connection, _certificate, _error, _depth, ok: bool(ok))
        return context


def _use(path: Path, what: str, load: Callable[[bytes], object]) -> None:
    try:
        path.read_bytes()  # OpenSSL's error does not say what is wrong with the file
        load(bytes(path))
    except OSError as error:
        raise CredentialsError(f"{path}: can't be read: {error.strerror}") from None
    except SSL.Error:
        raise CredentialsError(f"{path} does not hold {what} that can be used") from None


class TlsFactory(TLSMemoryBIOFactory):
    """TLS around the connections of `kiosks`. A connection that is not admitted gets no handshake."""

    noisy = False

    def __init__(self, credentials: Credentials, kiosks: Factory, clock: Clock) -> None:
        # zope's interfaces: mypy does not see that these are implemented
        super().__init__(cast(Any, credentials), False, cast(Any, kiosks), cast(Any, clock))

    def buildProtocol(self, addr: IAddress | None) -> Any:
        inner = self.wrappedFactory.buildProtocol(addr)
        return None if inner is None else self.protocol(self, inner)
