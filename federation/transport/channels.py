"""The asking end over gRPC: one channel a peer. It is made at its first use, within the running loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import grpc
import grpc.aio
from twisted.internet.defer import CancelledError, Deferred, fail, gatherResults
from twisted.python.failure import Failure

from federation.bounds import ANSWER_MAX
from federation.certificates import TlsIdentity, dns_name
from federation.contract import NotPermitted, PeerFailed, PeerUnreachable
from federation.transport.bridge import from_asyncio

Address = Callable[[str], tuple[str, int] | None]

OPTIONS: Final = (
    # gRPC itself repeats only what a closing connection had not yet accepted; a server closes each connection after
    # a while. All other repeats are ours and carry the operation's id.
    ("grpc.enable_retries", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),  # several nodes live in one test process, each with its own certificate
    ("grpc.max_receive_message_length", ANSWER_MAX),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A peer that comes back is noticed within about a second.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.min_reconnect_backoff_ms", 2_000),  # the time that one attempt to connect may take
)

_LONGEST_WHY: Final = 300
_RELOAD_GRACE_S: Final = 30.0
_REFUSALS: Final = (grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED)


def target(host: str, port: int) -> str:
    """An address as gRPC writes it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Line:
    """One channel and its methods. `closing`: calls cancelled from now on were not given up by the asker."""

    def __init__(self, channel: Any) -> None:
        self.channel: Final = channel
        self.methods: Final[dict[str, Any]] = {}
        self.closing = False

    def method(self, path: str) -> Any:
        if path not in self.methods:
            self.methods[path] = self.channel.unary_unary(path)
        return self.methods[path]

    def close(self, grace_s: float | None) -> Deferred[None]:
        self.closing = True
        return from_asyncio(self.channel.close(grace_s))


class GrpcTransport:
    """`federation.calling.Transport`. `address(code)` gives the host and port of a peer, None if it has none."""

    def __init__(self, identity: TlsIdentity, address: Address) -> None:
        self._identity = identity
        self._address: Final = address
        self._lines: dict[str, _Line] = {}
        self._closed = False

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        """Errors: PeerUnreachable, NotPermitted. The deadline travels to the peer."""
        if self._closed:
            return fail(PeerUnreachable(peer, "this node is stopping"))
        if timeout_s <= 0:
            return fail(PeerUnreachable(peer, "no time left to ask"))
        line = self._lines.get(peer) or self._open(peer)
        if line is None:
            return fail(PeerUnreachable(peer, "no address"))
        answer: Deferred[bytes] = from_asyncio(line.method(method)(payload, timeout=timeout_s))
        return answer.addErrback(_translated, peer, line)

    def reload(self, identity: TlsIdentity) -> Deferred[None]:
        """Use these certificates for every call from now on; fires when the calls under way have ended."""
        self._identity = identity
        return self._drop(_RELOAD_GRACE_S)

    def close(self) -> Deferred[None]:
        """Give up the calls under way (`PeerUnreachable`) and every connection."""
        self._closed = True
        return self._drop(None)

    def _open(self, peer: str) -> _Line | None:
        address = self._address(peer)
        if address is None:
            return None
        credentials = grpc.ssl_channel_credentials(
            self._identity.authority, self._identity.key, self._identity.certificate
        )
        name = ("grpc.ssl_target_name_override", dns_name(peer))
        channel = grpc.aio.secure_channel(target(*address), credentials, (*OPTIONS, name))
        self._lines[peer] = _Line(channel)
        return self._lines[peer]

    def _drop(self, grace_s: float | None) -> Deferred[None]:
        lines, self._lines = list(self._lines.values()), {}
        return gatherResults([line.close(grace_s) for line in lines]).addCallback(lambda _: None)


def _translated(failure: Failure, peer: str, line: _Line) -> Failure:
    """Turns gRPC's errors into those of the contract. Our own cancellation stays a cancellation."""
    error = failure.value
    if isinstance(error, CancelledError) and not line.closing:
        return failure
    if not isinstance(error, grpc.aio.AioRpcError):
        raise PeerUnreachable(peer, f"connection closed ({type(error).__name__})") from None
    why = f"{error.code().name}: {error.details() or ''}"[:_LONGEST_WHY]
    if error.code() in _REFUSALS:
        raise NotPermitted(f"{peer}: {why}") from None
    raise (PeerFailed if error.code() is grpc.StatusCode.INTERNAL else PeerUnreachable)(peer, why) from None
