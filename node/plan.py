"""What a library is composed of: a plan, which is what the settings say, and the means that its process hands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred

from federation.calling import Transport
from federation.clock import Clock, WallMs
from federation.directory import AreaEntry, Directory
from node.domain.keeping import Keep
from node.domain.rules import RuleBook
from node.kiosk.edge import Limits
from node.kiosk.terminal import Terminal
from node.observe.logs import EventLog
from node.observe.metrics import Metrics
from node.service.delivery.backlog import BacklogLimits
from node.service.delivery.courier import Chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the settings say, as the core needs it. Durations in seconds."""

    library: str
    library_name: str
    directory: Directory
    rule_book: RuleBook
    areas: Mapping[str, AreaEntry]
    terminals: Mapping[str, Terminal]
    gate_grace_s: float = 86400.0
    login_required: bool = True
    not_on_loan_ok: bool = True
    offline_ok: bool = False
    answer_within_s: float = 4.0
    gate_within_s: float = 1.5
    return_wait_s: float = 1.5
    repeat_window_s: float = 60.0
    limits: Limits = field(default_factory=Limits)
    timeout_tenths: int = 100
    retries: int = 3
    clock_alarm_s: float = 5.0
    clock_stop_s: float = 60.0
    probe_every_s: float = 2.0
    probe_quiet_s: float = 0.0
    outbox_first_retry_s: float = 5.0
    outbox_max_retry_s: float = 900.0
    outbox_limits: BacklogLimits = field(default_factory=BacklogLimits)
    keep: Keep = field(default_factory=Keep)


class SecretVerifier(Protocol):
    """Checks a PIN or a password against its hash, off the reactor's thread."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Time, chance, the line to the others, and where to report. `pins` and `passwords` are verified apart: a flood
    of logins must not keep readers waiting. `secret`: something that is not in the database; b"" if there is none."""

    transport: Transport
    clock: Clock
    wall_ms: WallMs
    rng: Chance
    pins: SecretVerifier
    passwords: SecretVerifier
    metrics: Metrics
    log: EventLog
    secret: bytes = field(default=b"", repr=False)
