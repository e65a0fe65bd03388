"""Changed settings are followed while the node serves: no session is dropped, no call between libraries is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from federation import certificates
from federation.certificates import CertificateError, TlsIdentity
from federation.clock import WallMs
from federation.transport.channels import GrpcTransport
from federation.transport.server import GrpcServer
from node.core import Core
from node.doors import Doors
from node.observe.logs import JsonLog
from node.planning import limits_of, needs_restart, terminals_of
from node.settings.library import FederationSettings, NodeSettings, SettingsError


class CertificatesInUse:
    """Those between the libraries: `identity` is what both directions use now."""

    def __init__(self, identity: TlsIdentity, server: GrpcServer, transport: GrpcTransport) -> None:
        self._identity = identity
        self._server = server
        self._transport = transport

    def expiring(self) -> Iterator[tuple[str, int]]:
        """Which, and when it expires (ms since 1970)."""
        yield "federation", certificates.expires_at_ms(self._identity.certificate)
        yield "authority", certificates.expires_at_ms(self._identity.authority)

    def ask_anew(self) -> None:
        """Addresses have changed: every call from now on goes to the new ones."""
        self._transport.reload(self._identity)

    def renew(self, settings: FederationSettings, library: str, now: datetime) -> tuple[bool, list[str]]:
        """Whether there were others to take into use, and what is wrong with them if they can't be. Calls under way
        go on."""
        try:
            identity = TlsIdentity.load(settings.certificate, settings.key, settings.ca)
        except CertificateError as error:
            return False, [str(error)]
        problems = list(certificates.check(identity, library, now, soon_days=0))
        if problems or identity == self._identity:
            return False, problems
        self._identity = identity
        self._server.reload(identity)
        self._transport.reload(identity)
        return True, []


class Reloading:
    """Follows what may change of the settings that a node was started with; it logs what has to wait for a restart."""

    def __init__(
        self,
        started_with: NodeSettings,
        core: Core,
        doors: Doors,
        certificates_in_use: CertificatesInUse,
        *,
        wall_ms: WallMs,
        log: JsonLog,
    ) -> None:
        self._started_with = started_with
        self._core = core
        self._doors = doors
        self._certificates = certificates_in_use
        self._wall_ms = wall_ms
        self._log = log

    def follow(self, read: Callable[[], NodeSettings]) -> None:
        """Terminals, their switches, limits, certificates. What is wrong leaves everything as it was, and is logged."""
        try:
            settings = read()
        except SettingsError as error:
            self._log.error("settings_refused", what=str(error), fields={})
            return
        self._doors.follow(settings.sip2.listeners)
        self._renew_certificates(settings)
        self._core.kiosks.edge.limits = limits_of(settings.sip2)
        self._core.terminals.replace(terminals_of(settings))
        self._core.metrics.know_terminals(self._core.terminals)
        self._follow_directory(settings)
        later = needs_restart(self._started_with, settings)
        if later:
            what = f"changed, and followed at the next start: {', '.join(later)}"
            self._log.error("restart_needed", what=what, fields={})
        self._log.event("settings_read", count=len(self._core.terminals))

    def _follow_directory(self, settings: NodeSettings) -> None:
        """Libraries and groups of federation.toml."""
        known, told = self._core.plan.directory, settings.city.directory
        if (known.libraries, known.groups) == (told.libraries, told.groups):
            return
        known.follow(told)
        joined, left = self._core.links.follow(told.codes)
        self._core.metrics.know_peers(joined)
        self._certificates.ask_anew()
        for code in joined:
            self._log.event("library_joined", peer=code)
        for code in left:
            self._log.event("library_left", peer=code)

    def _renew_certificates(self, settings: NodeSettings) -> None:
        at_the_doors = tuple(self._doors.read_again())
        now = datetime.fromtimestamp(self._wall_ms() / 1000, UTC)
        renewed, between = self._certificates.renew(settings.federation, settings.library, now)
        if renewed:
            self._log.event("certificates_renewed")
        for why in (*at_the_doors, *between):
            self._log.error("certificate_refused", what=why, fields={})
