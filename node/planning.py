"""From the settings to the plan of a library, at the start and again when they are re-read."""

from __future__ import annotations

from ipaddress import ip_network

from federation.directory import Directory
from node.domain.keeping import Keep
from node.kiosk.edge import Door, Limits
from node.kiosk.terminal import Network, Terminal
from node.plan import Plan
from node.service.delivery.backlog import BacklogLimits
from node.settings.library import ListenerSettings, NodeSettings, Sip2Settings, TerminalSettings
from sip2 import NAMED

RELOADED = frozenset(
    (
        *("idle_timeout_s", "login_timeout_s", "message_timeout_s", "max_connections", "max_connections_per_address"),
        "damaged_in_a_row",
    )
)
"""Keys of `[sip2]` that are followed without a restart."""
FOLLOWED = frozenset(("allow", "proxy_from", "login_required", "dialect", "keepalive_s"))
"""Keys of `[[sip2.listener]]` that are followed by whoever connects next."""
CITY_KEYS = {"gate_grace_s": "gate_grace_s", "rule_rows": "[[rule]]", "area_rows": "[[area]]"}
"""What of federation.toml is not followed; libraries and groups are."""
ANSWER_GUARD_S = 4.0
"""How much later than `answer_within_s` the edge itself gives up on the desk."""


def plan_of(settings: NodeSettings) -> Plan:
    """The settings as the core needs them."""
    sip2, between, city, keep = settings.sip2, settings.federation, settings.city, settings.keep
    return Plan(
        library=settings.library,
        library_name=settings.library_name,
        # one of its own: it follows changed settings, and these stay what the node was started with
        directory=Directory(city.directory.libraries, city.directory.groups),
        rule_book=city.rule_book,
        areas=city.areas,
        terminals=terminals_of(settings),
        gate_grace_s=city.gate_grace_s,
        login_required=sip2.login_required,
        not_on_loan_ok=sip2.not_on_loan_ok,
        offline_ok=sip2.offline_ok,
        answer_within_s=sip2.answer_within_s,
        return_wait_s=between.return_wait_s,
        repeat_window_s=sip2.repeat_window_s,
        limits=limits_of(sip2),
        timeout_tenths=sip2.timeout_tenths,
        retries=sip2.retries,
        clock_alarm_s=between.clock_alarm_s,
        clock_stop_s=between.clock_stop_s,
        probe_quiet_s=between.probe_quiet_s,
        outbox_first_retry_s=between.outbox_first_retry_s,
        outbox_max_retry_s=between.outbox_max_retry_s,
        outbox_limits=BacklogLimits(between.outbox_alarm_s, between.outbox_alarm_notices),
        keep=Keep(keep.operations_days, keep.loan_history_days, keep.exceptions_days),
    )


def limits_of(sip2: Sip2Settings) -> Limits:
    return Limits(
        idle_timeout_s=sip2.idle_timeout_s,
        login_timeout_s=sip2.login_timeout_s,
        frame_timeout_s=sip2.message_timeout_s,
        answer_guard_s=sip2.answer_within_s + ANSWER_GUARD_S,
        damaged_in_a_row=sip2.damaged_in_a_row,
        max_connections=sip2.max_connections,
        per_address=sip2.max_connections_per_address,
    )


def terminals_of(settings: NodeSettings) -> dict[str, Terminal]:
    return {each.login: terminal_of(each) for each in settings.terminals}


def terminal_of(settings: TerminalSettings) -> Terminal:
    """As the edge knows it."""
    return Terminal(
        login=settings.login,
        kind=settings.kind,
        location=settings.location,
        area=settings.area,
        dialect=settings.composed_dialect(),
        pin=settings.pin,
        language=settings.language,
        password_hash=settings.password_hash,
        certificate=settings.certificate,
        addresses=networks_of(settings.address),
        sessions=settings.sessions,
        may_enable=settings.kind == "staff" if settings.may_enable is None else settings.may_enable,
        may_also=frozenset(settings.may_also),
        may_not=frozenset(settings.may_not),
        may_take_payment=settings.may_take_payment,
        renew_on_checkout=settings.renew_on_checkout,
        tells_return_date=settings.believes_return_date,
    )


def door_of(settings: ListenerSettings) -> Door:
    return Door(
        allow=networks_of(settings.allow),
        login_required=settings.login_required,
        dialect=NAMED[settings.dialect],
        keepalive_s=settings.keepalive_s,
        tls=settings.tls,
        balancers=networks_of(settings.proxy_from),
    )


def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(each) for each in texts)


def needs_restart(old: NodeSettings, new: NodeSettings) -> list[str]:
    """The keys that have changed and are not followed before the next start."""
    changed = [
        name
        for name in type(old).model_fields
        if name not in ("sip2", "terminals") and getattr(old, name) != getattr(new, name)
    ]
    changed += [
        f"sip2.{name}"
        for name in type(old.sip2).model_fields
        if name not in (*RELOADED, "listeners") and getattr(old.sip2, name) != getattr(new.sip2, name)
    ]
    if [_bound(each) for each in old.sip2.listeners] != [_bound(each) for each in new.sip2.listeners]:
        changed.append("sip2.listener")
    return changed + [
        f"federation.toml {key}"
        for name, key in CITY_KEYS.items()
        if getattr(old.city, name) != getattr(new.city, name)
    ]


def _bound(listener: ListenerSettings) -> tuple[object, ...]:
    """What of a listener is fixed while its port is open."""
    return tuple(getattr(listener, name) for name in type(listener).model_fields if name not in FOLLOWED)
