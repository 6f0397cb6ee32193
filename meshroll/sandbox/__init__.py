"""The embedded default: a whole hosted mesh on loopback, built from Go modules, run without root and without Docker.

`Sandbox(name)` is the door: `up`, `status`, `environment`, `logs`, `stop`, `start`, `down`, `clean`. Only the command
line imports it; nothing that a user runs against a real cluster does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meshroll.sandbox.home import Home
    from meshroll.sandbox.sandbox import Sandbox
    from meshroll.sandbox.supervisor import PartStatus, State

__all__ = ["Home", "PartStatus", "Sandbox", "State"]

# The parts that are Python programs live below this package: importing one of them must not load all of the above.
_HOMES = {"Home": "home", "PartStatus": "supervisor", "Sandbox": "sandbox", "State": "supervisor"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
