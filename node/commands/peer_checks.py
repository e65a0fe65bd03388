"""The checks of `tongjie check` that ask the other libraries: whether they can be reached, whether they know us, and
what time it is there. A peer that can't be reached is a warning, because its library may be closed.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from twisted.internet.defer import Deferred, gatherResults

from federation.calling import Transport
from federation.certificates import dns_name
from federation.clock import WallMs
from federation.contract import NotPermitted, PeerUnreachable
from federation.directory import LibraryEntry
from federation.methods import DELIVER, Envelope, decode_receipts, encode_notices
from federation.wire import WireError
from node.commands.checks import Check
from node.settings.library import NodeSettings

__all__ = ["peer_checks", "tls_problem"]

DeferToThread = Callable[..., "Deferred[str]"]

_ANSWER_WITHIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """`problem` "" if the peer answered; then its clock is `apart_s` ahead of ours, at the least."""

    entry: LibraryEntry
    problem: str
    apart_s: float = 0.0


async def peer_checks(
    settings: NodeSettings, transport: Transport, defer_to_thread: DeferToThread, wall_ms: WallMs
) -> list[Check]:
    """One line for each other library, and one for the clocks."""
    others = [each for each in settings.city.directory.libraries if each.code != settings.library]
    asked = [Deferred.fromCoroutine(_ask(each, settings, transport, defer_to_thread, wall_ms)) for each in others]
    answers = await gatherResults(asked)
    return [*(_peer_check(each) for each in answers), *_clock_checks(settings, answers)]


def _peer_check(answer: _Answer) -> Check:
    place = f"{answer.entry.host}:{answer.entry.port}"
    if answer.problem:
        return Check(f"peer {answer.entry.code}", "warning", f"{place} {answer.problem}")
    return Check(f"peer {answer.entry.code}", "ok", f"{place} answers, and its certificate holds")


def _clock_checks(settings: NodeSettings, answers: list[_Answer]) -> list[Check]:
    heard = [each for each in answers if not each.problem]
    limits, checks = settings.federation, []
    for each in heard:
        apart_s = abs(each.apart_s)
        if apart_s >= limits.clock_alarm_s:
            stops = apart_s >= limits.clock_stop_s
            why = f"the clock of {each.entry.code} is {apart_s:.1f} s {'ahead' if each.apart_s > 0 else 'behind'}"
            what = "nothing is lent between the two; " if stops else ""
            checks.append(Check("clock", "error" if stops else "warning", f"{why}; {what}set both by NTP"))
    if checks:
        return checks
    if not heard:
        return [Check("clock", "ok", "no other library answered, the clock was not compared")]
    return [Check("clock", "ok", f"agrees with {', '.join(each.entry.code for each in heard)}")]


async def _ask(
    entry: LibraryEntry,
    settings: NodeSettings,
    transport: Transport,
    defer_to_thread: DeferToThread,
    wall_ms: WallMs,
) -> _Answer:
    # first by hand: what a failed handshake says is clearer than what gRPC makes of it
    if problem := await defer_to_thread(tls_problem, entry, settings):
        return _Answer(entry, problem)
    sent_ms = wall_ms()
    nothing = encode_notices(Envelope(settings.library, 0, sent_ms), ())
    try:
        payload = await transport.call(entry.code, DELIVER, nothing, _ANSWER_WITHIN_S)
        envelope, _ = decode_receipts(payload, 0)
    except PeerUnreachable as error:
        return _Answer(entry, f"takes connections but does not answer ({error})")
    except NotPermitted as error:
        return _Answer(entry, f"does not take us for a member ({error}); compare the federation files")
    except WireError as error:
        return _Answer(entry, f"answers what can't be understood ({error}); compare the versions of tongjie")
    # the answer was sent between our two instants
    honest_ms = min(max(envelope.sent_at_ms, sent_ms), wall_ms())
    return _Answer(entry, "", (envelope.sent_at_ms - honest_ms) / 1000)


def tls_problem(entry: LibraryEntry, settings: NodeSettings) -> str:
    """What keeps us from a TLS connection with that library, as the end of a sentence; "" if nothing does."""
    try:
        with socket.create_connection((entry.host, entry.port), timeout=_ANSWER_WITHIN_S) as line:
            return _handshake_problem(line, entry, settings)
    except TimeoutError:
        return f"does not answer within {_ANSWER_WITHIN_S:.0f} s; is the line up, is a firewall between?"
    except socket.gaierror as error:
        return f"has a host name that nobody knows ({error.strerror}); correct `federation` in federation.toml"
    except OSError as error:
        return f"can't be reached ({error.strerror or error}); is its node running?"


def _handshake_problem(line: socket.socket, entry: LibraryEntry, settings: NodeSettings) -> str:
    own = settings.federation
    try:
        context = ssl.create_default_context(cafile=str(own.ca))
        context.load_cert_chain(own.certificate, own.key)
    except (ssl.SSLError, OSError) as error:
        return f"was not asked: our certificates can't be used ({error.strerror or error})"
    context.set_alpn_protocols(["h2"])
    try:
        with context.wrap_socket(line, server_hostname=dns_name(entry.code)) as secured:
            # whether our own certificate was taken shows only when something comes back
            return "" if secured.recv(1) else "closed the connection; does it know our authority?"
    except ssl.SSLCertVerificationError as error:
        return f"has a certificate that does not hold ({error.verify_message}); compare it with {own.ca}"
    except ssl.SSLError as error:
        return f"refuses the TLS connection ({error.reason or error}); compare the certificates of both"
    except ConnectionResetError:
        return "broke the TLS connection off; does it know our authority?"
