"""Settings of all tests: none depends on how fast its machine is, which language it speaks, or what else
runs there."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# commands speak the language of the environment; it names none here
os.environ["LC_ALL"] = "C.UTF-8"

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
