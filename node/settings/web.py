"""The settings of the pages for people: where they are reached, by whom, and how long a session lasts."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from node.settings.model import FilePath, Filled, Networks, Settings
from node.settings.toml_file import Problem

__all__ = ["WebListenerSettings", "WebSettings", "web_problems"]


def _audience(value: tuple[str, ...]) -> tuple[str, ...]:
    if "staff" in value and len(value) > 1:
        raise ValueError('the staff\'s pages have a port of their own; write ["staff"], or ["school", "reader"]')
    return value


class WebListenerSettings(Settings):
    """A port for browsers: with TLS, or behind a named proxy that speaks TLS, or for this machine alone."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen at.")
    port: int = Field(ge=0, le=65535, description="TCP port; 0 lets the system choose.")
    certificate: FilePath | None = Field(None, description="Certificate and chain for TLS (PEM); read at SIGHUP.")
    key: FilePath | None = Field(None, description="Private key of the certificate (PEM).")
    proxy_from: Networks = Field(
        (), description="Addresses of the proxy in front; only it may connect, and its X-Forwarded-For is believed."
    )
    audience: Annotated[tuple[Literal["staff", "school", "reader"], ...], Filled, AfterValidator(_audience)] = Field(
        description='Whose pages: ["staff"], or ["school", "reader"] at the door to the street.'
    )

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine reaches it."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class WebSettings(Settings):
    """Pages for people. Without a listener there are none."""

    idle_timeout_s: int = Field(1800, ge=60, le=86_400, description="A session without a click ends after this.")
    session_max_s: int = Field(43_200, ge=300, le=604_800, description="A session ends after this in any case.")
    listeners: tuple[WebListenerSettings, ...] = Field((), alias="listener", description="Ports for browsers.")


def web_problems(web: WebSettings) -> Iterator[Problem]:
    """What is wrong beyond single values."""
    for index, each in enumerate(web.listeners):
        at = ("web", "listener", index)
        if (each.certificate is None) != (each.key is None):
            missing = "certificate" if each.certificate is None else "key"
            yield Problem((*at, missing), "missing; TLS needs it")
        elif each.certificate is None and not each.proxy_from and not each.is_loopback:
            why = "missing; others than this machine are served over TLS only, or through the proxy of proxy_from"
            yield Problem((*at, "certificate"), why)
    if web.session_max_s < web.idle_timeout_s:
        yield Problem(("web", "session_max_s"), "less than idle_timeout_s; a session may be idle that long")
