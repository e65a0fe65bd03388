"""Why another library does not answer, or gets no answer here: bounded words, what to do, for page, log, metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, TypeAlias


class Trouble(StrEnum):
    """Why the last call to a peer brought no usable answer: a label value of the metrics."""

    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_WRONG_NAME = "certificate_wrong_name"
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate_unknown_authority"
    NO_TLS = "no_tls"
    CLOSED_BY_PEER = "closed_by_peer"
    UNKNOWN_HOST = "unknown_host"
    NOT_REACHABLE = "not_reachable"
    NO_ANSWER = "no_answer"
    CAN_NOT_TELL = "can_not_tell"
    ACCIDENT = "accident"
    NOT_PERMITTED = "not_permitted"
    NOT_UNDERSTOOD = "not_understood"


WORDS: Final[Mapping[Trouble, str]] = {
    Trouble.CERTIFICATE_EXPIRED: "its certificate, or that of its authority, has expired: it must renew it",
    Trouble.CERTIFICATE_NOT_YET_VALID: "its certificate is not valid yet: compare the clocks of both",
    Trouble.CERTIFICATE_WRONG_NAME: "its certificate names another library: check its address in federation.toml",
    Trouble.CERTIFICATE_UNKNOWN_AUTHORITY: "its certificate is from an authority that is not in our file `ca`",
    Trouble.NO_TLS: "the TLS connection fails: does another program listen at its address?",
    Trouble.CLOSED_BY_PEER: "it closes the connection: is our certificate expired, or its authority unknown there?",
    Trouble.UNKNOWN_HOST: "nobody knows its host name: check its address in federation.toml",
    Trouble.NOT_REACHABLE: "nothing listens at its address, or no way leads there: does its node run, is the line up?",
    Trouble.NO_ANSWER: "no answer in time: is the line up, does a firewall swallow the connection?",
    Trouble.CAN_NOT_TELL: "it says that it can't tell now: see its log",
    Trouble.ACCIDENT: "it had an accident: see its log",
    Trouble.NOT_PERMITTED: "it answers that we may not ask: compare federation.toml and the certificates of both",
    Trouble.NOT_UNDERSTOOD: "its answers can't be read: compare the versions of tongjie",
}
"""What it means and what to do, as the end of a sentence about the peer."""


class TurnedAway(StrEnum):
    """Why whoever connected to this node got no answer: a label value of the metrics."""

    MADE_NO_CALL = "made_no_call"
    CERTIFICATE_WITHOUT_CODE = "certificate_without_code"
    CERTIFICATE_UNKNOWN_AUTHORITY = "certificate_unknown_authority"
    CERTIFICATE_WRONG_NAME = "certificate_wrong_name"
    NOT_A_MEMBER = "not_a_member"


TurnedAwayHeard: TypeAlias = Callable[[str, TurnedAway], None]
"""`(who, why)`: the library that the certificate names, or the address if it names none."""

TURNED_AWAY: Final[Mapping[TurnedAway, str]] = {
    TurnedAway.MADE_NO_CALL: "connected and asked nothing: its certificate was refused (expired, not yet valid, from "
    "an authority that is not in our file `ca`), or it is no library; the line `Handshake failed` beside this has more",
    TurnedAway.CERTIFICATE_WITHOUT_CODE: "its certificate does not name one library: it must have exactly one DNS "
    "name, its code in lower case",
    TurnedAway.CERTIFICATE_UNKNOWN_AUTHORITY: "its certificate is from an authority that is no longer in our file `ca`",
    TurnedAway.CERTIFICATE_WRONG_NAME: "it says that it is another library than its certificate names: it must put its "
    "own certificate in place",
    TurnedAway.NOT_A_MEMBER: "its certificate names a library that is not in our federation.toml: compare the files",
}
"""What it means and what to do, as the end of a sentence about the caller."""

# The first that occurs in what gRPC says (1.6x and 1.7x; seen in tests/federation/test_troubles.py).
_SIGNS: Final = (
    ("certificate has expired", Trouble.CERTIFICATE_EXPIRED),
    ("certificate is not yet valid", Trouble.CERTIFICATE_NOT_YET_VALID),
    ("Hostname Verification Check failed", Trouble.CERTIFICATE_WRONG_NAME),
    ("CERTIFICATE_VERIFY_FAILED", Trouble.CERTIFICATE_UNKNOWN_AUTHORITY),
    ("TSI_PROTOCOL_FAILURE", Trouble.NO_TLS),
    ("WRONG_VERSION_NUMBER", Trouble.NO_TLS),
    ("Socket closed", Trouble.CLOSED_BY_PEER),
    ("Connection reset", Trouble.CLOSED_BY_PEER),
    ("Domain name not found", Trouble.UNKNOWN_HOST),
    ("hostname lookup error", Trouble.UNKNOWN_HOST),
    ("DEADLINE_EXCEEDED", Trouble.NO_ANSWER),
    ("Handshake read failed", Trouble.NO_ANSWER),
    ("INTERNAL", Trouble.ACCIDENT),
    ("RESOURCE_EXHAUSTED", Trouble.CAN_NOT_TELL),
    ("can't tell now", Trouble.CAN_NOT_TELL),
    ("failed to connect", Trouble.NOT_REACHABLE),
    ("UNAVAILABLE", Trouble.NOT_REACHABLE),
)


def trouble_of(why: str) -> Trouble:
    """From the text of a `PeerUnreachable`."""
    return next((trouble for sign, trouble in _SIGNS if sign in why), Trouble.NO_ANSWER)
