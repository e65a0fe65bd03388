"""The answering end over gRPC, with mutual TLS. No call reaches the library before its caller is known."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NoReturn, TypeAlias, TypeVar

import grpc
import grpc.aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from twisted.internet.defer import CancelledError, Deferred, fail

from federation.bounds import MESSAGE_MAX
from federation.calling import Answerer, OverBudget
from federation.certificates import CertificateError, TlsIdentity, code_of, holds_under
from federation.contract import NotPermitted, PeerUnreachable
from federation.crowd import Crowd, Places
from federation.transport.bridge import from_asyncio, to_asyncio
from federation.transport.channels import target
from federation.transport.front import PLACES, Front
from federation.troubles import TurnedAway, TurnedAwayHeard
from federation.wire import WireError

LONGEST_ANSWER_S: Final = 30.0  # for a caller that sets no deadline
LOOPBACK: Final = "127.0.0.1"
CONNECTION_AGE_S: Final = 600.0
"""A certificate is checked when a connection is made. So it may be used for at most this long after it has expired
(gRPC adds or takes off a tenth). Calls under way may finish; the next call makes a new connection."""
OPTIONS: Final = (
    ("grpc.so_reuseport", 0),
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_receive_message_length", MESSAGE_MAX),
    # Peers ping every 20 s, with or without calls. By default gRPC takes that for an attack.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
)

T = TypeVar("T")
Behaviour: TypeAlias = Callable[[bytes, Any], Awaitable[bytes]]


class ListenError(Exception):
    """The server can't listen at its address; the text names it."""


class GrpcServer:
    """Serves `methods` (paths) by `answer` at `host`:`port` (0: any free one).

    `turned_away(address, why)` hears of callers whose certificate is of no use, and of connections without a call.
    `places()`: how many connections there may be (`Front`); `refused(why, address)` hears of those beyond that.
    `bare`: further methods, bytes to bytes, without a check of the caller's code (a measurement's echo).
    Calls beyond `max_calls` at once are refused, and so are calls of one caller beyond a quarter of that. On a single
    connection they wait at the caller's end instead. No connection lives longer than `connection_age_s`.
    """

    def __init__(
        self,
        identity: TlsIdentity,
        answer: Answerer,
        methods: Sequence[str],
        *,
        host: str,
        port: int,
        bare: Mapping[str, Callable[[bytes], bytes]] | None = None,
        turned_away: TurnedAwayHeard = lambda *_: None,
        places: Callable[[], Places] = lambda: PLACES,
        refused: Callable[[str, str], None] = lambda *_: None,
        max_calls: int = 1_024,
        connection_age_s: float = CONNECTION_AGE_S,
    ) -> None:
        self._identity = identity
        self._renewed: deque[TlsIdentity] = deque(maxlen=1)
        self._host: Final = host
        self._port = port
        self._max_calls: Final = max_calls
        self._connection_age_s: Final = connection_age_s
        self._trust: Final = _Trust()
        self._front: Final = Front(places, turned_away, refused)
        self._share: Final = max(1, max_calls // 4)
        self._handlers: Final = _Handlers(
            _in_shares(answer, self._share), methods, bare or {}, _Callers(self._trust, self._front, turned_away)
        )
        self._server: Any = None
        self._health: Any = None
        self._serving = False

    @property
    def port(self) -> int:
        """The port that it listens at, once started."""
        return self._port

    @property
    def serving(self) -> bool:
        """Whether it was started and not stopped."""
        return self._serving

    @property
    def crowd(self) -> Crowd[Any]:
        """Who is connected."""
        return self._front.crowd

    def start(self) -> Deferred[None]:
        """Listen. Needs the running loop. Errors: ListenError."""
        return from_asyncio(self._start())

    def stop(self, grace_s: float) -> Deferred[None]:
        """Take no new calls. Fires when the calls under way have ended, after at most `grace_s`."""
        return from_asyncio(self._stop(grace_s))

    def reload(self, identity: TlsIdentity) -> None:
        """Use these certificates for every new connection. Connections made under an authority that they remove get no
        more answers."""
        if identity.authority != self._identity.authority:
            self._trust.only(identity.authority)
        self._identity = identity
        self._renewed.append(identity)

    async def _start(self) -> None:
        limits = (
            ("grpc.max_connection_age_ms", int(self._connection_age_s * 1000)),
            ("grpc.max_connection_age_grace_ms", int(LONGEST_ANSWER_S * 1000)),
            ("grpc.max_concurrent_streams", self._share),
        )
        server = grpc.aio.server(options=(*OPTIONS, *limits), maximum_concurrent_rpcs=self._max_calls)
        server.add_generic_rpc_handlers((self._handlers,))
        self._health = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        try:
            self._port = self._front.open(self._host, self._port)
            inner_port = server.add_secure_port(target(LOOPBACK, 0), self._credentials())
        except (OSError, RuntimeError):
            raise ListenError(f"can't listen at {target(self._host, self._port)}: is the port in use?") from None
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)
        await server.start()
        self._front.let_in(inner_port)
        self._server = server
        self._serving = True

    async def _stop(self, grace_s: float) -> None:
        self._serving = False
        self._front.let_nobody_in()
        if self._server is not None:
            await self._health.enter_graceful_shutdown()
            await self._server.stop(grace_s)
        self._front.close()

    def _credentials(self) -> Any:
        """TLS that requires a certificate of the caller."""
        return grpc.dynamic_ssl_server_credentials(_certificates(self._identity), self._news, True)

    def _news(self) -> Any:
        """gRPC calls this at every new connection, in a thread of its own. Gives certificates only if they are new.

        gRPC replaces its certificates by what it gets, even while another connection uses them, and the process then
        crashes (grpc/grpc#36693).
        """
        try:
            return _certificates(self._renewed.pop())
        except IndexError:
            return None


def _certificates(identity: TlsIdentity) -> Any:
    return grpc.ssl_server_certificate_configuration([(identity.key, identity.certificate)], identity.authority)


class _Trust:
    """The authorities that a caller's certificate may come from. gRPC checks this when a connection is made. It is
    checked here again once the authorities have changed, because older connections may still be open."""

    def __init__(self) -> None:
        self._authority = b""

    def only(self, authority: bytes) -> None:
        """From now on only these (PEM)."""
        self._authority = authority

    def covers(self, chain: Sequence[bytes]) -> bool:
        """Whether a caller's certificate, the first of `chain`, still holds."""
        return not self._authority or _holds_under(tuple(chain), self._authority)


_code_of = lru_cache(maxsize=1_000)(code_of)  # one certificate makes many calls
_holds_under = lru_cache(maxsize=1_000)(holds_under)


class _Handlers(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc has no types
    """Finds the function that answers a path: bytes in, bytes out."""

    def __init__(
        self,
        answer: Answerer,
        methods: Sequence[str],
        bare: Mapping[str, Callable[[bytes], bytes]],
        callers: _Callers,
    ) -> None:
        found: dict[str, Behaviour] = {path: _answering(answer, path, callers) for path in methods}
        found.update({path: _bare(echo) for path, echo in bare.items()})
        self._found = {path: grpc.unary_unary_rpc_method_handler(behaviour) for path, behaviour in found.items()}

    def service(self, handler_call_details: Any) -> Any:
        return self._found.get(handler_call_details.method)


def _bare(function: Callable[[bytes], bytes]) -> Behaviour:
    async def behave(payload: bytes, _: Any) -> bytes:
        return function(payload)

    return behave


class _TooManyCalls(Exception):
    """The caller already has its share of the calls under way."""


def _in_shares(answer: Answerer, share: int) -> Answerer:
    """`answer` for at most `share` calls of one caller at once, so that one caller leaves room for the others."""
    running: Counter[str] = Counter()

    def ended(result: T, caller: str) -> T:
        running[caller] -= 1
        return result

    def within_share(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        if running[caller] >= share:
            return fail(_TooManyCalls())
        running[caller] += 1
        return answer(caller, method, payload, left_s).addBoth(ended, caller)

    return within_share


def _answering(answer: Answerer, path: str, callers: _Callers) -> Behaviour:
    async def behave(payload: bytes, context: Any) -> bytes:
        caller = await callers.code_of(context)
        left_s = context.time_remaining()
        left_s = LONGEST_ANSWER_S if left_s is None else min(left_s, LONGEST_ANSWER_S)
        try:
            return await to_asyncio(answer(caller, path, payload, left_s))
        except NotPermitted as error:
            await _abort(context, grpc.StatusCode.PERMISSION_DENIED, str(error))
        except WireError as error:
            await _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except OverBudget as error:
            await _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except _TooManyCalls:
            await _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls of this library at once")
        except (PeerUnreachable, CancelledError):
            await _abort(context, grpc.StatusCode.UNAVAILABLE, "the library can't tell now")
        except Exception:  # noqa: BLE001 - whose text may hold anything: the answerer has logged it
            await _abort(context, grpc.StatusCode.INTERNAL, "an accident of the library")

    return behave


class _Callers:
    """Who calls, by the certificate of the connection."""

    def __init__(self, trust: _Trust, front: Front, turned_away: TurnedAwayHeard) -> None:
        self._trust = trust
        self._front = front
        self._turned_away = turned_away

    async def code_of(self, context: Any) -> str:
        """The library code in the certificate. Without one the call ends here."""
        port = _port(context)
        self._front.called(port)
        known = context.auth_context()
        leaf, chain = known.get("x509_pem_cert", (b"",)), known.get("x509_pem_cert_chain", ())
        if not self._trust.covers((bytes(leaf[0]), *(bytes(each) for each in chain))):
            self._turned_away(self._front.address(port), TurnedAway.CERTIFICATE_UNKNOWN_AUTHORITY)
            why = "the authority of the certificate is not trusted any more"
            await _abort(context, grpc.StatusCode.UNAUTHENTICATED, why)
        try:
            code = _code_of(bytes(leaf[0]))
        except CertificateError as error:
            self._turned_away(self._front.address(port), TurnedAway.CERTIFICATE_WITHOUT_CODE)
            await _abort(context, grpc.StatusCode.UNAUTHENTICATED, str(error))
        self._front.called(port, code)
        return code


def _port(context: Any) -> int:
    """Of the caller at the loopback, as gRPC writes it: "ipv4:127.0.0.1:5000"; 0 if it is written otherwise."""
    port = str(context.peer()).rpartition(":")[2]
    return int(port) if port.isascii() and port.isdigit() else 0


async def _abort(context: Any, code: Any, details: str) -> NoReturn:
    await context.abort(code, details)
    raise AssertionError("abort does not return")
